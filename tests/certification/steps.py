"""Steps that several cases share."""

from typing import Any

import httpx

from tests.support.control import send_command
from tests.support.station import Station


async def boots_and_reports_connectors(station: Station) -> bool:
    """Boot a station and report its connectors; return whether the boot is accepted.

    A CALLERROR to any of these messages raises.
    """
    boot = await station.boot()
    await station.status()
    await station.availability()
    return bool(boot.status == "Accepted")


def set_variable_item(component: str, variable: str, value: str) -> dict[str, Any]:
    """An item of a SetVariables."""
    return {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}


async def result_of(
    client: httpx.AsyncClient, action: str, payload: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Send CS1 a command, by default with the payload that fits it; return the payload of the answer."""
    members = {} if payload is None else {"payload": payload}
    answer = await send_command(client, "CS1", action, **members)
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] == "result"
    payload_of_answer: dict[str, Any] = answer.json()["payload"]
    return payload_of_answer
