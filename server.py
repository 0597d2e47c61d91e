"""The door: read the settings, listen, give each connection to a ChargePoint, stop cleanly."""

import gc

if __name__ == "__main__":
    gc.disable()  # nothing of what is imported is garbage, and to look for some is a tenth of the start

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from charge_point import ChargePoint
from commands import COMMANDS, begin
from mock_csms import __version__
from mock_csms.behaviour.faults import Hang, HttpStatus, WrongSubprotocol
from mock_csms.control.serving import controlled
from mock_csms.csms import Csms, ServedVersion
from mock_csms.findings.observer import Observer
from mock_csms.journal import transcript
from mock_csms.log import output as log
from mock_csms.log.output import logger
from mock_csms.mock import check_payload, recording
from mock_csms.ocppj import Entrance, StationConnection
from mock_csms.settings import Settings, UsageError, read_settings
from mock_csms.settings.reload import watching
from mock_csms.text import CouldNotStart
from mock_csms.transport import handshake
from mock_csms.transport.address import host_and_port, listener
from mock_csms.v201.version import OCPP_2_0_1
from mock_csms.verdict.judge import Judge

WRONG_USAGE: Final = 2
COULD_NOT_START: Final = 3

VERSIONS: Final = {
    OCPP_2_0_1.subprotocol: ServedVersion(
        version=OCPP_2_0_1, charge_point=ChargePoint, commands=COMMANDS, observer=Observer
    )
}
"""OCPP versions that are served, by subprotocol."""

FASTEST_EVENT_LOOP: Final[Callable[[], asyncio.AbstractEventLoop]] = import_module(
    "uvloop" if find_spec("uvloop") else "asyncio"  # Windows has no uvloop
).new_event_loop

SMALL_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_max_window_bits=10, client_max_window_bits=10, compress_settings={"memLevel": 3}
)
"""permessage-deflate (OCPP-J 3.3) with windows that fit the messages and 10,000 stations in memory."""

LONGEST_QUEUE: Final = 1024
"""Connections that may wait to be accepted, as when a whole fleet comes back at once."""
SECONDS_TO_OPEN: Final = 10
"""How long an opening handshake may take."""
SECONDS_TO_CLOSE: Final = 3
"""How long a station may take to answer a close frame before its TCP connection is dropped."""
SECONDS_TO_SAY_GOODBYE: Final = 1.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until it is stopped; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["journal"]:
        return transcript.main(arguments[1:])
    read = partial(_read, arguments)
    try:
        settings = read()
        log.configure(settings.log_level, settings.log_format)
        with asyncio.Runner(loop_factory=FASTEST_EVENT_LOOP) as runner:
            return runner.run(run(settings, read))
    except UsageError as error:
        return _give_up(error, WRONG_USAGE)
    except CouldNotStart as error:
        return _give_up(error, COULD_NOT_START)


def _read(arguments: Sequence[str]) -> Settings:
    settings = read_settings(arguments, os.environ)
    check_payload(settings, VERSIONS)
    return settings


def _give_up(why: Exception, code: int) -> int:
    sys.stderr.write(f"server.py: {why}\n")
    return code


async def run(settings: Settings, read: Callable[[], Settings]) -> int:
    """Listen and serve until SIGINT, SIGTERM or the verdict; return its exit code. Raises CouldNotStart.

    ``read`` reads the settings again, when the file has changed that they come from.
    """
    csms = Csms(settings, VERSIONS)
    stop = asyncio.Event()
    judge = Judge(csms, stop.set)
    _allow_many_connections()
    with signals(stop):
        async with recording(csms), listening(csms), controlled(csms):
            with ready_file(settings.ready_file, csms):
                _begin_to_collect_garbage()
                _welcome(csms)
                with judge.watching():
                    async with watching(csms, read):
                        await stop.wait()
                logger.info("stopping")
            csms.records.end()
    code, summary = judge.pronounce()
    logger.info("stopped")
    log.flush()
    sys.stderr.write(f"{summary}\n")
    return code


def _begin_to_collect_garbage() -> None:
    """Look for garbage from now on, seldom, and never among what was there at the start."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)
    gc.enable()


def _allow_many_connections() -> None:
    """Have as many files open as the system lets this process; many start with leave for 1,024."""
    if find_spec("resource"):  # Windows has none
        resource = import_module("resource")
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _welcome(csms: Csms) -> None:
    logger.info("OCPP 2.0.1 mock server %s", __version__)
    logger.info("point a station at ws://%s/<station id>", csms.address)
    if csms.control:
        logger.info("control it at %s/docs", csms.control)
    logger.info("%d commands known, sending %s", len(COMMANDS), csms.settings.plan_in_words())
    if rules := len(list(csms.rulebook)):
        logger.info("rules: %d, chance is drawn from --seed %d", rules, csms.rulebook.seed)
    logger.info("--help shows the commands and the settings; Ctrl+C stops")


@asynccontextmanager
async def listening(csms: Csms) -> AsyncIterator[Server]:
    """Serve stations while the context lasts, then close all with 1001; raises CouldNotStart."""
    settings = csms.settings
    entrance = Entrance(
        partial(admit, csms),
        partial(enter, csms),
        seconds_to_open=SECONDS_TO_OPEN,
        seconds_to_close=SECONDS_TO_CLOSE,
    )
    try:
        server = await serve(
            ServerConnection.wait_closed,  # never asked to: the entrance serves
            sock=listener(settings.host, settings.port),
            create_connection=cast("type[ServerConnection]", partial(StationConnection, entrance)),
            select_subprotocol=_select_subprotocol,
            compression=None,
            extensions=[SMALL_DEFLATE] if settings.compression else None,
            backlog=LONGEST_QUEUE,
            max_size=settings.max_message_size,
            close_timeout=SECONDS_TO_CLOSE,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
        )
    except OSError as error:
        raise CouldNotStart(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}"
        ) from None
    csms.address = _address(server)
    try:
        yield server
    finally:
        await _say_goodbye(server, entrance)


async def _say_goodbye(server: Server, entrance: Entrance[StationConnection]) -> None:
    """Close every connection with 1001, and drop the TCP connection of those that do not answer."""
    server.close(code=CloseCode.GOING_AWAY, reason="the server stops")
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS_TO_SAY_GOODBYE):
            await server.wait_closed()
    for connection in list(entrance.connections):
        connection.drop()
    await server.wait_closed()


def _address(server: Server) -> str:
    return host_and_port(*next(iter(server.sockets)).getsockname()[:2])


def admit(csms: Csms, connection: StationConnection, request: Request) -> Response | None:
    """Let a station in by its identity, refuse it with 404 (OCPP-J 3.2), or say that the server is well."""
    if request.path == "/health" and "Upgrade" not in request.headers:
        return _health(connection)
    try:
        identity = handshake.identity(request.path)
    except handshake.BadIdentity as error:
        logger.warning("refused a connection from %s: %s", _peer(connection), error)
        csms.records.refused("", f"{_peer(connection)}: {error}")
        return connection.respond(HTTPStatus.NOT_FOUND, f"{error}\n")
    if len(csms.sessions) >= csms.settings.max_connections and identity not in csms.sessions:
        logger.warning("refused %s, there are %d connections already", identity, len(csms.sessions))
        csms.records.refused(identity, "there are too many connections already")
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "there are too many connections already\n")
    connection.name = identity
    return _inject_at_the_door(csms, connection)


def _inject_at_the_door(csms: Csms, connection: StationConnection) -> Response | None:
    """Let go wrong what a rule wants to go wrong at the opening handshake."""
    hit = csms.at_the_door(connection.name)
    if hit is None:
        return None
    connection.door_fault = fault = hit.then.fault
    logger.info("%s  injected by %s at the handshake: %s", connection.name, hit.rule, hit.then)
    if not isinstance(fault, HttpStatus):
        return None
    csms.records.refused(connection.name, str(fault), hit.rule.id)
    response = connection.respond(fault.status, f"{fault.status.phrase}, on purpose\n")
    if fault.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="OCPP"'
    return response


def _health(connection: ServerConnection) -> Response:
    body = orjson.dumps({"status": "ok", "version": __version__}).decode()
    response = connection.respond(HTTPStatus.OK, body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


def _select_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    fault = getattr(connection, "door_fault", None)
    if isinstance(fault, WrongSubprotocol):
        return Subprotocol(fault.subprotocol)
    chosen = handshake.choose_subprotocol(offered, VERSIONS)
    if chosen is None:
        logger.warning(
            "%s offers %s; this server speaks %s, the connection is closed",
            getattr(connection, "name", ""),
            ", ".join(offered) or "no subprotocol",
            ", ".join(VERSIONS),
        )
        return None
    return Subprotocol(chosen)


def enter(csms: Csms, connection: StationConnection) -> None:
    """Begin to serve a connection."""
    if connection.subprotocol is None:
        why = f"this server speaks {', '.join(VERSIONS)}"
        connection.spawn(connection.close(CloseCode.PROTOCOL_ERROR, why))
        return
    if isinstance(connection.door_fault, Hang):
        connection.spawn(connection.hang(connection.door_fault.seconds))
        return
    if connection.subprotocol not in VERSIONS:  # on purpose
        connection.spawn(connection.hang(None))
        return
    identity, peer = connection.name, _peer(connection)
    note = "" if handshake.is_identifier_string(identity) else ", its identity is no identifierString"
    logger.info("%s  connected from %s%s", identity, peer, note)
    charge_point = csms.versions[connection.subprotocol].charge_point(
        csms, csms.station(identity), connection
    )
    csms.connect(identity, charge_point)
    charge_point.recorder.connected(peer)
    connection.serve(identity, charge_point)
    begin(charge_point)


def _peer(connection: ServerConnection) -> str:
    address = connection.remote_address
    return f"{address[0]}:{address[1]}" if address else "somewhere"


@contextmanager
def signals(stop: asyncio.Event) -> Iterator[None]:
    """Let SIGINT and SIGTERM stop the server; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stop.is_set():
            logging.shutdown()
            os._exit(128 + number)
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        try:
            loop.add_signal_handler(number, on_signal, number)
        except NotImplementedError:  # the event loop of Windows
            signal.signal(number, lambda number, _: loop.call_soon_threadsafe(on_signal, number) and None)
    yield


@contextmanager
def ready_file(path: Path | None, csms: Csms) -> Iterator[None]:
    """Say in a file where the server listens, as long as it does; the file appears whole or not at all."""
    if path is None:
        yield
        return
    control = {"control": csms.control} if csms.control else {}
    content = orjson.dumps({"ws": f"ws://{csms.address}", **control, "pid": os.getpid()})
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise CouldNotStart(f"cannot write the ready file {path}: {error.strerror}") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
