"""Lets settings take effect when their file changes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from mock_csms.csms import Csms
from mock_csms.log.output import logger
from mock_csms.settings import Profile, Settings
from mock_csms.text import UsageError

SECONDS_BETWEEN_LOOKS: Final = 0.5
"""How often the file with the settings is looked at."""
type Version = tuple[int, int, int]
"""The time, the size and the place of a file on its disk."""

UNSEEN: Final[Version] = (0, 0, 0)
"""The file may have changed since the start read it, so its first version counts as another."""

FIXED: Final = [
    name
    for name in Settings.model_fields
    if name not in {*Profile.model_fields, "config", "rules", "stations", "station", "max_connections"}
]
"""The settings that are read once, at the start."""


@asynccontextmanager
async def watching(csms: Csms, read: Callable[[], Settings]) -> AsyncIterator[None]:
    """Read the settings again whenever their file changes, while the context lasts."""
    path = csms.settings.config
    watcher = asyncio.create_task(_watch(path, csms, read)) if path else None
    try:
        yield
    finally:
        if watcher:
            watcher.cancel()


async def _watch(path: Path, csms: Csms, read: Callable[[], Settings]) -> None:
    known: Version | None = UNSEEN
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        if (found := _version_of(path)) != known:
            known = found
            reload(csms, read)


def _version_of(path: Path) -> Version | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def reload(csms: Csms, read: Callable[[], Settings]) -> None:
    """Let changed settings take effect, or say why they cannot and go on with the old."""
    try:
        settings = read()
    except UsageError as error:
        logger.error("the settings stay as they are: %s", error)
        return
    if settings == csms.settings:
        return
    later = [name for name in FIXED if getattr(settings, name) != getattr(csms.settings_at_start, name)]
    csms.apply(settings)
    logger.info("%s has changed and is in force", settings.config)
    if later:
        logger.warning("not before the next start: %s", ", ".join(later))
