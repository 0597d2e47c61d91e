"""Undocumented names of `ocpp` that this project uses.

- ``snake_to_camel_case``: the spelling of payload fields in JSON.
- ``_on_action`` in the map that ``create_route_map`` returns, and ``__wrapped__`` of the handler in it.
- the folders ``vNNN/schemas`` with the JSON schemas.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ocpp
from ocpp.charge_point import snake_to_camel_case
from ocpp.routing import create_route_map


def camel_case(name: str) -> str:
    """Convert a field name of `call` or `call_result` to its spelling in OCPP JSON."""
    return str(next(iter(snake_to_camel_case({name: None}))))


def schema_folder(version: str) -> Path:
    """Folder of the JSON schemas of a version: ``v201`` for OCPP 2.0.1."""
    return Path(ocpp.__file__).parent / version / "schemas"


def handlers(charge_point: type[Any]) -> Mapping[str, Callable[..., Any]]:
    """Functions of a class that are marked with ``@on``, without their decorator, by action."""
    routes = create_route_map(charge_point)
    return {
        str(action): route["_on_action"].__wrapped__
        for action, route in routes.items()
        if "_on_action" in route
    }
