"""Reports of variables, and commands that read and set variables, with their answers."""

from collections.abc import Iterable

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, report

CHARACTERISTICS = {"dataType": "string", "supportsMonitoring": False}


def item(component: JsonObject, variable: str, instance: str = "", **fields: object) -> JsonObject:
    """Return a variable of a report; ``fields`` are its characteristics."""
    named = {"name": variable, "instance": instance} if instance else {"name": variable}
    attributes = fields.pop("attributes", [{"value": "1"}])
    return {
        "component": component,
        "variable": named,
        "variableAttribute": attributes,
        "variableCharacteristics": {**CHARACTERISTICS, **fields},
    }


def take_inventory(talk: Talk, items: Iterable[JsonObject], request_id: int = 90) -> None:
    """Report these variables of the station in a FullInventory."""
    talk.command("GetBaseReport", {"requestId": request_id, "reportBase": "FullInventory"})
    talk.call("NotifyReport", {**report(0, request_id=request_id), "reportData": list(items)})


def read(talk: Talk, items: list[JsonObject], *results: JsonObject) -> None:
    """Send a GetVariables for ``items``; ``results`` has the fields of the station's answer to each item."""
    message_id = talk.send_command("GetVariables", {"getVariableData": items})
    answer = [_typed(one) | rest for one, rest in zip(items, results, strict=True)]
    talk.answer_command(message_id, "GetVariables", {"getVariableResult": answer})


def set_values(talk: Talk, items: list[JsonObject], *statuses: str) -> None:
    """Send a SetVariables for ``items``, with their attributeValue; the station answers with ``statuses``."""
    message_id = talk.send_command("SetVariables", {"setVariableData": items})
    answer = [
        {name: value for name, value in _typed(one).items() if name != "attributeValue"}
        | {"attributeStatus": status}
        for one, status in zip(items, statuses, strict=True)
    ]
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": answer})


def _typed(one: JsonObject) -> JsonObject:
    return {"attributeType": "Actual", **one}
