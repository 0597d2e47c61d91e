"""Scripts of bytes on a TCP connection, as parameters of tests, and steps that many scripts share."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest

from tests.support.wire import TEXT, Closing, Frame, Step, accepted, frame, refused, request

ACCEPTED = accepted("Sec-WebSocket-Protocol: ocpp2.0.1")
WITHOUT_SUBPROTOCOL = Closing(1002, "this server speaks ocpp2.0.1")
TOO_LONG = "x" * 8192


def call(message_id: object = 1) -> bytes:
    """Build a DataTransfer."""
    return b'[2,"%b","DataTransfer",{"vendorId":"V"}]' % str(message_id).encode()


def answer(message_id: object = 1) -> Frame:
    """Return the frame with which the server must answer the DataTransfer of `call`."""
    return Frame(TEXT, b'[3,"%b",{"status":"UnknownVendorId"}]' % str(message_id).encode())


NOT_UTF_8 = Closing(1007, "a text frame must be UTF-8")
NO_IDENTITY = refused("404 Not Found", text="the URL must end in the station's identity, as in /CS001\n")
LINE_TOO_LONG = refused(f"414 {HTTPStatus.REQUEST_URI_TOO_LONG.phrase}", about="8192 bytes")


def padded(size: int) -> bytes:
    """Build a DataTransfer of this many bytes."""
    return call() + b" " * (size - len(call()))


CALL = frame(TEXT, call())


@dataclass(frozen=True)
class Case:
    """A script and the settings of the server it runs against."""

    steps: tuple[Step, ...]
    settings: dict[str, Any] = field(default_factory=dict)


def case(name: str, *steps: Step | Iterable[Step], **settings: Any) -> Any:
    """Make a pytest parameter from a script; lists of steps are flattened."""
    flat: list[Step] = []
    for step in steps:
        flat.extend(step if isinstance(step, list) else [step])  # type: ignore[list-item]
    return pytest.param(Case(tuple(flat), settings), id=name)


def after_handshake(name: str, *steps: Step | Iterable[Step], **settings: Any) -> Any:
    """Make a pytest parameter from a script that begins after the handshake."""
    return case(name, request(), ACCEPTED, *steps, **settings)
