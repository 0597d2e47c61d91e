"""Drivers that come at random times. Each visit is planned before it begins."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final
from zlib import crc32

from mock_csms.simulator.metering import Vehicle
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.verbs import VERBS, Obstacle, ScriptStep, step_of

FIRST_ARRIVAL_S: Final = 20.0
"""The first driver of each EVSE comes within this many seconds at speed 1."""
PAUSE_S: Final = (30.0, 180.0)
"""Shortest and longest time between two visits to an EVSE, in seconds at speed 1."""
CHARGE_S: Final = (60.0, 300.0)
LOOK_S: Final = 5.0
"""Seconds between checks for a remote start that needs a vehicle; not divided by ``--speed``."""
POWER_W: Final = (3680.0, 7360.0, 11040.0, 22080.0)


@dataclass(frozen=True)
class Tokens:
    """Tokens of the drivers of one station."""

    own: Sequence[str]
    companion: str
    """Token of a companion. It stops a driver's transaction only if both tokens are in one group."""
    stranger: str
    """Token that a central system should reject if it accepts only the tokens of a list."""

    @classmethod
    def of(cls, identity: str) -> "Tokens":
        """Derive tokens from the identity of a station. A station has the same tokens in every run."""
        start = f"{crc32(identity.encode()):08X}"[:6]
        return cls([f"{start}{number:02}" for number in range(1, 5)], f"{start}11", "DEADBEEF")


@dataclass(frozen=True)
class Act:
    """A step of a visit."""

    delay_s: float
    step: ScriptStep
    is_stop: bool = False
    """Whether the step is meant to stop a transaction. Such a step is skipped if the session is not
    authorized, because it would then start a transaction.
    """


class Planner:
    """Plans visits with random tokens, vehicles and times."""

    def __init__(self, random: Random, tokens: Tokens, station: SimulatedStation, evse_id: int) -> None:
        self._random = random
        self._tokens = tokens
        self._setup = station.core.setup
        self._evse_id = evse_id

    def visit(self, *, is_awaited: bool = False) -> list[Act]:
        """Return the steps of a new visit.

        After a remote start (``is_awaited``), the driver plugs in without presenting a token.
        """
        random = self._random
        token = random.choice(self._tokens.own)
        if random.random() < 0.08 and not is_awaited:
            token = self._tokens.stranger
        charge_s = random.uniform(*CHARGE_S)
        if token == self._tokens.stranger:
            charge_s = 10.0
        plug_in = Act(random.uniform(1, 5), self._step("plug-in", **self._vehicle(charge_s)))
        begin = [plug_in, self._present(token, random.uniform(2, 10))]
        if is_awaited:
            begin = [plug_in]
        elif random.random() < 0.4:
            begin = [self._present(token, plug_in.delay_s), replace(plug_in, delay_s=random.uniform(3, 15))]
        return [
            Act(0, self._step("park")),
            *begin,
            *self._charge(charge_s),
            *self._stop(token),
            Act(random.uniform(2, 8), self._step("unplug")),
            Act(random.uniform(1, 5), self._step("leave")),
        ]

    def _vehicle(self, charge_s: float) -> dict[str, Any]:
        """Parameters of a vehicle. Some vehicles are full before the driver comes back."""
        power_w = self._random.choice(POWER_W)
        energy_wh = Vehicle.demand_wh
        if self._random.random() < 0.2:
            energy_wh = max(power_w * charge_s / self._setup.speed * 0.6 / 3600, 0.1)
        connector = self._random.randint(1, self._setup.connectors)
        is_iso_15118 = self._random.random() < 0.1
        return {"connector": connector, "power": power_w, "energy": energy_wh, "iso15118": is_iso_15118}

    def _charge(self, charge_s: float) -> list[Act]:
        """Steps while the vehicle charges: wait, and sometimes pause and resume the vehicle."""
        if self._random.random() < 0.2:
            third = charge_s / 3
            return [Act(third, self._step("pause")), Act(third, self._step("resume")), *self._wait(third)]
        return self._wait(charge_s)

    def _wait(self, seconds: float) -> list[Act]:
        return [Act(seconds, self._step("park"))]

    def _stop(self, token: str) -> list[Act]:
        """Steps that stop the transaction: present the token, sometimes after a companion's token.

        The list may be empty; unplugging then stops the transaction.
        """
        chance = self._random.random()
        if chance < 0.25 or token == self._tokens.stranger:
            return []
        stop = self._present(token, 3, is_stop=True)
        if chance < 0.4:
            return [self._present(self._tokens.companion, 0, is_stop=True), replace(stop, delay_s=5)]
        return [stop]

    def _present(self, token: str, delay_s: float, *, is_stop: bool = False) -> Act:
        return Act(delay_s, self._step("present", token=token), is_stop=is_stop)

    def _step(self, name: str, **given: Any) -> ScriptStep:
        return step_of(VERBS[name], {"evse": self._evse_id, **given}, self._setup)


class Drivers:
    """Simulates the drivers who come to one EVSE, one after another."""

    def __init__(
        self, station: SimulatedStation, evse_id: int, random: Random, report: Callable[[str], object]
    ) -> None:
        self._station = station
        self._core = station.core
        self._session = station.charging.session(evse_id)
        self._random = random
        self._report = report
        self._planner = Planner(random, Tokens.of(self._core.setup.identity), station, evse_id)
        self._arrival = 0.0

    def start(self) -> None:
        """Schedule the first driver within FIRST_ARRIVAL_S."""
        self._wait(self._random.uniform(1, FIRST_ARRIVAL_S))

    def _wait(self, seconds: float) -> None:
        self._arrival = self._core.host.time() + seconds / self._core.setup.speed
        self._look()

    def _look(self) -> None:
        """Start a visit if it is due or if a remote start needs a vehicle; otherwise check again later."""
        left_s = self._arrival - self._core.host.time()
        is_awaited = self._session.is_authorized and self._session.connector is None
        if is_awaited or left_s <= 0:
            self._visit(is_awaited=is_awaited)
        else:
            self._core.after(min(left_s, LOOK_S), self._look)

    def _visit(self, *, is_awaited: bool) -> None:
        if self._is_open():
            self._continue(self._planner.visit(is_awaited=is_awaited), 0)
        elif is_awaited:
            self._core.after(LOOK_S, self._look)
        else:
            self._wait(self._random.uniform(*PAUSE_S))

    def _is_open(self) -> bool:
        """Whether a driver can come: there is power, no cable is plugged in and all connectors are usable."""
        connectors = self._session.evse.connectors.values()
        is_usable = all(self._core.evses.is_usable(connector) for connector in connectors)
        return self._core.is_powered and is_usable and self._session.connector is None

    def _continue(self, visit: Sequence[Act], index: int) -> None:
        if index == len(visit):
            self._wait(self._random.uniform(*PAUSE_S))
        else:
            self._core.after_scaled(visit[index].delay_s, lambda: self._act(visit, index))

    def _act(self, visit: Sequence[Act], index: int) -> None:
        act = visit[index]
        if not act.is_stop or self._session.is_authorized:
            is_shown = act.step.verb.name not in UNREPORTED
            with suppress(Obstacle):  # a script or a user changed the state meanwhile
                act.step.do(self._station, self._report if is_shown else _ignore)
        self._continue(visit, index + 1)


UNREPORTED: Final = frozenset({"park", "leave"})
"""Verbs of the steps that are not logged in random visits."""


def _ignore(_: str) -> None:
    pass
