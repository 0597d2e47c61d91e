"""A simulated station in the event loop of the test, with a real connection to the mock."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from mock_csms.simulator.core import Setup
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.fleet import FleetMember, FleetOptions
from mock_csms.simulator.host import LoopHost, Timer
from mock_csms.simulator.scripts import parse_line, parse_script
from mock_csms.simulator.verbs import ScriptStep
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.station import PATIENCE

SAMPLING: Final = Key("SampledDataCtrlr", "TxUpdatedInterval")


class EndingHost(LoopHost):
    """A LoopHost that can cancel all its timers, so that none outlives the test."""

    def __init__(self) -> None:
        super().__init__()
        self._timers: list[Timer] = []

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call a callback after a delay, unless ``end`` is called before."""
        timer = super().call_later(delay_s, callback)
        self._timers.append(timer)
        return timer

    def end(self) -> None:
        """Cancel all timers."""
        for timer in self._timers:
            timer.cancel()


class BoxStation:
    """A running simulated station."""

    def __init__(self, setup: Setup, host: EndingHost, options: FleetOptions) -> None:
        self.log: list[str] = []
        """Lines that the ``station`` command would print."""
        self._logged = asyncio.Event()
        self.member = FleetMember(setup, host, options, OCPP_2_0_1, self._report)
        self.booted = asyncio.Event()
        """Set while the last boot is accepted and the station is powered."""
        self.core = self.member.station.core
        self.core.boot_accepted.connect(self.booted.set)
        self.core.powered_off.connect(self.booted.clear)

    @property
    def identity(self) -> str:
        """Identity of the station."""
        return self.core.setup.identity

    def _report(self, text: str) -> None:
        self.log.append(text)
        self._logged.set()

    async def wait_for(self, *words: str, times: int = 1) -> None:
        """Wait until this many lines of the log, past or future, contain all these words."""
        async with asyncio.timeout(PATIENCE):
            while sum(all(word in line for word in words) for line in self.log) < times:
                self._logged.clear()
                await self._logged.wait()

    def do(self, *lines: str) -> None:
        """Perform steps, written as in a script: ``plug-in evse=1 power=11000``, ``present AABBCCDD evse=1``.

        Raises WrongStep, or Obstacle if a step has no effect at the moment.
        """
        for text in lines:
            line = parse_line(text, self.core.setup, [self.identity])
            assert line is not None
            assert isinstance(line.step, ScriptStep)
            line.step.do(self.member.station, self._report)

    def sample_every(self, seconds: int) -> None:
        """Set the interval of the meter values of later transactions."""
        self.core.variables.put(SAMPLING, str(seconds))


@asynccontextmanager
async def box_station(
    url: str,
    identity: str = "CS001",
    *,
    misbehave: Sequence[str] = (),
    script: str = "",
    has_drivers: bool = False,
    speed: float = 100,
    sample_every_s: int = 1,
    seed: int = 0,
    evses: int = 2,
    connectors: int = 1,
    **setup_fields: Any,
) -> AsyncIterator[BoxStation]:
    """Connect a station that does nothing by itself, and wait until its boot is accepted.

    ``script`` has lines as for ``--script``; with ``has_drivers``, vehicles come at random times. Further
    parameters are fields of `Setup`, such as ``max_power_w``.
    """
    setup = Setup(identity=identity, url=url, evses=evses, connectors=connectors, speed=speed, **setup_fields)
    options = FleetOptions(
        setups=[setup],
        seed=seed,
        misbehaviours=misbehave,
        script=parse_script(script, "script", setup, [identity]) if script else [],
        has_drivers=has_drivers,
    )
    host = EndingHost()
    station = BoxStation(setup, host, options)
    station.sample_every(sample_every_s)
    station.member.start(options, lambda: None)
    try:
        async with asyncio.timeout(PATIENCE):
            await station.booted.wait()
        yield station
    finally:
        await station.member.connection.aclose()
        host.end()
