"""Steps with variables of the station that several cases share."""

from collections.abc import Mapping
from typing import Any

from mock_csms.certify.case_run import CaseRun


async def sets_variable(
    run: CaseRun, variable: Mapping[str, Any], value: str, expect: str | set[str] = "Accepted"
) -> str:
    """Set one variable; ``variable`` names it as in SetVariableData. Return the status of the result."""
    answer = await run.csms.sends(
        "SetVariables",
        {"setVariableData": [{**variable, "attributeValue": value}]},
        expect={"setVariableResult": {0: {"attributeStatus": expect}}},
    )
    return str(answer["setVariableResult"][0]["attributeStatus"])
