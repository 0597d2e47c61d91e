"""Lets settings take effect when their file changes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from mock_csms.errors import UsageError
from mock_csms.log.output import logger
from mock_csms.settings import Profile, Settings

POLL_INTERVAL_S: Final = 0.5
"""How often the file with the settings is looked at."""
type FileVersion = tuple[int, int, int]
"""The time, the size and the place of a file on its disk."""

UNSEEN: Final[FileVersion] = (0, 0, 0)
"""The file may have changed since the start read it, so its first version counts as another."""

FIXED: Final = [
    name
    for name in Settings.model_fields
    if name not in {*Profile.model_fields, "config", "rules", "stations", "station", "max_connections"}
]
"""The settings that are read once, at the start."""


class Running(Protocol):
    """The mock, as far as its settings go."""

    settings: Settings

    @property
    def settings_at_start(self) -> Settings:
        """Settings that it was started with."""

    def apply(self, settings: Settings) -> None:
        """Go on with other settings."""


@asynccontextmanager
async def watching(mock: Running, read: Callable[[], Settings]) -> AsyncIterator[None]:
    """Read the settings again whenever their file changes, while the context lasts."""
    path = mock.settings.config
    watcher = asyncio.create_task(_watch(path, mock, read)) if path else None
    try:
        yield
    finally:
        if watcher:
            watcher.cancel()


async def _watch(path: Path, mock: Running, read: Callable[[], Settings]) -> None:
    known: FileVersion | None = UNSEEN
    while True:
        await asyncio.sleep(POLL_INTERVAL_S)
        if (found := _version_of(path)) != known:
            known = found
            reload(mock, read)


def _version_of(path: Path) -> FileVersion | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def reload(mock: Running, read: Callable[[], Settings]) -> None:
    """Let changed settings take effect, or say why they cannot and go on with the old."""
    try:
        settings = read()
    except UsageError as error:
        logger.error("the settings stay as they are: %s", error)
        return
    if settings == mock.settings:
        return
    later = [name for name in FIXED if getattr(settings, name) != getattr(mock.settings_at_start, name)]
    mock.apply(settings)
    logger.info("%s has changed and is in force", settings.config)
    if later:
        logger.warning("not before the next start: %s", ", ".join(later))
