"""Reloads the settings when their file changes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from mock_csms.errors import UsageError
from mock_csms.log.output import logger
from mock_csms.settings import Profile, Settings
from mock_csms.settings.files import is_regular_file, is_reloading
from mock_csms.settings.password_settings import warn_of_passwords
from mock_csms.text import one_line

POLL_INTERVAL_S: Final = 0.5
"""Interval at which the settings file is checked for changes."""
type FileVersion = tuple[int, int, int]
"""Modification time in nanoseconds, size and inode of a file."""

UNSEEN: Final[FileVersion] = (0, 0, 0)
"""Version that no file has: the first poll reloads the file, which may have changed since start-up."""

CHANGEABLE: Final = frozenset(
    {
        *Profile.model_fields,
        "client_identity",
        "client_organization",
        "config",
        "listeners",
        "max_connections",
        "password_file",
        "rules",
        "station",
        "stations",
        "tls",
        "tls_fault",
    }
)
"""Settings that take effect on a reload. In ``listeners``, new addresses need a restart."""
FIXED: Final = [name for name in Settings.model_fields if name not in CHANGEABLE]
"""Settings that take effect only at start-up."""


class Running(Protocol):
    """The part of a running mock that reloading needs."""

    settings: Settings

    @property
    def settings_at_start(self) -> Settings:
        """Settings at start-up."""

    def prepare(self, settings: Settings) -> None:
        """Do slow work for new settings, such as making a certificate; called in a thread before `apply`."""

    def apply(self, settings: Settings) -> None:
        """Replace the settings while running."""


@asynccontextmanager
async def watching(mock: Running, read: Callable[[], Settings]) -> AsyncIterator[None]:
    """While the context is open, reload the settings whenever their file changes; a pipe is not watched."""
    path = mock.settings.config
    watcher = asyncio.create_task(_watch(path, mock, read)) if path and _can_change(path) else None
    try:
        yield
    finally:
        if watcher:
            watcher.cancel()


async def _watch(path: Path, mock: Running, read: Callable[[], Settings]) -> None:
    is_reloading.set(True)
    version: FileVersion | None = UNSEEN
    while True:
        await asyncio.sleep(POLL_INTERVAL_S)
        if (current := _version_of(path)) != version:
            version = current
            await reload(mock, read)


def _can_change(path: Path) -> bool:
    try:
        return is_regular_file(path)
    except OSError:  # the file is missing now, and may come back
        return True


def _version_of(path: Path) -> FileVersion | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


async def reload(mock: Running, read: Callable[[], Settings]) -> None:
    """Apply the settings that ``read`` returns. On failure, log it and keep the previous settings.

    A large file takes seconds to parse, and a new certificate a tenth of a second: both are done in a thread.
    The next poll finds a change made in the meantime.
    """
    _use(mock, await asyncio.to_thread(_prepared, mock, read))


def _prepared(mock: Running, read: Callable[[], Settings]) -> Settings | Exception:
    try:
        settings = read()
        if settings != mock.settings:
            mock.prepare(settings)
        return settings
    except Exception as error:
        return error


def _use(mock: Running, loaded: Settings | Exception) -> None:
    try:
        if isinstance(loaded, Exception):
            raise loaded
        if loaded != mock.settings:
            _apply(mock, loaded)
    except UsageError as error:
        logger.error("cannot reload the settings, keeping the previous settings: %s", error)
    except Exception as error:
        reason = one_line(f"{type(error).__name__}: {error}")
        logger.error("cannot reload the settings, keeping the previous settings: %s", reason)


def _apply(mock: Running, settings: Settings) -> None:
    need_restart = [
        name for name in FIXED if getattr(settings, name) != getattr(mock.settings_at_start, name)
    ]
    if _addresses(settings) != _addresses(mock.settings_at_start):
        need_restart.append("the addresses of listeners")
    before = mock.settings
    mock.apply(settings)
    logger.info("reloaded %s", settings.config)
    warn_of_passwords(settings, before)
    if need_restart:
        logger.warning("restart the server to apply: %s", ", ".join(need_restart))


def _addresses(settings: Settings) -> dict[str, tuple[str | None, int]]:
    """Host and port of each listener in the settings file."""
    return {name: (listener.host, listener.port) for name, listener in settings.listeners.items()}
