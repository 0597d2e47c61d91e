"""A hostile central system sends commands and arbitrary frames; the station works on and stays bounded.

``HYPOTHESIS_PROFILE=long`` runs many more examples.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sized
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from random import Random
from types import ModuleType
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_csms.messages import ErrorCode, JsonObject
from mock_csms.simulator.core import Setup
from mock_csms.simulator.metering import Vehicle
from mock_csms.simulator.station import SimulatedStation
from mock_csms.text import timestamp
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.observed_station import ANSWERS, FILES_URL, TOKEN, ObservedStation, file_server
from tests.support.virtual_station import VirtualHost

__all__ = ["file_server"]

COMMANDS: Final = sorted(OCPP_2_0_1.actions - OCPP_2_0_1.from_station | {"DataTransfer"})
SCHEMAS: Final = files("ocpp.v201") / "schemas"
CODES: Final = {str(code.value) for code in ErrorCode}

INTEGER_VALUES: Final = [0, 1, 2, 3, -1, 5, 100, 2**31 - 1, -(2**31), 2**53, 86_400, 10**15]
INTEGERS: Final = st.sampled_from(INTEGER_VALUES)
NUMBER_VALUES: Final = [0, 1, 0.1, -1, 6, 16.0, 1e-300, 1e300, -1e300, 32, 22_080, 2**53]
NUMBERS: Final = st.sampled_from(NUMBER_VALUES)
DATE_VALUES: Final = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:10:00Z",
    "2026-01-02T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00",
    "1970-01-01T00:00:00.000000001Z",
]
DATES: Final = st.sampled_from(DATE_VALUES)
TEXT_VALUES: Final = (
    *("", "1", "0", "true", "AABBCCDD", "CS001", "a,b", "x" * 10_000, "\0", "é\u2028", "-1", "NaN", "1e400"),
    *(FILES_URL, "http://nowhere/", "OCPPCommCtrlr", "EVSE", "AvailabilityState", "HeartbeatInterval"),
    *("ISO14443", "SampledDataCtrlr", "TxUpdatedInterval", "ftp://[", "::", "-----BEGIN CERTIFICATE-----"),
)
TEXTS: Final = st.sampled_from(TEXT_VALUES)


@cache
def schema_of(action: str) -> JsonObject:
    """JSON schema of the request of an action."""
    schema: JsonObject = json.loads((SCHEMAS / f"{action}Request.json").read_text(encoding="utf-8-sig"))
    return schema


def values(  # noqa: PLR0911 - a return for each type
    schema: JsonObject, root: JsonObject
) -> st.SearchStrategy[Any]:
    """Strategy of valid values for a schema, mostly extreme values and names that a station knows."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        return st.deferred(lambda: values(root["definitions"][name], root))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object":
            return objects(schema, root)
        case "array":
            least = schema.get("minItems", 0)
            return st.lists(
                values(schema["items"], root),
                min_size=least,
                max_size=min(schema.get("maxItems", 40), max(least, 4)),
            )
        case "string":
            return texts(schema)
        case "integer":
            return INTEGERS
        case "number":
            return NUMBERS
        case "boolean":
            return st.booleans()
    return TEXTS | INTEGERS | st.none()


def objects(schema: JsonObject, root: JsonObject) -> st.SearchStrategy[JsonObject]:
    """Strategy of objects with all required and some optional properties."""
    properties = schema.get("properties", {})
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: values(inner, root) for name, inner in properties.items() if name in required},
        optional={
            name: values(inner, root)
            for name, inner in properties.items()
            if name not in required and name != "customData"
        },
    )


def texts(schema: JsonObject) -> st.SearchStrategy[str]:
    """Strategy of strings no longer than a schema allows."""
    if schema.get("format") == "date-time":
        return DATES
    most = schema.get("maxLength", 10_000)
    return TEXTS.map(lambda text: text[:most])


@cache
def payloads(action: str) -> st.SearchStrategy[JsonObject]:
    """Strategy of payloads that are valid by the schema of a command."""
    schema = schema_of(action)
    return values(schema, schema).filter(
        lambda payload: OCPP_2_0_1.request(action).violation(payload) is None
    )


def commands() -> st.SearchStrategy[tuple[str, Any]]:
    """Strategy of pairs of a command's action and a valid payload."""
    return st.sampled_from(COMMANDS).flatmap(lambda action: st.tuples(st.just(action), payloads(action)))


ACTS: Final[Mapping[str, Callable[[ObservedStation], object]]] = {
    "plug in": lambda observed: observed.station.plug_in(1),
    "unplug": lambda observed: observed.station.unplug(1),
    "present": lambda observed: observed.station.present(TOKEN, 1),
    "park": lambda observed: observed.station.park(2),
    "leave": lambda observed: observed.station.leave(2),
    "lose": lambda observed: observed.link.lose(),
    "offline": lambda observed: observed.station.go_offline(60),
    "power cycle": lambda observed: observed.station.power_cycle(3),
    "wait": lambda observed: observed.advance(400),
}


def steps() -> st.SearchStrategy[list[Any]]:
    """Strategy of lists that mix commands and keys of ACTS (drivers, connection losses, power cuts)."""
    return st.lists(commands() | commands() | st.sampled_from(sorted(ACTS)), min_size=1, max_size=25)


def unfit_calls(observed: ObservedStation) -> list[Any]:
    """CALLs of the station that violate their schemas."""
    return [
        frame
        for _, way, frame in observed.journal
        if way == "received"
        and frame[0] == 2
        and OCPP_2_0_1.request(frame[2]).violation(frame[3]) is not None
    ]


def check_answers(observed: ObservedStation) -> None:
    """Assert that each answer of the station is valid and is the only answer to a command."""
    sent: dict[str, str] = {}
    answers: dict[str, int] = {}
    for _, way, frame in observed.journal:
        if way == "sent" and frame[0] == 2:
            sent[frame[1]] = frame[2]
        elif way == "received" and frame[0] in {3, 4}:
            answers[frame[1]] = answers.get(frame[1], 0) + 1
            if frame[0] == 3:
                assert OCPP_2_0_1.response(sent[frame[1]]).violation(frame[2]) is None, frame
            else:
                assert frame[2] in CODES
                assert frame[2] != "InternalError", frame
    assert set(answers) <= set(sent)
    assert all(count == 1 for count in answers.values())


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of the payloads of all commands
@pytest.mark.usefixtures("file_server")
@given(steps=steps())
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_any_valid_commands_are_answered(steps: list[Any]) -> None:
    observed = ObservedStation()
    observed.start()
    for step in steps:
        if isinstance(step, str):
            ACTS[step](observed)
        else:
            connection, count = observed.connection, len(observed.journal)
            observed.command(*step)
            if connection is not None and observed.connection is connection:
                ways = [frame[0] for _, way, frame in observed.journal[count:] if way == "received"]
                assert 3 in ways or 4 in ways, step
        observed.advance(1)
    observed.advance(120)
    assert unfit_calls(observed) == []
    check_answers(observed)


# Many commands, drawn faster than hypothesis does


def sample(  # noqa: PLR0911 - a return for each type
    schema: JsonObject, root: JsonObject, random: Random
) -> Any:
    """Draw a value that is valid by a schema."""
    if "$ref" in schema:
        return sample(root["definitions"][schema["$ref"].removeprefix("#/definitions/")], root, random)
    if "enum" in schema:
        return random.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            required = set(schema.get("required", ()))
            return {
                name: sample(inner, root, random)
                for name, inner in schema.get("properties", {}).items()
                if name in required or (name != "customData" and random.random() < 0.4)
            }
        case "array":
            least = schema.get("minItems", 0)
            length = random.randint(least, min(schema.get("maxItems", 30), max(least, 3)))
            return [sample(schema["items"], root, random) for _ in range(length)]
        case "string" if schema.get("format") == "date-time":
            return random.choice(DATE_VALUES)
        case "string":
            return random.choice(TEXT_VALUES)[: schema.get("maxLength", 10_000)]
        case "integer":
            return random.choice(INTEGER_VALUES)
        case "number":
            return random.choice(NUMBER_VALUES)
        case "boolean":
            return random.random() < 0.5
    return random.choice(TEXT_VALUES)


def sampled(action: str, random: Random) -> JsonObject:
    """Draw a payload that is valid by the schema of a command."""
    while True:
        payload: JsonObject = sample(schema_of(action), schema_of(action), random)
        if OCPP_2_0_1.request(action).violation(payload) is None:
            return payload


def longest(thing: object) -> int:
    """Length of the longest collection that can be reached from an object such as a station."""
    seen: set[int] = set()
    waiting = [thing]
    most = 0
    while waiting:
        current = waiting.pop()
        if id(current) in seen or isinstance(current, type | ModuleType | str | bytes):
            continue
        seen.add(id(current))
        if isinstance(current, dict):
            waiting += [*current.keys(), *current.values()]
        elif isinstance(current, list | tuple | set | frozenset | deque):
            waiting += current
        elif type(current).__module__.startswith("mock_csms"):
            waiting += vars(current).values() if hasattr(current, "__dict__") else ()
            slots = getattr(type(current), "__slots__", ())
            waiting += [getattr(current, name) for name in slots if hasattr(current, name)]
        if isinstance(current, Sized):
            most = max(most, len(current))
    return most


MAX_LENGTH: Final = 1000
"""Maximum length of any collection; the longest holds the messages that wait to be sent."""
MAX_TIMERS: Final = 100


@pytest.mark.usefixtures("file_server")
@pytest.mark.parametrize("seed", range(2))
def test_thousands_of_commands_leave_the_station_bounded(seed: int) -> None:
    random = Random(seed)
    observed = ObservedStation(seed=seed)
    observed.start()
    answered = 0
    for _ in range(2000):
        action = random.choice(COMMANDS)
        payload = sampled(action, random)
        if not observed.station.core.is_online:
            observed.advance(100)
        answered += observed.connection is not None
        observed.command(action, payload)
        if random.random() < 0.1:
            ACTS[random.choice(sorted(ACTS))](observed)
    assert answered > 1900
    assert unfit_calls(observed) == []
    check_answers(observed)
    assert longest(observed.station) <= MAX_LENGTH
    timers = [timer for _, _, timer in observed.host._timers if timer.callback is not None]
    assert len(timers) <= MAX_TIMERS


# Frames


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\0",
        b"{}",
        b"[]",
        b"[2]",
        b"[2,1,2,3]",
        b'[2,"1","Reset",[]]',
        b'[2,"1","Nonsense",{}]',
        b'[2,"1","Heartbeat",{}]',
        b'[5,"1"]',
        b'[3,"unknown",{}]',
        b'[3,"unknown",7]',
        b'[4,"unknown","X","",{}]',
        b'[4,"unknown"]',
        b"[" * 100_000,
        b'[2,"1","DataTransfer",{"vendorId":"x","data":' + b"[" * 5000 + b"]" * 5000 + b"}]",
        b'[2,"1","DataTransfer",{"vendorId":"x","data":"' + b"x" * 2**20 + b'"}]',
        b'[2,"' + b"x" * 10_000 + b'","ClearCache",{}]',
        b'[2,"\xff","ClearCache",{}]',
        b'[2,"1","ClearCache",{"a":1e999}]',
    ],
    ids=lambda frame: frame[:30].decode(errors="replace"),
)
def test_any_frame_is_survived(frame: bytes) -> None:
    observed = ObservedStation()
    observed.start()
    observed.station.endpoint.receive(frame)
    observed.advance(5)
    assert observed.command("ClearCache") is not None


@given(frame=st.binary() | st.text('[]{}",:0123456789.eE+-ntrufalsNaI \\').map(str.encode))
def test_any_bytes_are_survived(frame: bytes) -> None:
    observed = ObservedStation()
    observed.start()
    observed.station.endpoint.receive(frame)
    assert observed.command("ClearCache") is not None


UNFIT: Final[list[JsonObject]] = [
    {"status": 7},
    {"status": "Nonsense", "currentTime": "never", "interval": "x"},
    {"status": "Accepted", "currentTime": "0001-01-01T00:00:00+14:00", "interval": 10**15},
    {"status": "Accepted", "currentTime": "9999-12-31T23:59:59-14:00", "interval": -5},
    {"status": "Accepted", "currentTime": "not a time", "interval": 0},
    {"currentTime": "9999-12-31T23:59:59Z"},
    {"idTokenInfo": None},
    {"idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": "9999-12-31T23:59:59-14:00"}},
    {"idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": "nonsense"}},
    {"idTokenInfo": {"status": "Nonsense", "groupIdToken": []}},
    {"totalCost": 1e308, "chargingPriority": 10**15},
]


def test_negative_interval_of_a_pending_boot_does_not_make_the_station_boot_without_pause() -> None:
    observed = ObservedStation()
    observed.answers["BootNotification"] = lambda _: {
        "status": "Pending",
        "currentTime": "2026-01-01T00:00:00Z",
        "interval": -5,
    }
    observed.start()
    observed.advance(50)
    assert len(observed.calls("BootNotification")) <= 2


@pytest.mark.parametrize("answer", UNFIT, ids=str)
def test_any_answer_is_survived(answer: JsonObject) -> None:
    wire = StationWire(answer)
    wire.advance(7200)
    wire.act()
    wire.is_hostile = False
    wire.advance(86_400)
    assert wire.station.core.registration == "Accepted"
    assert wire.command("ClearCache") == 3


class StationWire:
    """A booted station whose central system gives every CALL the same answer while ``is_hostile``."""

    def __init__(self, answer: JsonObject) -> None:
        self.host = VirtualHost()
        setup = Setup(identity="CS001", url="ws://central-system")
        self.station = SimulatedStation(setup, self.host, Random(1), OCPP_2_0_1)
        self.is_hostile = False
        self._answer = answer
        self._kinds: dict[str, int] = {}
        self.station.endpoint.opened(self._sent)
        self.advance(10)
        self.is_hostile = True

    def _sent(self, frame: bytes) -> None:
        kind, message_id, *rest = json.loads(frame)
        if kind != 2:
            self._kinds[message_id] = kind
            return
        answer = self._answer if self.is_hostile else self._sound(rest[0])
        sent = json.dumps([3, message_id, answer]).encode()
        self.host.call_later(0.02, lambda: self.station.endpoint.receive(sent))

    def _sound(self, action: str) -> JsonObject:
        now = timestamp(datetime.fromtimestamp(self.host.time(), UTC))
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": now, "interval": 300}
        return {"currentTime": now} if action == "Heartbeat" else ANSWERS.get(action, {})

    def advance(self, seconds: float) -> None:
        """Advance the time."""
        self.host.advance(seconds)

    def act(self) -> None:
        """Charge, request every message that can be triggered, and restart."""
        self.station.plug_in(1, vehicle=Vehicle(has_iso_15118=True))
        self.station.present(TOKEN, 1)
        self.advance(1000)
        for trigger in self.station.core.triggers:
            self.command("TriggerMessage", {"requestedMessage": trigger})
        self.station.unplug(1)
        self.advance(1000)
        self.station.endpoint.closed()
        self.station.registration.restart("RemoteReset")
        self.station.endpoint.opened(self._sent)
        self.advance(1000)

    def command(self, action: str, payload: JsonObject | None = None) -> int | None:
        """Send a command; return the message type of the answer, or None without an answer."""
        self.station.endpoint.receive(json.dumps([2, "command", action, payload or {}]).encode())
        return self._kinds.pop("command", None)


def test_error_in_a_handler_is_an_internal_error_and_reported() -> None:
    observed = ObservedStation()
    errors: list[tuple[str, Exception]] = []
    observed.station.core.on_error = lambda activity, error: errors.append((activity, error))
    observed.start()

    def fail(_action: str, _payload: JsonObject) -> JsonObject:
        raise KeyError("broken")

    observed.station.endpoint.carry_out = fail
    assert observed.command("ClearCache") is None
    assert [frame[2] for _, _, frame in observed.journal if frame and frame[0] == 4] == ["InternalError"]
    assert [activity for activity, _ in errors] == ["ClearCache"]


def test_error_in_a_timer_is_reported() -> None:
    observed = ObservedStation()
    errors: list[str] = []
    observed.station.core.on_error = lambda activity, _error: errors.append(activity)
    observed.station.core.after(1, lambda: 1 // 0)
    observed.start()
    assert errors == ["a timer"]
    assert observed.station.core.is_online
