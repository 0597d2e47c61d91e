"""From an action to what answers it, and from the arguments and answers of handlers to OCPP JSON."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final, Protocol

from mock_csms.behaviour.rules import Hit
from mock_csms.journal.recorder import Recorder
from mock_csms.messages import Call, JsonObject, Reader
from mock_csms.private_api.ocpp import camel_case
from mock_csms.schema.structs import reader
from mock_csms.schema.validation import Schema
from mock_csms.settings import Validation
from mock_csms.v201.version import OCPP_2_0_1
from mock_csms.versions import OcppVersion

type Consequence = Callable[[Any, Call, JsonObject], None]
"""Is told of the endpoint, the CALL and the answer."""


@dataclass(frozen=True, slots=True)
class Route:
    """The handler of an action, the fields it asks for with the arguments they become, and the schemas."""

    handler: Callable[..., Any]
    arguments: tuple[tuple[str, str], ...]
    request: Schema
    response: Schema
    consequence: Consequence | None


def route(action: str, handler: Callable[..., Any], consequence: Consequence | None = None) -> Route:
    """Route to a handler whose parameters, after the endpoint, name the fields it wants in snake_case."""
    _, *names = signature(handler).parameters
    arguments = tuple((CAMEL_CASE[name], name) for name in names)
    request, response = OCPP_2_0_1.request(action), OCPP_2_0_1.response(action)
    return Route(handler, arguments, request, response, consequence)


class Readers(dict[bytes, Reader | None]):
    """What reads the CALLs of each action that is routed, made when the first comes."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        super().__init__()
        self._routes = routes

    def __missing__(self, action: bytes) -> Reader | None:
        """Make a reader; None for an action that nobody answers."""
        name = action.decode()
        if (route := self._routes.get(name)) is None:
            return None
        self[action] = made = reader(name, route.request.content)
        return made


class Endpoint(Protocol):
    """The one that answers a station: routes from action to handler, and who may pass."""

    @property
    def version(self) -> OcppVersion:
        """The OCPP version whose schemas hold."""

    @property
    def actions(self) -> Container[str]:
        """Every action of that version, in both directions."""

    @property
    def routes(self) -> Mapping[str, Route]:
        """The handler of each action that is answered."""

    @property
    def readers(self) -> Mapping[bytes, Reader | None] | None:
        """What reads valid CALLs; None if whether they are valid does not matter."""

    @property
    def validation(self) -> Validation:
        """What becomes of a payload that breaks its schema."""

    @property
    def recorder(self) -> Recorder:
        """Who notes what goes on on the connection."""

    @property
    def rules(self) -> Container[str]:
        """The actions that rules are about when the station sends them."""

    def rule_for(self, call: Call) -> Hit | None:
        """Find the rule that holds for a CALL."""

    def rule_for_answer(self, action: str, payload: JsonObject) -> Hit | None:
        """Find the rule that holds for the station's answer to a command."""

    def fill_in(self, template: JsonObject, hit: Hit, request: JsonObject) -> JsonObject:
        """Fill in the placeholders of what a rule says."""

    def admit(self, call: Call) -> None:
        """Take note of a CALL; raises Refused if it is not the time for it."""

    def left(self, how: str) -> None:
        """Take note that the connection has ended."""


class CamelCase(dict[str, str]):
    """The names of OCPP JSON by those of the fields of `call` and `call_result`, as they are asked for."""

    def __missing__(self, name: str) -> str:
        """Turn a name."""
        self[name] = turned = camel_case(name)
        return turned


CAMEL_CASE: Final = CamelCase()


def payload_of(message: Any) -> JsonObject:
    """Make OCPP JSON of a `call` or `call_result` object whose nested values are OCPP JSON already."""
    return {CAMEL_CASE[name]: value for name, value in vars(message).items() if value is not None}
