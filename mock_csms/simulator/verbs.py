"""The actions of people and of the network at a simulated station: one table for scripts, stdin and HTTP."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ocpp.v201.enums import CertificateActionEnumType as CertificateAction

from mock_csms.simulator.core import Setup
from mock_csms.simulator.metering import Vehicle
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.variables import TOKEN_TYPES
from mock_csms.text import suggest

type Arguments = Mapping[str, Any]
type Kind = Literal["EVSE", "connector", "positive number", "text", "yes or no"]

MAX_NUMBER: Final = 1e9
FLAGS: Final = {"yes": True, "true": True, "no": False, "false": False}


class WrongStep(ValueError):
    """A step that is not valid; the message is one clause that gives the reason."""


class Obstacle(Exception):
    """A step that has no effect at the moment; the message is the reason."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a verb."""

    kind: Kind
    help: str
    default: Any = None
    is_required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verb:
    """An action of a person or of the network at a station."""

    name: str
    help: str
    act: Callable[[SimulatedStation, Arguments], None]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    short: str = ""
    """Name of the parameter whose value may be written without this name; empty if there is none."""
    obstacle: Callable[[SimulatedStation, Arguments], str] = lambda _station, _arguments: ""
    """Returns why the action has no effect at the moment; empty if the action has an effect."""

    @property
    def usage(self) -> str:
        """Syntax of a script line with this verb, such as ``plug-in [evse=1] [connector=1]``."""
        words = [self._usage_of(name, parameter) for name, parameter in self.parameters.items()]
        return " ".join([self.name, *words])

    def _usage_of(self, name: str, parameter: Parameter) -> str:
        if name == self.short:
            text = name.upper()
        else:
            placeholder = "EVSE" if parameter.kind == "EVSE" else name.upper()
            default = parameter.default
            text = f"{name}={placeholder if default is None else parameter_text(default)}"
        return text if parameter.is_required else f"[{text}]"


def parameter_text(value: object) -> str:
    """Format the value of a parameter as it is written in a script."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
    return str(value)


# Obstacles


def _power(station: SimulatedStation, _: Arguments) -> str:
    return "" if station.core.is_powered else "the station has no power"


def _cable(station: SimulatedStation, arguments: Arguments) -> str:
    if station.charging.session(arguments["evse"]).connector is None:
        return f"nothing is plugged in at EVSE {arguments['evse']}"
    return ""


def _vehicle(station: SimulatedStation, arguments: Arguments) -> str:
    if station.charging.session(arguments["evse"]).is_connected:
        return ""
    return f"no vehicle is plugged in at EVSE {arguments['evse']}"


def _loose_end(station: SimulatedStation, arguments: Arguments) -> str:
    session = station.charging.session(arguments["evse"])
    if session.connector is not None and session.vehicle is None:
        return ""
    return f"no cable at EVSE {arguments['evse']} has been unplugged at the vehicle only"


def _unlocked_cable(station: SimulatedStation, arguments: Arguments) -> str:
    session = station.charging.session(arguments["evse"])
    if session.connector is not None and session.vehicle is None and session.connector.is_locked:
        return f"the cable is locked at EVSE {arguments['evse']}; present the token of the session first"
    return _cable(station, arguments)


def _iso_15118(station: SimulatedStation, arguments: Arguments) -> str:
    vehicle = station.charging.session(arguments["evse"]).vehicle
    if vehicle is not None and not vehicle.has_iso_15118:
        return f"the vehicle at EVSE {arguments['evse']} does not speak ISO 15118"
    return _power(station, arguments) or _cable(station, arguments)


def _free(station: SimulatedStation, arguments: Arguments) -> str:
    session = station.charging.session(arguments["evse"])
    connector = session.evse.connectors[arguments["connector"]]
    if session.connector is not None:
        return f"EVSE {arguments['evse']} is in use"
    status = station.core.evses.status(connector)
    return "" if station.core.evses.is_usable(connector) else f"the connector is {status.value}"


def _contract(station: SimulatedStation, arguments: Arguments) -> str:
    if not station.contracts.has_contract:
        return "the vehicle has no contract certificate; start the station with --contract FILE"
    if not station.contracts.is_enabled:
        return "ISO15118Ctrlr.PnCEnabled is false"
    return _power(station, arguments) or _free(station, arguments)


def _departure(station: SimulatedStation, arguments: Arguments) -> str:
    session = station.charging.session(arguments["evse"])
    if session.connector is not None:
        return f"the vehicle at EVSE {arguments['evse']} is plugged in; unplug it first"
    return "" if session.is_occupied else f"no vehicle is parked at EVSE {arguments['evse']}"


# Acts


def _plug_in(station: SimulatedStation, arguments: Arguments) -> None:
    vehicle = Vehicle(
        max_power_w=arguments["power"],
        demand_wh=arguments["energy"],
        has_iso_15118=arguments["iso15118"],
        is_paused=not arguments["ready"],
    )
    station.plug_in(arguments["evse"], arguments["connector"], vehicle)


def _certificate_request(arguments: Arguments) -> CertificateAction | None:
    if arguments["install"]:
        return CertificateAction.install
    return CertificateAction.update if arguments["update"] else None


def _plug_and_charge(station: SimulatedStation, arguments: Arguments) -> None:
    vehicle = Vehicle(
        max_power_w=arguments["power"],
        demand_wh=arguments["energy"],
        has_iso_15118=True,
        certificate_request=_certificate_request(arguments),
        presents_contract=True,
    )
    station.plug_and_charge(arguments["evse"], arguments["connector"], vehicle)


def _present(station: SimulatedStation, arguments: Arguments) -> None:
    id_token = {"idToken": arguments["token"], "type": arguments["type"]}
    station.present(id_token, arguments["evse"], stops_at=arguments["stop"])


def _unplug_at_vehicle(station: SimulatedStation, arguments: Arguments) -> None:
    if arguments["cable"] == "attached":
        station.unplug(arguments["evse"])
    else:
        station.charging.unplug_at_vehicle(arguments["evse"])


def _pause(is_paused: bool) -> Callable[[SimulatedStation, Arguments], None]:
    return lambda station, arguments: station.charging.pause_vehicle(arguments["evse"], is_paused=is_paused)


def _fault(is_faulted: bool) -> Callable[[SimulatedStation, Arguments], None]:
    return lambda station, arguments: station.charging.fault(
        arguments["evse"], arguments["connector"], is_faulted=is_faulted
    )


def _jam_lock(is_jammed: bool) -> Callable[[SimulatedStation, Arguments], None]:
    return lambda station, arguments: station.charging.jam_lock(
        arguments["evse"], arguments["connector"], is_jammed=is_jammed
    )


EVSE: Final = Parameter("EVSE", "number of the EVSE", default=1)
CONNECTOR: Final = Parameter("connector", "number of the connector", default=1)
PLUG_IN: Final = {
    "evse": EVSE,
    "connector": CONNECTOR,
    "power": Parameter("positive number", "maximum power of the vehicle in W", default=Vehicle.max_power_w),
    "energy": Parameter(
        "positive number", "energy the vehicle takes until it is full, in Wh", default=Vehicle.demand_wh
    ),
    "iso15118": Parameter("yes or no", "whether the vehicle speaks ISO 15118", default=False),
    "ready": Parameter("yes or no", "whether the vehicle takes energy at once", default=True),
}
PLUG_AND_CHARGE: Final = {
    **{name: each for name, each in PLUG_IN.items() if name not in {"iso15118", "ready"}},
    "install": Parameter("yes or no", "whether the vehicle first asks for a certificate", default=False),
    "update": Parameter("yes or no", "whether the vehicle first asks for a newer certificate", default=False),
}
CABLE: Final = Parameter(
    "text",
    "whether the cable is loose or attached to the station; an attached cable frees its connector",
    default="loose",
    choices=("loose", "attached"),
)
PRESENT: Final = {
    "token": Parameter("text", "idToken, for example AABBCCDD", is_required=True),
    "type": Parameter("text", "type of the token", default="ISO14443", choices=TOKEN_TYPES),
    "evse": Parameter("EVSE", "EVSE whose reader is used (default: the reader of the whole station)"),
    "stop": Parameter("EVSE", "EVSE whose transaction a master pass is to stop (default: all EVSEs)"),
}
OFFLINE: Final = {
    "seconds": Parameter(
        "positive number", "seconds until the network is back (default: until the step online)"
    )
}
POWER_CYCLE: Final = {"seconds": Parameter("positive number", "seconds without power", default=3.0)}
SITE_LIMIT: Final = {
    "amperes": Parameter("positive number", "amperes per phase for all EVSEs; without it, no limit")
}

VERBS: Final[Mapping[str, Verb]] = {
    verb.name: verb
    for verb in [
        Verb(
            "park",
            "a vehicle arrives in the bay",
            lambda station, given: station.park(given["evse"]),
            {"evse": EVSE},
        ),
        Verb(
            "leave",
            "the vehicle leaves the bay",
            lambda station, given: station.leave(given["evse"]),
            {"evse": EVSE},
            obstacle=_departure,
        ),
        Verb(
            "plug-in",
            "a cable is plugged in at both ends; with ready=no, the vehicle takes no energy until the step "
            "resume",
            _plug_in,
            PLUG_IN,
            obstacle=_free,
        ),
        Verb(
            "plug-and-charge",
            "a vehicle is plugged in and presents its contract certificate; with install=yes, it first asks "
            "for a certificate; with update=yes, it first asks for a newer one",
            _plug_and_charge,
            PLUG_AND_CHARGE,
            obstacle=_contract,
        ),
        Verb(
            "unplug",
            "the cable is unplugged",
            lambda station, given: station.unplug(given["evse"]),
            {"evse": EVSE},
            obstacle=_unlocked_cable,
        ),
        Verb(
            "unplug-at-ev",
            "the cable is unplugged at the vehicle only; with cable=attached, the cable belongs to the "
            "station",
            _unplug_at_vehicle,
            {"evse": EVSE, "cable": CABLE},
            obstacle=_vehicle,
        ),
        Verb(
            "plug-in-at-ev",
            "the cable is plugged in at the vehicle again",
            lambda station, given: station.charging.plug_in_at_vehicle(given["evse"]),
            {"evse": EVSE},
            obstacle=_loose_end,
        ),
        Verb(
            "end-at-ev",
            "the vehicle itself ends the session, as vehicles can with ISO 15118",
            lambda station, given: station.charging.end_at_vehicle(given["evse"]),
            {"evse": EVSE},
            obstacle=_vehicle,
        ),
        Verb(
            "present",
            "a token is presented; with a master pass, stop=EVSE chooses the EVSE whose transaction stops",
            _present,
            PRESENT,
            short="token",
            obstacle=_power,
        ),
        Verb("pause", "the vehicle stops taking energy", _pause(True), {"evse": EVSE}, obstacle=_cable),
        Verb("resume", "the vehicle takes energy again", _pause(False), {"evse": EVSE}, obstacle=_cable),
        Verb(
            "renegotiate",
            "an ISO 15118 vehicle asks for a new charging schedule",
            lambda station, given: station.smart_charging.report_vehicle_needs(given["evse"]),
            {"evse": EVSE},
            obstacle=_iso_15118,
        ),
        Verb("fault", "a connector breaks", _fault(True), {"evse": EVSE, "connector": CONNECTOR}),
        Verb(
            "jam-lock",
            "the lock of a connector jams, so that it does not close",
            _jam_lock(True),
            {"evse": EVSE, "connector": CONNECTOR},
        ),
        Verb(
            "free-lock",
            "the lock of the connector works again",
            _jam_lock(False),
            {"evse": EVSE, "connector": CONNECTOR},
        ),
        Verb("repair", "the connector is repaired", _fault(False), {"evse": EVSE, "connector": CONNECTOR}),
        Verb(
            "offline",
            "the network is lost, for SECONDS or until the step online",
            lambda station, given: station.go_offline(given["seconds"]),
            OFFLINE,
            short="seconds",
        ),
        Verb("online", "the network is back", lambda station, _: station.go_online(), obstacle=_power),
        Verb(
            "power-cycle",
            "the power is cut and restored after SECONDS, by default 3",
            lambda station, given: station.power_cycle(given["seconds"]),
            POWER_CYCLE,
            short="seconds",
            obstacle=_power,
        ),
        Verb(
            "site-limit",
            "the energy management of the site limits the current, or ends its limit if AMPERES is omitted",
            lambda station, given: station.smart_charging.set_external_limit(given["amperes"]),
            SITE_LIMIT,
            short="amperes",
            obstacle=_power,
        ),
    ]
}


@dataclass(frozen=True)
class ScriptStep:
    """A verb with its arguments."""

    verb: Verb
    arguments: Arguments

    def do(self, station: SimulatedStation, report: Callable[[str], object]) -> None:
        """Report the step, then do it, unless a misbehaviour makes the station overlook the step.

        Raises Obstacle, without a report, if the step has no effect at the moment.
        """
        if reason := self.verb.obstacle(station, self.arguments):
            raise Obstacle(reason)
        report(str(self))
        if station.notices(self.verb.name, self.arguments):
            self.verb.act(station, self.arguments)

    def __str__(self) -> str:
        given = [
            f"{name}={parameter_text(value)}"
            for name, value in self.arguments.items()
            if value is not None and (name == "evse" or value != self.verb.parameters[name].default)
        ]
        return " ".join([self.verb.name, *given])


# Reading


def verb_named(name: str, others: Iterable[str] = ()) -> Verb:
    """Return the verb of this name; raises WrongStep if there is none.

    The message of WrongStep suggests a verb or one of ``others``, further words that the caller accepts.
    """
    if (verb := VERBS.get(name)) is None:
        hint = suggest(name, [*VERBS, *others]) or f"; write one of {', '.join([*VERBS, *others])}"
        raise WrongStep(f"unknown step {name!r}{hint}")
    return verb


def step_of_words(verb: Verb, words: Iterable[str], setup: Setup) -> ScriptStep:
    """Make a step from a verb and its arguments, given as words such as ``evse=1``; raises WrongStep."""
    given: dict[str, Any] = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator and verb.short and verb.short not in given:
            name, value = verb.short, word
        elif not separator:
            raise WrongStep(f"cannot read {word!r}; write {verb.usage}")
        if name in given:
            raise WrongStep(f"{name} is given twice")
        given[name] = value
    return step_of(verb, given, setup)


def step_of(verb: Verb, given: Mapping[str, Any], setup: Setup) -> ScriptStep:
    """Make a step from a verb and its arguments, given as text or JSON; missing ones get their defaults.

    Raises WrongStep for an argument that is not valid.
    """
    for name in given:
        if name not in verb.parameters:
            hint = suggest(name, verb.parameters) or f"; write {verb.usage}"
            raise WrongStep(f"{verb.name} has no parameter {name!r}{hint}")
    arguments = {
        name: parameter.default if given.get(name) is None else _value(name, parameter, given[name], setup)
        for name, parameter in verb.parameters.items()
    }
    for name, parameter in verb.parameters.items():
        if parameter.is_required and not arguments[name]:
            raise WrongStep(f"{verb.name} needs {name}; write {verb.usage}")
    return ScriptStep(verb, arguments)


def _value(name: str, parameter: Parameter, value: object, setup: Setup) -> Any:
    match parameter.kind:
        case "EVSE":
            return _number_up_to(name, value, setup.evses)
        case "connector":
            return _number_up_to(name, value, setup.connectors)
        case "positive number":
            return positive_number(name, value)
        case "yes or no":
            return _flag(name, value)
    return _text(name, parameter, value)


def _number_up_to(name: str, value: object, limit: int) -> int:
    text = str(value)
    if text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= limit:
        return int(text)
    numbers = "1" if limit == 1 else f"1 to {limit}"
    raise WrongStep(f"{name} must be {numbers}, not {value!r}")


def positive_number(name: str, value: object) -> float:
    """Read a number above 0, as text or JSON; raises WrongStep."""
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    if 0 < number <= MAX_NUMBER:
        return number
    raise WrongStep(f"{name} must be a number above 0, not {value!r}")


def _flag(name: str, value: object) -> bool:
    if (flag := FLAGS.get(str(value).lower())) is None:
        raise WrongStep(f"{name} must be yes or no, not {value!r}")
    return flag


def _text(name: str, parameter: Parameter, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or not 1 <= len(str(value)) <= 36:
        raise WrongStep(f"{name} must be a text of 1 to 36 characters, not {value!r}")
    if parameter.choices and value not in parameter.choices:
        hint = suggest(str(value), parameter.choices) or f"; write one of {', '.join(parameter.choices)}"
        raise WrongStep(f"{value!r} is not a {name}{hint}")
    return str(value)
