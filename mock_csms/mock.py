"""MockCsms: starts and stops everything that makes up a running mock central system."""

import asyncio
import errno
import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from socket import socket
from types import TracebackType
from typing import Self

import orjson

from mock_csms._version import __version__
from mock_csms.admission import hooks
from mock_csms.behaviour.templates import example
from mock_csms.control.serving import controlled
from mock_csms.csms import Csms, ServedVersion
from mock_csms.errors import CouldNotStart, NothingToDo, UsageError
from mock_csms.journal.file import JournalFile
from mock_csms.log.output import logger
from mock_csms.messages import JsonObject
from mock_csms.process import connections_within_open_file_limit
from mock_csms.security.listeners import Listener
from mock_csms.settings.check import check
from mock_csms.settings.listening_settings import LOWEST_TLS_PROFILE, MAIN_LISTENER, TLS_LISTENER
from mock_csms.settings.password_settings import warn_of_passwords
from mock_csms.settings.reload import watching
from mock_csms.settings.server_settings import Settings
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import Transaction
from mock_csms.text import one_line
from mock_csms.transport import listener
from mock_csms.transport.address import host_and_port, is_loopback, listening_socket
from mock_csms.verdict.judge import Judge


class MockCsms:
    """A mock central system that runs inside its context::

        async with MockCsms(Settings(port=0), VERSIONS) as mock:
            ...  # connect stations to mock.url

    ``versions`` are the OCPP versions to serve, by subprotocol, such as ``server.VERSIONS``. ``read`` loads
    the settings again; it is called when the settings file changes. Raises UsageError for invalid settings;
    entering the context raises CouldNotStart.
    """

    def __init__(
        self,
        settings: Settings,
        versions: Mapping[str, ServedVersion],
        *,
        read: Callable[[], Settings] | None = None,
    ) -> None:
        csms = self.csms = Csms(settings, versions)
        if flaw := check(settings, csms.ocpp_versions):
            raise UsageError(str(flaw))
        check_payload(settings, versions)
        csms.listeners.check()
        self._read = read
        self._stopped = asyncio.Event()
        self._judge = Judge(self.csms.records, settings.terms(self.csms.ocpp_versions), self.stop)
        self._running = AsyncExitStack()

    @property
    def url(self) -> str:
        """URL for stations, without their identity, such as ``ws://127.0.0.1:9000``."""
        return self.csms.listeners.url

    @property
    def wss_url(self) -> str:
        """URL for stations over TLS, without their identity; empty if no listener takes TLS."""
        return self.csms.listeners.wss_url

    @property
    def control_url(self) -> str:
        """Base URL of the control API, such as ``http://127.0.0.1:9001``; empty if it is off."""
        return self.csms.control

    async def __aenter__(self) -> Self:
        csms = self.csms
        load_schemas(csms)
        _check_folder(csms.settings.files)
        _open_pki(csms)
        async with AsyncExitStack() as starting:
            journal_file = await starting.enter_async_context(recording(csms))
            if journal_file:
                self._judge.lost_entries = lambda: journal_file.lost
            await starting.enter_async_context(listening(csms))
            await starting.enter_async_context(controlled(csms))
            starting.callback(csms.records.end)
            starting.callback(csms.refusals.end)
            starting.enter_context(ready_file(csms.settings.ready_file, csms))
            starting.callback(logger.info, "stopping")
            _log_banner(csms)
            starting.enter_context(self._judge.watching())
            if self._read:
                await starting.enter_async_context(watching(csms, self._read))
            self._running = starting.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._running.__aexit__(kind, error, traceback)

    def stop(self) -> None:
        """End the run, so that `wait_stopped` returns."""
        self._stopped.set()

    @property
    def is_stopping(self) -> bool:
        """Whether the run has ended, for one of the reasons that `wait_stopped` lists."""
        return self._stopped.is_set()

    async def wait_stopped(self) -> None:
        """Wait for `stop`, or for the end of the run: met expectations, --deadline or --exit-after."""
        await self._stopped.wait()

    def conclude(self) -> tuple[int, str]:
        """Write the reports that the settings name. Return the exit code and a summary of the run."""
        return self._judge.pronounce()


def _check_folder(files: Path | None) -> None:
    """Raise CouldNotStart if the folder of ``--files`` does not exist."""
    if files is not None and not files.is_dir():
        reason = "is not a folder" if files.exists() else "does not exist; create it"
        raise CouldNotStart(one_line(f"--files: {files} {reason}"))


def _open_pki(csms: Csms) -> None:
    """Make the missing files of the ``--pki`` folder now: later, this would stall the stations for
    seconds.

    Raises CouldNotStart.
    """
    if csms.settings.pki is not None:
        _ = csms.authority


def _log_banner(csms: Csms) -> None:
    versions = ", ".join(version.name for version in csms.ocpp_versions)
    logger.info("OCPP %s mock server %s", versions, __version__)
    _log_listeners(csms)
    if csms.control:
        logger.info("see the stations at %s, and the control API at %s/docs", csms.control, csms.control)
    commands = {command for served in csms.versions.values() for command in served.commands}
    logger.info("%d commands available, sending %s", len(commands), csms.settings.plan_in_words())
    if rules := len(list(csms.rulebook)):
        logger.info("rules: %d; repeat their random choices with --seed %d", rules, csms.rulebook.seed)
    if not csms.control and any(rule.enabled and rule.holds_answers for rule in csms.rulebook):
        logger.warning("a rule holds back answers that only the control API can release; omit --no-control")
    logger.info("--help shows the commands and the settings; Ctrl+C stops")


def _log_listeners(csms: Csms) -> None:
    listeners, profile = csms.listeners, csms.settings.security_profile
    hosts = listeners.hosts(MAIN_LISTENER)
    _log_places("point a station at", {host: listeners.url_from(host) for host in hosts})
    if csms.settings.public_url is None and all(map(is_loopback, hosts)):
        logger.info("a station on another machine needs --host 0.0.0.0")
    others = _other_urls(csms)
    if listeners.wss_url and listeners.wss_url not in {listeners.url, *others.values()}:
        first = listeners.with_tls[0]
        places = {host: first.url_from(host, LOWEST_TLS_PROFILE) for host in listeners.hosts(first.name)}
        _log_places("over TLS, point a station at", places)
    for name in others:
        urls = " or ".join(listeners.url_from(host, name) for host in listeners.hosts(name))
        logger.info("listener %s at %s: security profile %d", name, urls, listeners[name].security_profile)
    if profile:
        logger.info("stations need security profile %d", profile)
    if root_file := next((one.root_hint for one in listeners.with_tls if one.root_hint), ""):
        logger.info("for TLS, install %s in the station as the root certificate of the CSMS", root_file)


def _log_places(words: str, urls: Mapping[str, str]) -> None:
    """Log one line for each URL for stations; the keys of ``urls`` are the hosts of the URLs."""
    for number, (host, url) in enumerate(urls.items()):
        if number:
            words = "or, on this machine, at" if is_loopback(host) else "or at"
        logger.info("%s %s/<station id>", words, url)


def _other_urls(csms: Csms) -> dict[str, str]:
    """URLs of the ``[listeners]`` in the settings; also that of --tls-port if --port accepts TLS too."""
    listeners = csms.listeners
    is_announced = TLS_LISTENER not in listeners or listeners[TLS_LISTENER] is listeners.with_tls[0]
    names = list(csms.settings.listeners) if is_announced else [TLS_LISTENER, *csms.settings.listeners]
    return {name: listeners.url_of(name) for name in names}


def load_schemas(csms: Csms) -> None:
    """Read all schemas now, so that no message needs a free file descriptor; raises CouldNotStart."""
    for version in csms.ocpp_versions:
        try:
            version.load_schemas()
        except OSError as error:
            raise CouldNotStart(f"cannot read the schema {error.filename}: {error.strerror}") from None


@asynccontextmanager
async def listening(csms: Csms) -> AsyncIterator[None]:
    """Serve stations inside the context. At its end, close all connections with the close code 1001.

    Raises CouldNotStart.
    """
    settings = csms.settings
    warn_of_passwords(settings)
    csms.listeners.prepare()
    with ExitStack() as opening:
        ports = [(opening.enter_context(_station_socket(port)), port) for port in csms.listeners.values()]
        serving = listener.serve(
            ports,
            hooks(csms),
            max_message_size=settings.max_message_size,
            compression=settings.compression,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
            max_sockets=connections_within_open_file_limit(),
            file_requests=csms.file_requests,
        )
        async with serving:
            for sock, port in ports:
                port.address = host_and_port(*sock.getsockname()[:2])
            yield


def _station_socket(port: Listener) -> socket:
    try:
        return listening_socket(port.host, port.settings.port)
    except OSError as error:
        whose = "" if port.name == MAIN_LISTENER else f" for the listener {port.name}"
        raise CouldNotStart(
            f"cannot listen on {port.host} port {port.settings.port}{whose}: {error.strerror}"
            f"{_remedy(error, port)}"
        ) from None


def _remedy(error: OSError, port: Listener) -> str:
    """Return what to do about a port that is in use, as the end of a sentence."""
    if error.errno != errno.EADDRINUSE:
        return ""
    if port.name == MAIN_LISTENER:
        return "; choose another port with --port, or, if a mock runs there, use its control API"
    where = "with --tls-port" if port.name == TLS_LISTENER else f"in [listeners.{port.name}]"
    return f"; choose another port {where}"


@asynccontextmanager
async def recording(csms: Csms) -> AsyncIterator[JournalFile | None]:
    """Write the journal file, if any, and check for overdue messages every second, inside the context."""
    settings, feed = csms.settings, csms.records.feed
    journal_file = None
    if settings.journal:
        try:
            journal_file = JournalFile(settings.journal, settings.journal_rotate)
        except OSError as error:
            raise CouldNotStart(f"cannot write the journal {settings.journal}: {error.strerror}") from None
        csms.journal_file = journal_file
        feed.add(journal_file.write)
    ticking = asyncio.create_task(_tick_every_second(csms))
    try:
        yield journal_file
    finally:
        ticking.cancel()
        feed.flush()
        if journal_file:
            journal_file.close()


async def _tick_every_second(csms: Csms) -> None:
    guard = csms.records.guard
    while True:
        await asyncio.sleep(1)
        with guard.guarding("all stations", "looking for overdue messages"):
            csms.records.tick()
            csms.refusals.tick()
            csms.limit_memory()
        with guard.guarding("all stations", "sampling the counts"):
            csms.records.history.tick(len(csms.sessions))


@contextmanager
def ready_file(path: Path | None, csms: Csms) -> Iterator[None]:
    """Write the server's addresses to a file, atomically, and delete it at the end of the context.

    If ``path`` is None, do nothing.
    """
    if path is None:
        yield
        return
    content = orjson.dumps({**_addresses(csms), "pid": os.getpid()})
    try:
        own_status = _replace_regular_file(path, content)
    except OSError as error:
        raise CouldNotStart(f"cannot write the ready file {path}: {error.strerror}") from None
    try:
        yield
    finally:
        with suppress(OSError):
            # Another server, or a pipe with the same inode number, may have replaced the file.
            status = path.lstat()
            is_own = stat.S_ISREG(status.st_mode) and os.path.samestat(status, own_status)
            if is_own and path.read_bytes() == content:
                path.unlink()


def _addresses(csms: Csms) -> JsonObject:
    """Addresses for the ready file; addresses that are not served are left out."""
    listeners = csms.listeners
    addresses = {
        "ws": listeners.url if listeners.url.startswith("ws:") else "",
        "wss": listeners.wss_url,
        "control": csms.control,
        "listeners": _other_urls(csms),
    }
    return {name: address for name, address in addresses.items() if address}


def _replace_regular_file(path: Path, content: bytes) -> os.stat_result:
    """Write a file atomically and return its status; raises OSError if the path is not a regular file."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file; name a regular file or a new one")
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            status = os.fstat(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return status


def check_payload(settings: Settings, versions: Mapping[str, ServedVersion]) -> None:
    """Raise UsageError if a ``--payload``, also one set in ``[stations]``, does not fit its ``--command``."""
    csms = Csms(settings, versions)
    for identity, plan in [("", settings.profile("")), *settings.plans.items()]:
        if plan.command and plan.payload:
            for served in versions.values():
                _check_payload_of_version(served, plan.command, csms, identity)


def _check_payload_of_version(served: ServedVersion, command: str, csms: Csms, identity: str) -> None:
    """Raise UsageError if the ``--payload`` does not fit a command in one OCPP version.

    The payload is checked for a made-up station that has a transaction, because the default payload of some
    commands names a transaction.
    """
    if command in served.commands:
        station = Station(identity, transactions={"example": Transaction("example")})
        request = served.version.request(command)
        try:
            patch = served.build(command, csms, station)
            violation = request.violation_when_sent(patch)
        except NothingToDo:
            patch = example(csms.profile(identity).payload or {})
            violation = request.violation_of_patch(patch, is_sent=True)
        if violation:
            raise UsageError(f"--payload breaks the schema of {command}: {violation.found}")
        if flaw := served.version.flaw_of_command(command, patch):
            raise UsageError(f"{command} must not be sent: {flaw}")
