"""Serves the control API in the event loop that serves the stations."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from mock_csms.csms import Csms
from mock_csms.errors import CouldNotStart
from mock_csms.transport import address
from mock_csms.transport.file_requests import FileRequests


@asynccontextmanager
async def controlled(csms: Csms) -> AsyncIterator[None]:
    """Serve the control API while the context lasts; raises CouldNotStart.

    The socket listens at once. The server is imported in a thread meanwhile, because its import takes longer
    than the rest of the start-up. Requests that arrive before the end of the import wait in the backlog of
    the socket.
    """
    if csms.settings.no_control:
        yield
        return
    host, port = csms.settings.control_address
    listener = _listener(host, port)
    csms.control = f"http://{address.host_and_port(*listener.getsockname()[:2])}"
    with TemporaryDirectory(prefix="ocpp2-mock-") as folder:
        uploads = csms.settings.files / "uploads" if csms.settings.files else Path(folder)

        def make_server(app: Any) -> Any:
            return app.server_of(app.make(csms, host, uploads), csms)

        stop = asyncio.Event()
        serving = asyncio.create_task(_serve(make_server, listener, csms.file_requests, stop))
        try:
            yield
        finally:
            stop.set()
            await serving
            listener.close()


def _listener(host: str, port: int) -> socket:
    try:
        return address.listening_socket(host, port)
    except OSError as error:
        raise CouldNotStart(
            f"cannot listen on {host} port {port} for the control API: {error.strerror}; "
            "choose another address with --control, or turn the control API off with --no-control"
        ) from None


async def _serve(
    make_server: Callable[[Any], Any],
    listener: socket,
    file_requests: FileRequests | None,
    stop: asyncio.Event,
) -> None:
    stopping = asyncio.create_task(stop.wait())
    loading = asyncio.create_task(_import_in_thread("mock_csms.control.app"))
    await asyncio.wait([loading, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not loading.done():
        loading.cancel()
        return
    gc.freeze()  # the imported modules live as long as the process
    server = make_server(loading.result())
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    if file_requests is not None:
        file_requests.open(server.protocol_for_station)
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.stop()
    await serving


async def _import_in_thread(name: str) -> Any:
    """Import a module in a daemon thread, so that an early stop does not wait for it."""
    loop, loaded = asyncio.get_running_loop(), asyncio.Event()

    def import_it() -> None:
        import_module(name)
        with suppress(RuntimeError):  # the loop was closed during the import
            loop.call_soon_threadsafe(loaded.set)

    Thread(target=import_it, daemon=True).start()
    await loaded.wait()
    return import_module(name)
