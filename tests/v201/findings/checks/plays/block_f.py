"""Remote control."""

from collections.abc import Mapping

from tests.support.observed_station import TOKEN, ObservedStation
from tests.v201.findings.checks.scenes import Scene


def set_variables(observed: ObservedStation, values: Mapping[str, str]) -> None:
    """Set variables, named as ``Component.Variable``."""
    items = [
        {
            "component": {"name": name.split(".")[0]},
            "variable": {"name": name.split(".")[1]},
            "attributeValue": value,
        }
        for name, value in values.items()
    ]
    observed.command("SetVariables", {"setVariableData": items})


def start_remotely(observed: ObservedStation, *, evse_id: int = 1) -> None:
    request = {"remoteStartId": 9, "idToken": TOKEN, "evseId": evse_id}
    observed.command("RequestStartTransaction", request)
    observed.advance(2)


def start_with_authorization(observed: ObservedStation) -> None:
    set_variables(
        observed,
        {
            "AuthCtrlr.AuthorizeRemoteStart": "true",
            "AuthCtrlr.LocalPreAuthorize": "false",
            "TxCtrlr.TxStartPoint": "Authorized",
        },
    )
    start_remotely(observed)


SCENES = {
    "remote-start-not-authorized": Scene(start_with_authorization),
    "remote-start-token-wrong": Scene(start_remotely),
}
