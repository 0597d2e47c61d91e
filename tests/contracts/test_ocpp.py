"""Undocumented names of ocpp that mock_csms/private_api/ocpp.py uses."""

import json
from dataclasses import fields
from importlib import import_module

import pytest
from ocpp.routing import create_route_map, on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action

from mock_csms.private_api import ocpp as private_api

SENTENCE = "An upgrade of `ocpp` changed {}: see mock_csms/private_api/ocpp.py."


class ChargePoint:
    """A class with one handler; `create_route_map` needs no base class."""

    def on_heartbeat(self) -> call_result.Heartbeat:
        return call_result.Heartbeat(current_time="now")

    handler = on_heartbeat
    on_heartbeat = on(Action.heartbeat)(on_heartbeat)


def upgrade_message(name: str) -> str:
    return SENTENCE.format(name)


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("vendor_id", "vendorId"),
        ("reason", "reason"),
        ("response_url", "responseURL"),
        ("ocpp_csms_url", "ocppCsmsUrl"),
        ("state_of_charge", "stateOfCharge"),
        ("evse_id", "evseId"),
    ],
)
def test_snake_to_camel_case_spells_names_as_the_specification(name: str, spelled: str) -> None:
    assert private_api.camel_case(name) == spelled, upgrade_message(
        "the spelling of a name by `snake_to_camel_case`"
    )


def test_snake_to_camel_case_spells_payload_fields_as_their_schemas() -> None:
    folder = private_api.schema_folder("v201")
    for module, kind in ((call, "Request"), (call_result, "Response")):
        for action in Action:
            schema = json.loads((folder / f"{action}{kind}.json").read_text())
            names = {private_api.camel_case(field.name) for field in fields(getattr(module, action))}
            assert names == set(schema.get("properties", {})), upgrade_message(
                f"`snake_to_camel_case`, the fields or the schema of {action}{kind}"
            )


def test_on_action_is_the_handler_in_the_route_map() -> None:
    routes = create_route_map(ChargePoint)
    assert list(routes) == [Action.heartbeat], upgrade_message("the keys that `create_route_map` returns")
    assert "_on_action" in routes[Action.heartbeat], upgrade_message("the key `_on_action` of a route map")


def test_wrapped_is_the_undecorated_handler() -> None:
    handler = create_route_map(ChargePoint)[Action.heartbeat].get("_on_action")
    assert hasattr(handler, "__wrapped__"), upgrade_message("the `__wrapped__` of a handler that `@on` marks")
    assert private_api.handlers(ChargePoint) == {"Heartbeat": ChargePoint.handler}, upgrade_message(
        "the function in `__wrapped__` of a handler"
    )


@pytest.mark.parametrize("version", ["v16", "v201", "v21"])
def test_schema_folder_has_the_schemas_of_every_action(version: str) -> None:
    folder = private_api.schema_folder(version)
    assert folder.is_dir(), upgrade_message(f"the folder of the schemas of {version}")
    actions = [str(action) for action in import_module(f"ocpp.{version}.enums").Action]
    files = {path.name for path in folder.glob("*.json")}
    request, response = ("", "Response") if version == "v16" else ("Request", "Response")
    missing = {f"{action}{kind}.json" for action in actions for kind in (request, response)} - files
    assert not missing, upgrade_message(f"the names of the schema files of {version}")
