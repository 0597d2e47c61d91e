"""From an action to its handler, and from the arguments and answers of handlers to OCPP JSON."""

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
"""Called with the session, the CALL and the payload of its CALLRESULT once that is sent."""


@dataclass(frozen=True, slots=True)
class Route:
    """The handler of an action, with what is needed to call it and to check its answer."""

    handler: Callable[..., Any]
    arguments: tuple[tuple[str, str], ...]
    """Properties of the payload that the handler takes, each with the name of its parameter."""
    request: Schema
    response: Schema
    follow_up: FollowUp | None


def route(
    version: OcppVersion, action: str, handler: Callable[..., Any], follow_up: FollowUp | None = None
) -> Route:
    """Route to a handler; its parameters after the session name the properties it takes, in snake_case."""
    _, *names = signature(handler).parameters
    arguments = tuple((CAMEL_CASE[name], name) for name in names)
    return Route(handler, arguments, version.request(action), version.response(action), follow_up)


def routes_of(
    charge_point: type[Any], version: OcppVersion, follow_ups: Mapping[str, FollowUp]
) -> dict[str, Route]:
    """Make the routes to the handlers of a class, which are marked with ``@on``."""
    return {
        action: route(version, action, handler, follow_ups.get(action))
        for action, handler in handlers(charge_point).items()
    }


class Decoders(dict[bytes, Decoder | None]):
    """Decoders of valid CALLs by action, each made when the first CALL of its action arrives."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        super().__init__()
        self._routes = routes

    def __missing__(self, action: bytes) -> Decoder | None:
        """Make a decoder; None for an action without a route, or whose schema cannot be read now."""
        name = action.decode()
        if (known := self._routes.get(name)) is None:
            return None
        try:
            content = known.request.content
        except OSError:  # the validator meets the same error, and the CALL is answered with it
            return None
        self[action] = made = decoder(name, content)
        return made


class CamelCase(dict[str, str]):
    """Names in OCPP JSON by the names of fields of `call` and `call_result`, filled as they are needed."""

    def __missing__(self, name: str) -> str:
        """Convert a name."""
        self[name] = converted = camel_case(name)
        return converted


CAMEL_CASE: Final = CamelCase()


def payload_of(message: Any) -> JsonObject:
    """Convert a `call` or `call_result` object to JSON; values inside its fields are OCPP JSON already."""
    return {CAMEL_CASE[name]: value for name, value in vars(message).items() if value is not None}
