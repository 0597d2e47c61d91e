"""Writes the journal's file, and looks now and then for what is overdue."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from mock_csms.csms import Csms, ServedVersion
from mock_csms.journal.stream import JournalFile
from mock_csms.settings import Settings
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import Transaction
from mock_csms.text import CouldNotStart, UsageError


@asynccontextmanager
async def recording(csms: Csms) -> AsyncIterator[None]:
    """Write the journal's file, and look every second for what is overdue, while the context lasts."""
    settings, feed = csms.settings, csms.records.feed
    file = None
    if settings.journal:
        try:
            file = JournalFile(settings.journal, settings.journal_rotate)
        except OSError as error:
            raise CouldNotStart(f"cannot write the journal {settings.journal}: {error.strerror}") from None
        feed.add(file.write)
    watcher = asyncio.create_task(_watch_clock(csms))
    try:
        yield
    finally:
        watcher.cancel()
        feed.flush()
        if file:
            file.close()


async def _watch_clock(csms: Csms) -> None:
    while True:
        await asyncio.sleep(1)
        csms.records.tick()


def check_payload(settings: Settings, versions: Mapping[str, ServedVersion]) -> None:
    """Try each profile's ``--payload`` on a station with a transaction; raises UsageError."""
    csms = Csms(settings, versions, address="127.0.0.1:9000")
    for identity in ["", *settings.stations]:
        profile = settings.profile(identity)
        if profile.command and profile.payload:
            for served in versions.values():
                _try_payload(served, profile.command, csms, identity)


def _try_payload(served: ServedVersion, command: str, csms: Csms, identity: str) -> None:
    if command in served.commands:
        station = Station(identity, transactions={"example": Transaction("example")})
        payload = served.build(command, csms, station)
        if violation := served.version.request(command).violation(payload):
            raise UsageError(f"--payload breaks the schema of {command}: {violation.found}")
