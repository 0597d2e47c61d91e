"""A fleet of simulated stations in one event loop: connects the stations, runs drivers, stops all."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from mock_csms.simulator.connection import Connection
from mock_csms.simulator.core import Setup
from mock_csms.simulator.drivers import Drivers
from mock_csms.simulator.host import Host, LoopHost
from mock_csms.simulator.misbehaviour import misbehave
from mock_csms.simulator.scripts import Player, ScriptLine, parse_line, play
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.verbs import WrongStep
from mock_csms.simulator.watch import Console, StationWatch, kilowatt_hours
from mock_csms.versions import OcppVersion

MANY: Final = 10
"""Maximum number of stations with one log line per event; a larger fleet has one summary line every
SUMMARY_S.
"""
SUMMARY_S: Final = 10.0
CONNECT_INTERVAL_S: Final = 0.004
"""Seconds between the first connection of a station and the first connection of the next station. Without
this pause, the server's queue of connections might overflow.
"""
CLOSE_S: Final = 3.0
"""Longest wait for the closing handshakes when the fleet stops."""


@dataclass(frozen=True, kw_only=True)
class FleetOptions:
    """Options from the command line."""

    setups: Sequence[Setup]
    seed: int = 0
    misbehaviours: Sequence[str] = ()
    script: Sequence[ScriptLine] = ()
    has_drivers: bool = True
    http_port: int | None = None
    exits_with_stdin: bool = False
    """Whether the fleet stops when standard input ends."""


def build_station(
    setup: Setup, host: Host, random: Random, version: OcppVersion, misbehaviours: Sequence[str]
) -> SimulatedStation:
    """Build a station with these misbehaviours."""
    station = SimulatedStation(setup, host, random, version)
    misbehave(station, misbehaviours)
    return station


class FleetMember:
    """A station of a fleet, with its connection and its log."""

    def __init__(
        self,
        setup: Setup,
        host: Host,
        options: FleetOptions,
        version: OcppVersion,
        report: Callable[[str], None],
    ) -> None:
        random = Random(f"{options.seed} {setup.identity}")  # noqa: S311 - repeatable, not secret
        self.station = build_station(setup, host, random, version, options.misbehaviours)
        self.report = report
        self.watch = StationWatch(self.station, report)
        self.connection = Connection(self.station, version)
        self.connection.on_failure = self.watch.connection_failed
        self.station.core.link = self.connection
        self.station.core.on_error = self.watch.failed

    def start(self, options: FleetOptions, stop: Callable[[], object]) -> None:
        """Connect the station, and start the script and the drivers that ``options`` ask for.

        The script calls ``stop`` at the word ``quit``.
        """
        self.station.core.link.open()
        Player(self.station, options.script, self.report, stop).start()
        if options.has_drivers:
            for evse in self.station.core.evses:
                seed = f"{options.seed} {self.station.core.setup.identity} {evse.id}"
                random = Random(seed)  # noqa: S311 - repeatable, not secret
                Drivers(self.station, evse.id, random, self.report).start()


class Fleet:
    """All stations of the process."""

    def __init__(self, options: FleetOptions, version: OcppVersion, console: Console) -> None:
        host = LoopHost()
        self._options = options
        self._console = console
        self._stopped = asyncio.Event()
        self.members: Mapping[str, FleetMember] = {
            setup.identity: FleetMember(setup, host, options, version, console.of(setup.identity))
            for setup in options.setups
        }

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Make `run` disconnect the stations and return."""
        self._stopped.set()

    async def run(self) -> None:
        """Run the stations until `stop` is called."""
        loop = asyncio.get_running_loop()
        for number, member in enumerate(self.members.values()):
            loop.call_later(number * CONNECT_INTERVAL_S, member.start, self._options, self.stop)
        while not self.is_stopping:
            try:
                await asyncio.wait_for(self._stopped.wait(), SUMMARY_S)
            except TimeoutError:
                if self._console.is_quiet:
                    self._console.write(self.summary())
        closing = [asyncio.ensure_future(member.connection.aclose()) for member in self.members.values()]
        await asyncio.wait(closing, timeout=CLOSE_S)

    def summary(self) -> str:
        """Log line with totals of all stations: transactions, energy and messages."""
        members = self.members.values()
        online = sum(member.station.core.is_online for member in members)
        charging = sum(len(member.station.transactions.running()) for member in members)
        ended = sum(member.watch.transactions for member in members)
        energy = kilowatt_hours(sum(member.watch.energy_wh for member in members))
        messages = sum(member.connection.sent + member.connection.received for member in members)
        return (
            f"{counted(len(members), 'station')} ({online} online), "
            f"{counted(charging, 'running transaction')}, {ended} ended, {energy}, "
            f"{counted(messages, 'message')}"
        )

    def do_line(self, text: str) -> None:
        """Perform the step in a line from standard input; an invalid line is reported."""
        first = next(iter(self.members.values()))
        try:
            line = parse_line(text, first.station.core.setup, self.members)
            if line is not None:
                self._do(line, first)
        except WrongStep as error:
            self._console.write(f"standard input: {error}")

    def _do(self, line: ScriptLine, first: FleetMember) -> None:
        if isinstance(line.step, str):
            if line.step != "quit":
                raise WrongStep(f"{line.step} works only in a script")
            self.stop()
            return
        if line.identity is None and len(self.members) > 1:
            name = first.station.core.setup.identity
            raise WrongStep(f"write the station first, for example {name} {line.step}")
        member = first if line.identity is None else self.members[line.identity]
        member.station.core.after_scaled(
            line.delay_s, lambda: play(line, member.station, member.report, self.stop)
        )


def counted(number: int, noun: str) -> str:
    """Format a number and a noun, for example "2 stations"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
