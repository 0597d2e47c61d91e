"""Dispatch of commands to the handlers of the functional blocks."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from mock_csms.messages import CallRejected, ErrorCode, JsonObject
from mock_csms.ocppj.routes import Route, payload_of, routes_of
from mock_csms.versions import OcppVersion

NOT_KNOWN: Final = "no such action in OCPP 2.0.1"
NOT_A_COMMAND: Final = "stations send this action but do not handle it"


@cache
def class_routes(block: type[Any], version: OcppVersion) -> Mapping[str, Route]:
    """Return a route to each ``@on`` method of the class of a functional block, by action.

    All stations share the routes of a class, because making the routes takes milliseconds.
    """
    return routes_of(block, version, {})


class Dispatcher:
    """Answers commands by calling the ``@on`` methods of the functional blocks."""

    def __init__(self, version: OcppVersion, blocks: Iterable[Any]) -> None:
        self._version = version
        self._routes: dict[str, tuple[object, Route]] = {
            action: (block, handling)
            for block in blocks
            for action, handling in class_routes(block.__class__, version).items()
        }

    def answer(self, action: str, payload: JsonObject) -> JsonObject:
        """Carry out a command and return the payload of its CALLRESULT.

        Raises CallRejected if the answer must be a CALLERROR (OCPP-J 4.3).
        """
        if action not in self._version.actions:
            raise CallRejected(ErrorCode.NOT_IMPLEMENTED, NOT_KNOWN)
        if action not in self._routes:
            raise CallRejected(ErrorCode.NOT_SUPPORTED, NOT_A_COMMAND)
        block, handling = self._routes[action]
        if violation := handling.request.violation(payload):
            raise CallRejected(violation.code, violation.description)
        arguments = {name: payload.get(json_name) for json_name, name in handling.arguments}
        return payload_of(handling.handler(block, **arguments))
