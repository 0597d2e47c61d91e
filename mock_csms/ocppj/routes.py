"""Routes from actions to handlers; conversion between the Python names in handlers and OCPP JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final

from mock_csms.messages import Call, Decoder, JsonObject
from mock_csms.private_api.ocpp import camel_case, handlers
from mock_csms.schema.structs import decoder
from mock_csms.schema.validation import Schema
from mock_csms.versions import OcppVersion

type FollowUp = Callable[[Any, Call, JsonObject], None]
"""Called after a CALLRESULT is sent, with the session, the CALL and the payload of the CALLRESULT."""


@dataclass(frozen=True, slots=True)
class Route:
    """The handler of an action, with its arguments, the schemas to check and an optional follow-up."""

    handler: Callable[..., Any]
    arguments: tuple[tuple[str, str], ...]
    """Pairs of a payload property and the handler parameter that takes it."""
    request: Schema
    response: Schema
    follow_up: FollowUp | None


def route(
    version: OcppVersion, action: str, handler: Callable[..., Any], follow_up: FollowUp | None = None
) -> Route:
    """Make the route to a handler. Its parameters after the session are property names in snake_case."""
    _, *names = signature(handler).parameters
    arguments = tuple((CAMEL_CASE[name], name) for name in names)
    return Route(handler, arguments, version.request(action), version.response(action), follow_up)


def routes_of(
    charge_point: type[Any], version: OcppVersion, follow_ups: Mapping[str, FollowUp]
) -> dict[str, Route]:
    """Make the routes to all handlers of a class that are marked with ``@on``."""
    return {
        action: route(version, action, handler, follow_ups.get(action))
        for action, handler in handlers(charge_point).items()
    }


class Decoders(dict[bytes, Decoder | None]):
    """Decoders of valid CALLs by action.

    Each is made when the first CALL with its action arrives; making all of them at the start would take about
    0.1 s.
    """

    def __init__(self, routes: Mapping[str, Route]) -> None:
        super().__init__()
        self._routes = routes

    def __missing__(self, action: bytes) -> Decoder | None:
        """Make a decoder; None for an action without a route or with an unreadable schema file."""
        name = action.decode()
        if (route_of_action := self._routes.get(name)) is None:
            return None
        try:
            content = route_of_action.request.content
        except OSError:  # validation fails with the same error, so that the CALL gets InternalError
            return None
        self[action] = action_decoder = decoder(name, content)
        return action_decoder


class CamelCase(dict[str, str]):
    """OCPP JSON names by the field names of `call` and `call_result`. They are cached: a conversion takes
    20 µs.
    """

    def __missing__(self, name: str) -> str:
        """Convert a name and keep the result."""
        self[name] = json_name = camel_case(name)
        return json_name


CAMEL_CASE: Final = CamelCase()


def payload_of(message: Any) -> JsonObject:
    """Convert a `call` or `call_result` object to JSON. The values of its fields are already OCPP JSON."""
    return {CAMEL_CASE[name]: value for name, value in vars(message).items() if value is not None}
