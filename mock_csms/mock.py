"""Writes the journal's file, and looks now and then for what is overdue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mock_csms.csms import Csms
from mock_csms.journal.stream import JournalFile
from mock_csms.text import CouldNotStart


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
