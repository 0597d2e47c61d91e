"""The log of simulated stations: one line per event, or a summary if there are many stations."""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from traceback import extract_tb
from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.simulator.access import ConnectionAttempt
from mock_csms.simulator.connection_failures import Failure
from mock_csms.simulator.evses import EvseConnector
from mock_csms.simulator.sessions import ChargingSession, RunningTransaction
from mock_csms.simulator.station import SimulatedStation
from mock_csms.text import one_line

MAX_FAILURES: Final = 100
"""Maximum number of different errors that are reported for a station."""


class Console:
    """Writes lines in the columns of the server's log, with the time and with SIM in place of the level."""

    def __init__(self, *, is_quiet: bool = False) -> None:
        self.is_quiet = is_quiet
        """Whether a summary replaces the lines about events of single stations."""

    def of(self, identity: str) -> Callable[[str], None]:
        """Return a function that writes a text about a station as one line, if the text is not empty.

        If `is_quiet`, the function writes nothing.
        """
        return partial(self._event, identity)

    def _event(self, identity: str, text: str) -> None:
        if text and not self.is_quiet:
            self.write(f"{identity}  {text}")

    def write(self, text: str) -> None:
        """Write a line; ignore a closed standard output or a full disk."""
        now = time.time()
        clock = f"{time.strftime('%H:%M:%S', time.localtime(now))}.{int(now * 1000) % 1000:03}"
        try:
            sys.stdout.write(f"{clock}  SIM    {one_line(text)}\n")
            sys.stdout.flush()
        except (OSError, ValueError):  # the reader of a pipe has ended, as in ``| head``, or the disk is full
            return


class StationWatch:
    """Reports the events of a station, and counts its transactions and its energy."""

    def __init__(self, station: SimulatedStation, report: Callable[[str], object]) -> None:
        self._station = station
        self._report = report
        self._statuses: dict[EvseConnector, str] = {}
        self._failures: set[tuple[str, str]] = set()
        self.transactions = 0
        """Number of transactions that have ended."""
        core = station.core
        for connector in core.evses.connectors():
            self._statuses[connector] = core.evses.status(connector)
        station.registration.answered.connect(self._booted)
        core.connected.connect(self._connected)
        core.disconnected.connect(lambda: report("offline"))
        core.unanswered.connect(self._unanswered)
        core.powered_off.connect(lambda: report("power off"))
        core.connector_changed.connect(self._connector_changed)
        station.transactions.started.connect(self._started)
        station.transactions.ended.connect(self._ended)

    @property
    def energy_wh(self) -> float:
        """Energy that all vehicles at the station have taken."""
        sessions = self._station.transactions.sessions.values()
        for session in sessions:
            self._station.transactions.advance(session)
        return sum(session.meter.register_wh for session in sessions)

    def _connected(self) -> None:
        security_profile = self._station.core.variables.text("SecurityCtrlr", "SecurityProfile")
        self._report(f"connected, security profile {security_profile}")

    def connection_failed(self, attempt: ConnectionAttempt, failure: Failure) -> None:
        """Report a failed attempt to connect."""
        self._report(f"cannot connect to {attempt.address}: {failure.text}")

    def failed(self, activity: str, error: Exception) -> None:
        """Report an error in the station, once for each place in the code."""
        place = extract_tb(error.__traceback__)[-1:]
        where = f"{Path(place[0].filename).name}:{place[0].lineno}" if place else "unknown place"
        if (activity, where) not in self._failures and len(self._failures) < MAX_FAILURES:
            self._failures.add((activity, where))
            self._report(f"{activity} failed, an error in the simulator: {error!r:.200} ({where})")

    def _booted(self, answer: JsonObject) -> None:
        unit = f", interval {answer['interval']} s"
        self._report(f"boot answered: {enum_text(answer['status'])}{unit}")

    def _unanswered(self, action: str, timeout_s: int) -> None:
        self._report(f"{action} not answered within {timeout_s} s")

    def _connector_changed(self, connector: EvseConnector) -> None:
        status = self._station.core.evses.status(connector)
        if status != self._statuses[connector]:
            self._statuses[connector] = status
            self._report(f"EVSE {connector.evse_id} connector {connector.id} {enum_text(status)}")

    def _started(self, session: ChargingSession) -> None:
        if session.transaction is not None:
            self._report(f"EVSE {session.evse.id} transaction {session.transaction.id} started")

    def _ended(self, session: ChargingSession, transaction: RunningTransaction) -> None:
        self.transactions += 1
        self._station.transactions.advance(session)
        energy = kilowatt_hours(session.meter.register_wh - transaction.start_register_wh)
        reason = f" ({enum_text(transaction.stopped_reason)})" if transaction.stopped_reason else ""
        self._report(f"EVSE {session.evse.id} transaction {transaction.id} ended{reason}, {energy}")


def enum_text(value: str) -> str:
    """Format a member of an OCPP enumeration as it is sent."""
    return str(getattr(value, "value", value))


def kilowatt_hours(energy_wh: float) -> str:
    """Format an energy in Wh as kWh."""
    return f"{energy_wh / 1000:.3f} kWh"
