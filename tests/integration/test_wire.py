"""What goes over the wire, byte by byte: scripts of raw TCP, on both event loops."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest

from mock_csms import __version__
from mock_csms.csms import Csms
from mock_csms.mock import listening
from mock_csms.settings import Settings
from server import FASTEST_EVENT_LOOP, VERSIONS
from tests.conftest import LogLines, Serve
from tests.integration.test_faults import serving
from tests.support.station import PATIENCE
from tests.support.wire import (
    BINARY,
    CLOSE,
    CONT,
    FIN,
    OFFER,
    PING,
    PONG,
    RSV1,
    RSV2,
    RSV3,
    TEXT,
    Act,
    Closing,
    Deflate,
    Frame,
    Head,
    Matching,
    Step,
    Then,
    accepted,
    close,
    dialled,
    frame,
    header,
    pieces,
    play,
    refused,
    request,
    unmasked,
)

ACCEPTED = accepted("Sec-WebSocket-Protocol: ocpp2.0.1")
WITHOUT_SUBPROTOCOL = Closing(1002, "this server speaks ocpp2.0.1")
TOO_LONG = "x" * 8192


def call(message_id: object = 1) -> bytes:
    return b'[2,"%b","DataTransfer",{"vendorId":"V"}]' % str(message_id).encode()


def answer(message_id: object = 1) -> Frame:
    return Frame(TEXT, b'[3,"%b",{"status":"UnknownVendorId"}]' % str(message_id).encode())


NOT_TEXT = Frame(TEXT, b'[4,"-1","RpcFrameworkError","a message must be text",{}]')
NOT_JSON = Matching(rb'\[4,"-1","RpcFrameworkError","the frame is not valid JSON: .*",\{\}\]')
NOT_UTF_8 = Closing(1007, "a text frame must be UTF-8")


def padded(size: int) -> bytes:
    """Build a call of so many bytes."""
    return call() + b" " * (size - len(call()))


CALL = frame(TEXT, call())
HEARTBEAT = b'[2,"1","Heartbeat",{}]'
BEAT = rb'\[3,"1",\{"currentTime":"[-0-9T:.]+Z"\}\]'

type Script = tuple[Step, ...]


@dataclass(frozen=True)
class Case:
    steps: Script
    settings: dict[str, Any] = field(default_factory=dict)


def case(name: str, *steps: Step | Iterable[Step], **settings: Any) -> Any:
    """Make a parameter of a script; steps that are a list are taken one after the other."""
    flat: list[Step] = []
    for step in steps:
        flat.extend(step if isinstance(step, list) else [step])  # type: ignore[list-item]
    return pytest.param(Case(tuple(flat), settings), id=name)


def opened(name: str, *steps: Step | Iterable[Step], **settings: Any) -> Any:
    """Make a parameter of a script that begins when the connection is open."""
    return case(name, request(), ACCEPTED, *steps, **settings)


def fails(name: str, sent: bytes | list[bytes], code: int, about: str, **settings: Any) -> Any:
    """Make a parameter of a script in which `websockets` finds a reason to end an open connection."""
    return opened(name, sent, Closing(code, about=about), Then.ENDED, **settings)


def bad_request(name: str, sent: bytes, about: str) -> Any:
    return case(name, sent, refused("400 Bad Request", about=about), Then.ENDED)


def not_http(name: str, sent: bytes) -> Any:
    """Make a parameter of a script that is no HTTP request, which `websockets` leaves without an answer."""
    return case(name, sent, Then.ENDED)


def no_upgrade(name: str, headers: dict[str, str | None]) -> Any:
    expected = refused("426 Upgrade Required", "Upgrade: websocket", about="header")
    return case(name, request(headers=headers), expected, Then.ENDED)


def not_found(name: str, target: str, text: str) -> Any:
    return case(name, request(target), refused("404 Not Found", text=f"{text}\n"), Then.ENDED)


NO_IDENTITY = refused("404 Not Found", text="the URL must end in the station's identity, as in /CS001\n")
LINE_TOO_LONG = refused(f"414 {HTTPStatus.REQUEST_URI_TOO_LONG.phrase}", about="8192 bytes")
NO_UPGRADE: dict[str, str | None] = {"Upgrade": None, "Connection": None}
HEALTH = Head(
    "200 OK",
    ("Connection: close", "Content-Type: application/json"),
    text=f'{{"status":"ok","version":"{__version__}"}}',
)

HANDSHAKES = [
    case("as it should be", request(), ACCEPTED, Then.OPEN),
    case(
        "names and values in another case",
        request(headers={"Upgrade": None, "Connection": None}).replace(
            b"\r\n\r\n", b"\r\nUPGRADE: WebSocket\r\nconnection: keep-alive, upgrade\r\n\r\n"
        ),
        ACCEPTED,
        Then.OPEN,
    ),
    case("a Connection in two lines", request("/CS1", None, "Connection: keep-alive"), ACCEPTED, Then.OPEN),
    case("no Host", request(headers={"Host": None}), ACCEPTED, Then.OPEN),
    no_upgrade("no Upgrade", {"Upgrade": None}),
    no_upgrade("another Upgrade", {"Upgrade": "h2c"}),
    no_upgrade("two Upgrades", {"Upgrade": "h2c, websocket"}),
    no_upgrade("no Connection", {"Connection": None}),
    no_upgrade("another Connection", {"Connection": "keep-alive"}),
    bad_request("no key", request(headers={"Sec-WebSocket-Key": None}), "Sec-WebSocket-Key"),
    bad_request("a short key", request(headers={"Sec-WebSocket-Key": "AAAA"}), "Sec-WebSocket-Key"),
    bad_request("a key that is not base64", request(headers={"Sec-WebSocket-Key": "?"}), "Sec-WebSocket-Key"),
    bad_request("two keys", request("/CS1", None, "Sec-WebSocket-Key: AAAA"), "Sec-WebSocket-Key"),
    bad_request("no version", request(headers={"Sec-WebSocket-Version": None}), "Sec-WebSocket-Version"),
    bad_request("version 12", request(headers={"Sec-WebSocket-Version": "12"}), "Sec-WebSocket-Version"),
    bad_request(
        "a malformed subprotocol",
        request(headers={"Sec-WebSocket-Protocol": "ocpp2.0.1;x"}),
        "Sec-WebSocket-Protocol",
    ),
    bad_request(
        "a malformed extension",
        request("/CS1", None, "Sec-WebSocket-Extensions: ;"),
        "Sec-WebSocket-Extensions",
    ),
    not_http("a header without a colon", request("/CS1", None, "nothing")),
    not_http("a header with a space in its name", request("/CS1", None, "a b: c")),
    not_http("lines that end in LF", request().replace(b"\r\n", b"\n")),
    not_http("no target", b"GET\r\n\r\n"),
    not_http("HTTP/2.0", request(version="HTTP/2.0")),
    not_http("a target that is not ASCII", request("/\u00c4")),
    not_http("a ClientHello of TLS", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\r\n\r\n"),
    not_http("a body", request("/CS1", None, "Content-Length: 2") + b"{}"),
    not_http("a body in chunks", request("/CS1", None, "Transfer-Encoding: chunked")),
    case("an empty body", request("/CS1", None, "Content-Length: 0"), ACCEPTED, Then.OPEN),
    case(
        "HTTP/1.0",
        request(version="HTTP/1.0"),
        refused("505 HTTP Version Not Supported", about="HTTP/1.0"),
        Then.ENDED,
    ),
    case(
        "POST",
        request(method="POST"),
        refused("405 Method Not Allowed", "Allow: GET", about="POST"),
        Then.ENDED,
    ),
    case("an empty path", request("/"), NO_IDENTITY, Then.ENDED),
    case("no path", request(""), NO_IDENTITY, Then.ENDED),
    not_found(
        "an identity that is too long", f"/{'x' * 49}", "the station identity must be at most 48 characters"
    ),
    not_found("an identity that is not UTF-8", "/%FF", "the station identity must be percent-encoded UTF-8"),
    not_found("a colon", "/CS:1", "the station identity must have no colon and no control characters"),
    case("an identity with percent signs", request("/ocpp/%C3%84%201"), ACCEPTED, Then.OPEN),
    case("a target with a query", request("/CS1?token=1"), ACCEPTED, Then.OPEN),
    case("a target with a host", request("http://x/CS1"), ACCEPTED, Then.OPEN),
    case(
        "several subprotocols",
        request(headers={"Sec-WebSocket-Protocol": "ocpp1.6, ocpp2.0.1"}),
        ACCEPTED,
        Then.OPEN,
    ),
    case(
        "subprotocols in two lines",
        request("/CS1", {"Sec-WebSocket-Protocol": "ocpp1.6"}, "Sec-WebSocket-Protocol: ocpp2.0.1"),
        ACCEPTED,
        Then.OPEN,
    ),
    case(
        "no subprotocol",
        request(headers={"Sec-WebSocket-Protocol": None}),
        accepted(),
        WITHOUT_SUBPROTOCOL,
        Then.SILENT,
        close(1002),
        Then.ENDED,
    ),
    case(
        "an unknown subprotocol",
        request(headers={"Sec-WebSocket-Protocol": "ocpp1.6"}),
        accepted(),
        WITHOUT_SUBPROTOCOL,
        Then.SILENT,
        close(1002),
        Then.ENDED,
    ),
    case(
        "a subprotocol in another case",
        request(headers={"Sec-WebSocket-Protocol": "OCPP2.0.1"}),
        accepted(),
        WITHOUT_SUBPROTOCOL,
        close(),
        Then.ENDED,
    ),
    case("byte by byte", pieces(request()), ACCEPTED, Then.OPEN),
    case("cut in the empty line", pieces(request(), -3), ACCEPTED, Then.OPEN),
    case("half of it", request()[:80], Then.SILENT),
    case("half of it and a FIN", request()[:80], Act.END, Then.ENDED),
    case("nothing and a FIN", Act.END, Then.ENDED),
    case("with the first call", request() + CALL, ACCEPTED, answer(), Then.OPEN),
    case("with half of the first call", request() + CALL[:9], ACCEPTED, CALL[9:], answer(), Then.OPEN),
    case(
        "with two calls, a ping and a call",
        request() + CALL + frame(TEXT, call(2)) + frame(PING, b"x") + frame(TEXT, call(3)),
        ACCEPTED,
        [answer(), answer(2), Frame(PONG, b"x"), answer(3)],
        Then.OPEN,
    ),
    case("with a close frame", request() + close(1000), ACCEPTED, Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    case("a second request", request(), ACCEPTED, request(), Closing(1002, about="opcode"), Then.ENDED),
    case("a refused request and a call", request("/") + CALL, NO_IDENTITY, CALL, Then.ENDED),
    case("two refused requests", request("/") * 2, NO_IDENTITY, Then.ENDED),
    case(
        "a request line over the limit",
        request(f"/{TOO_LONG}"),
        LINE_TOO_LONG,
        Then.ENDED,
    ),
    case(
        "a header over the limit",
        request("/CS1", {"X": TOO_LONG}),
        refused("431 Request Header Fields Too Large", about="8192 bytes"),
        Then.ENDED,
    ),
    case(
        "too many headers",
        request("/CS1", None, *["X: y"] * 123),
        refused("431 Request Header Fields Too Large", about="128 headers"),
        Then.ENDED,
    ),
    case("just as many headers as are allowed", request("/CS1", None, *["X: y"] * 122), ACCEPTED, Then.OPEN),
    *(
        case(f"{method} of /health", request("/health", NO_UPGRADE, method=method), HEALTH, Then.ENDED)
        for method in ("GET", "HEAD", "POST")
    ),
    case("an upgrade of /health", request("/health"), ACCEPTED, Then.OPEN),
]

CALLS = [frame(TEXT, call(number)) for number in range(20)]
BURST = b"".join(CALLS)
ANSWERS = [answer(number) for number in range(20)]
TAKEN_AT_ONCE = 8
"""Messages in one packet that are answered before control frames behind them are."""

MESSAGES = [
    opened("a call", CALL, answer(), Then.OPEN),
    opened("a Heartbeat", frame(TEXT, HEARTBEAT), Matching(BEAT), Then.OPEN),
    opened("byte by byte", pieces(CALL), answer(), Then.OPEN),
    opened("two byte by byte", pieces(CALL + frame(TEXT, call(2))), answer(), answer(2), Then.OPEN),
    opened("cut after the first byte", pieces(CALL, 1), answer(), Then.OPEN),
    opened("cut after the length", CALL[:2], Then.SILENT, CALL[2:], answer(), Then.OPEN),
    opened("cut in the mask", CALL[:4], Then.SILENT, CALL[4:], answer(), Then.OPEN),
    opened("cut after the mask", CALL[:6], Then.SILENT, CALL[6:], answer(), Then.OPEN),
    opened("cut in the data", CALL[:-1], Then.SILENT, CALL[-1:], answer(), Then.OPEN),
    opened("cut in a length of two bytes", pieces(frame(TEXT, padded(126)), 3), answer(), Then.OPEN),
    opened("cut in a length of eight bytes", pieces(frame(TEXT, padded(2**16)), 5, 11), answer(), Then.OPEN),
    opened("two in one packet", CALL + frame(TEXT, call(2)), answer(), answer(2), Then.OPEN),
    opened(
        "one and a half in one packet", CALL + CALL[:9], answer(), Then.SILENT, CALL[9:], answer(), Then.OPEN
    ),
    opened("20 in one packet", BURST, ANSWERS, Then.OPEN),
    opened("20 in one packet, then another", BURST, frame(TEXT, call(20)), ANSWERS, answer(20), Then.OPEN),
    opened("20 in two packets cut in a frame", pieces(BURST, 500), ANSWERS, Then.OPEN),
    opened(
        "20 and a ping behind the third",
        b"".join([*CALLS[:3], frame(PING, b"x"), *CALLS[3:]]),
        [*ANSWERS[:3], Frame(PONG, b"x"), *ANSWERS[3:]],
        Then.OPEN,
    ),
    opened(
        "20 and a ping",
        BURST + frame(PING, b"x"),
        [*ANSWERS[:TAKEN_AT_ONCE], Frame(PONG, b"x"), *ANSWERS[TAKEN_AT_ONCE:]],
        Then.OPEN,
    ),
    opened(
        "20 and a close frame",
        BURST + close(1000),
        [*ANSWERS[:TAKEN_AT_ONCE], Frame(CLOSE, b"\x03\xe8")],
        Then.ENDED,
    ),
    opened("20 and a FIN", BURST, Act.END, ANSWERS, Then.ENDED),
    opened("a call and a close frame", CALL + close(1000), answer(), Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    opened(
        "a call and a frame that is wrong",
        CALL + frame(3) + CALL,
        answer(),
        Closing(1002, about="opcode"),
        Then.ENDED,
    ),
    opened("no data", frame(TEXT), NOT_JSON, Then.OPEN),
    opened("not JSON", frame(TEXT, b"hello"), NOT_JSON, Then.OPEN),
    opened(
        "a length of two bytes where one is enough", frame(TEXT, call(), length_bytes=2), answer(), Then.OPEN
    ),
    opened(
        "a length of eight bytes where one is enough",
        frame(TEXT, call(), length_bytes=8),
        answer(),
        Then.OPEN,
    ),
    opened(
        "just as long as is allowed", frame(TEXT, padded(1000)), answer(), Then.OPEN, max_message_size=1000
    ),
]


def fragments(*parts: bytes, opcode: int = TEXT) -> list[bytes]:
    first, *between, last = parts
    return [
        frame(opcode, first, fin=False),
        *(frame(CONT, part, fin=False) for part in between),
        frame(CONT, last),
    ]


PARTS = call()[:10], call()[10:20], call()[20:]
UMLAUT = '[2,"1","DataTransfer",{"vendorId":"Ä"}]'.encode()
FIRST, *REST = fragments(*PARTS)

FRAGMENTS = [
    opened("three", fragments(*PARTS), answer(), Then.OPEN),
    opened("three in one packet", b"".join(fragments(*PARTS)), answer(), Then.OPEN),
    opened("three byte by byte", pieces(b"".join(fragments(*PARTS))), answer(), Then.OPEN),
    opened("empty ones", fragments(b"", call(), b"", b""), answer(), Then.OPEN),
    opened("cut in a character", fragments(*pieces(UMLAUT, UMLAUT.index(b"\xc3") + 1)), answer(), Then.OPEN),
    opened("a ping between", FIRST, frame(PING, b"x"), Frame(PONG, b"x"), REST, answer(), Then.OPEN),
    opened(
        "a ping between, in one packet",
        FIRST + frame(PING, b"x") + b"".join(REST),
        Frame(PONG, b"x"),
        answer(),
        Then.OPEN,
    ),
    opened("a pong between", FIRST, frame(PONG, b"x"), REST, answer(), Then.OPEN),
    opened("a call after them", fragments(*PARTS), answer(), CALL, answer(), Then.OPEN),
    opened("the first only", FIRST, Then.OPEN),
    opened("the first only and a FIN", FIRST, Act.END, Then.ENDED),
    opened("a binary message", frame(BINARY, call()), NOT_TEXT, Then.OPEN),
    opened("a binary message in three", fragments(*PARTS, opcode=BINARY), NOT_TEXT, Then.OPEN),
    fails("none that it continues", frame(CONT, call()), 1002, "continuation"),
    fails("a text between", [FIRST, CALL], 1002, "continuation"),
    fails("a binary message between", [FIRST, frame(BINARY, b"x")], 1002, "continuation"),
    fails("a close frame between", [FIRST, close(1000)], 1002, "incomplete"),
    fails("together too long", fragments(b" " * 600, b" " * 401), 1009, "limit", max_message_size=1000),
    opened(
        "together just as long as is allowed",
        fragments(call(), b" " * (1000 - len(call()))),
        answer(),
        Then.OPEN,
        max_message_size=1000,
    ),
]

LONGEST = b"p" * 125
CONTROL_FRAMES = [
    opened("a ping", frame(PING, b"hello"), Frame(PONG, b"hello"), Then.OPEN),
    opened("a ping without data", frame(PING), Frame(PONG), Then.OPEN),
    opened("the longest ping", frame(PING, LONGEST), Frame(PONG, LONGEST), Then.OPEN),
    opened("a ping byte by byte", pieces(frame(PING, b"hello")), Frame(PONG, b"hello"), Then.OPEN),
    opened(
        "three pings in one packet",
        frame(PING, b"1") + frame(PING, b"2") + frame(PING, b"3"),
        Frame(PONG, b"1"),
        Frame(PONG, b"2"),
        Frame(PONG, b"3"),
        Then.OPEN,
    ),
    opened("a pong that answers nothing", frame(PONG, b"hello"), Then.OPEN),
    opened("a pong without data", frame(PONG), Then.OPEN),
    fails("a ping that is too long", frame(PING, b"p" * 126), 1002, "too long"),
    fails("a pong that is too long", frame(PONG, b"p" * 126), 1002, "too long"),
    fails("a fragmented ping", frame(PING, b"hello", fin=False), 1002, "fragmented"),
    fails("a ping that is not masked", unmasked(PING, b"hello"), 1002, "masking"),
]

VIOLATIONS = [
    fails("not masked", unmasked(TEXT, call()), 1002, "masking"),
    opened("half a frame that is not masked", unmasked(TEXT, call())[:-1], Then.SILENT),
    fails("the first reserved bit", frame(TEXT, call(), rsv=RSV1), 1002, "reserved"),
    fails("the second reserved bit", frame(TEXT, call(), rsv=RSV2), 1002, "reserved"),
    fails("the third reserved bit", frame(TEXT, call(), rsv=RSV3), 1002, "reserved"),
    fails("a reserved bit of a ping", frame(PING, rsv=RSV1), 1002, "reserved"),
    *(fails(f"opcode {opcode}", frame(opcode), 1002, "opcode") for opcode in (0x3, 0x7, 0xB, 0xF)),
    opened("not UTF-8", frame(TEXT, b'[2,"\xff"]'), NOT_UTF_8, Then.ENDED),
    opened("not UTF-8 in fragments", fragments(b'["\xff', b'"]'), NOT_UTF_8, Then.ENDED),
    opened("a call after it", frame(TEXT, b"\xff") + CALL, NOT_UTF_8, Then.ENDED),
    fails("a frame over the limit", frame(TEXT, padded(1001)), 1009, "limit", max_message_size=1000),
    fails("a header over the limit", header(FIN | TEXT, 1001), 1009, "limit", max_message_size=1000),
    fails("a header over the limit of 1 MiB", header(FIN | TEXT, 2**20 + 1), 1009, "limit"),
    fails("a length with its first bit set", header(FIN | TEXT, 2**63), 1009, "limit"),
    fails("a header over the limit, byte by byte", pieces(header(FIN | TEXT, 2**20 + 1)), 1009, "limit"),
    fails("a ping over the limit", header(FIN | PING, 1001), 1009, "limit", max_message_size=1000),
    opened("data after it", frame(0x3), CALL, CALL, Closing(1002, about="opcode"), Then.ENDED),
]


def echoed(name: str, data: bytes) -> Any:
    return opened(name, frame(CLOSE, data), Frame(CLOSE, data), Then.ENDED)


CLOSES = [
    echoed("1000", b"\x03\xe8"),
    echoed("no code", b""),
    echoed("1000 with a reason", b"\x03\xe8good bye"),
    echoed("1001", b"\x03\xe9"),
    echoed("1011", b"\x03\xf3"),
    echoed("3000", b"\x0b\xb8"),
    echoed("4999", b"\x13\x87"),
    echoed("the longest reason", b"\x03\xe8" + b"r" * 123),
    opened("byte by byte", pieces(close(1000)), Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    opened("data after it", close(1000), CALL, frame(PING), Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    opened("data after it, in one packet", close(1000) + CALL, Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    opened("another after it", close(1000), close(1001), Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    opened("a FIN after it", close(1000), Act.END, Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    opened("a FIN alone", Act.END, Then.ENDED),
    opened("a FIN after a call", CALL, Act.END, answer(), Then.ENDED),
    opened("a FIN in a frame", CALL[:9], Act.END, Then.ENDED),
    opened("a FIN in a header", CALL[:1], Act.END, Then.ENDED),
    *(
        fails(f"code {code}", close(code), 1002, "code")
        for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)
    ),
    fails("one byte", frame(CLOSE, b"\x03"), 1002, "short"),
    fails("too long", close(1000, b"r" * 124), 1002, "too long"),
    fails("fragmented", frame(CLOSE, b"\x03\xe8", fin=False), 1002, "fragmented"),
    fails("a reason that is not UTF-8", close(1000, b"\xff"), 1007, ""),
    opened("a fault that sends a RST", CALL, Then.WAS_RESET, faults="DataTransfer:reset"),
]

AGREED = "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10"


COMPRESSING = accepted("Sec-WebSocket-Protocol: ocpp2.0.1", f"Sec-WebSocket-Extensions: {AGREED}")


def deflated(
    name: str, *steps: Step | Iterable[Step], offer: str = OFFER, agreed: str = AGREED, **settings: Any
) -> Any:
    """Make a parameter of a script that begins when a connection with compression is open."""
    head = accepted("Sec-WebSocket-Protocol: ocpp2.0.1", f"Sec-WebSocket-Extensions: {agreed}")
    return case(name, request("/CS1", {"Sec-WebSocket-Extensions": offer}), head, *steps, **settings)


def declined(name: str, offer: str, **settings: Any) -> Any:
    """Make a parameter of a script in which the server takes nothing of what is offered, and works."""
    return case(
        name,
        request("/CS1", {"Sec-WebSocket-Extensions": offer}),
        ACCEPTED,
        CALL,
        answer(),
        Then.OPEN,
        **settings,
    )


def compressed(data: bytes) -> bytes:
    return frame(TEXT, Deflate().compress(data), rsv=RSV1)


def both_compressed() -> list[bytes]:
    """Two messages of which the second refers to the first."""
    deflate = Deflate()
    return [frame(TEXT, deflate.compress(HEARTBEAT), rsv=RSV1) for _ in range(2)]


BEAT_COMPRESSED = Matching(BEAT, compressed=True)
WHOLE = Deflate().compress(HEARTBEAT)
BOMB = Deflate().compress(b" " * 100_000)

COMPRESSION = [
    deflated("a Heartbeat", compressed(HEARTBEAT), BEAT_COMPRESSED, Then.OPEN),
    deflated("a Heartbeat byte by byte", pieces(compressed(HEARTBEAT)), BEAT_COMPRESSED, Then.OPEN),
    deflated("two in one packet", b"".join(both_compressed()), BEAT_COMPRESSED, BEAT_COMPRESSED, Then.OPEN),
    deflated(
        "a Heartbeat in fragments",
        frame(TEXT, WHOLE[:5], fin=False, rsv=RSV1),
        frame(PING, b"x"),
        Frame(PONG, b"x"),
        frame(CONT, WHOLE[5:]),
        BEAT_COMPRESSED,
        Then.OPEN,
    ),
    deflated("a Heartbeat that is not compressed", frame(TEXT, HEARTBEAT), BEAT_COMPRESSED, Then.OPEN),
    case(
        "with the handshake",
        request("/CS1", {"Sec-WebSocket-Extensions": OFFER}) + compressed(HEARTBEAT),
        COMPRESSING,
        BEAT_COMPRESSED,
        Then.OPEN,
    ),
    deflated("a ping is not compressed", frame(PING, b"x" * 100), Frame(PONG, b"x" * 100), Then.OPEN),
    deflated("closing", close(1000), Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    deflated(
        "a window of the server that is smaller",
        compressed(HEARTBEAT),
        BEAT_COMPRESSED,
        Then.OPEN,
        offer=f"{OFFER}; server_max_window_bits=9",
        agreed="permessage-deflate; server_max_window_bits=9; client_max_window_bits=10",
    ),
    deflated(
        "no context of the server",
        compressed(HEARTBEAT),
        BEAT_COMPRESSED,
        Then.OPEN,
        offer=f"{OFFER}; server_no_context_takeover",
        agreed=AGREED.replace("; ", "; server_no_context_takeover; ", 1),
    ),
    deflated(
        "no context of the client",
        compressed(HEARTBEAT),
        BEAT_COMPRESSED,
        compressed(HEARTBEAT),
        BEAT_COMPRESSED,
        Then.OPEN,
        offer=f"{OFFER}; client_no_context_takeover",
        agreed=AGREED.replace("; ", "; client_no_context_takeover; ", 1),
    ),
    deflated(
        "a window of the client that cannot be limited",
        frame(TEXT, Deflate(window_bits=15).compress(HEARTBEAT), rsv=RSV1),
        BEAT_COMPRESSED,
        Then.OPEN,
        offer="permessage-deflate",
        agreed="permessage-deflate; server_max_window_bits=10",
    ),
    deflated(
        "the second offer",
        compressed(HEARTBEAT),
        BEAT_COMPRESSED,
        Then.OPEN,
        offer=f"permessage-deflate; nonsense, {OFFER}",
    ),
    deflated(
        "an offer of twice the same",
        compressed(HEARTBEAT),
        BEAT_COMPRESSED,
        Then.OPEN,
        offer=f"{OFFER}, {OFFER}",
    ),
    declined("switched off", OFFER, compression=False),
    declined("a parameter that does not exist", f"{OFFER}; nonsense"),
    declined("a parameter twice", f"{OFFER}; client_max_window_bits"),
    declined("a window of no size", f"{OFFER}; server_max_window_bits=99"),
    declined("another extension", "x-webkit-deflate-frame"),
    fails("compressed without an offer", compressed(HEARTBEAT), 1002, "reserved"),
    deflated(
        "not deflate",
        frame(TEXT, b"\xff\xff\xff", rsv=RSV1),
        Closing(1002, about="decompression"),
        Then.ENDED,
    ),
    deflated("a compressed ping", frame(PING, rsv=RSV1), Closing(1002, about="reserved"), Then.ENDED),
    deflated(
        "another reserved bit", frame(TEXT, HEARTBEAT, rsv=RSV2), Closing(1002, about="reserved"), Then.ENDED
    ),
    deflated(
        "a compressed continuation",
        frame(TEXT, WHOLE[:5], fin=False, rsv=RSV1),
        frame(CONT, WHOLE[5:], rsv=RSV1),
        Closing(1002, about="RSV1"),
        Then.ENDED,
    ),
    deflated("not UTF-8", compressed(b"\xff"), NOT_UTF_8, Then.ENDED),
    deflated(
        "too long when inflated",
        frame(TEXT, BOMB, rsv=RSV1),
        Closing(1009, about="limit"),
        Then.ENDED,
        max_message_size=1000,
    ),
]

CASES = {
    "handshake": HANDSHAKES,
    "message": MESSAGES,
    "fragments": FRAGMENTS,
    "control frame": CONTROL_FRAMES,
    "violation": VIOLATIONS,
    "close": CLOSES,
    "compression": COMPRESSION,
}
ALL = [
    pytest.param(*parameter.values, id=f"{group}: {parameter.id}")
    for group, parameters in CASES.items()
    for parameter in parameters
]


@pytest.fixture(autouse=True)
def short_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long for the connections that are left when a test ends."""
    monkeypatch.setattr("mock_csms.transport.listener.SHUTDOWN_TIMEOUT", 0.05)


@pytest.mark.parametrize("script", ALL)
async def test_answer_to_raw_bytes(serve: Serve, script: Case) -> None:
    await play(await serve(**script.settings), script.steps)


@pytest.mark.parametrize("group", CASES)
def test_answers_are_the_same_on_the_event_loop_of_the_server(group: str) -> None:
    """All scripts of a group one after the other, on one server for each of the settings."""

    async def run() -> None:
        async with serving() as serve:
            servers: dict[str, Csms] = {}
            for parameter in CASES[group]:
                (script,) = parameter.values
                csms = servers.get(repr(script.settings)) or await serve(**script.settings)
                servers[repr(script.settings)] = csms
                try:
                    await play(csms, script.steps)
                except BaseException as error:
                    error.add_note(f"in the script {parameter.id!r}")
                    raise

    with asyncio.Runner(loop_factory=FASTEST_EVENT_LOOP) as runner:
        runner.run(run())


NO_SUBPROTOCOL = request(headers={"Sec-WebSocket-Protocol": None})

UNFINISHED = [
    case("after a refused handshake", request("/"), NO_IDENTITY, Then.DROPPED),
    case("after what is not HTTP", b"x\r\n\r\n", Then.DROPPED),
    case("after a request line over the limit", request(f"/{TOO_LONG}"), LINE_TOO_LONG, Then.DROPPED),
    case(
        "after the close frame of the server", NO_SUBPROTOCOL, accepted(), WITHOUT_SUBPROTOCOL, Then.DROPPED
    ),
    opened("after its own close frame", close(1000), Frame(CLOSE, b"\x03\xe8"), Then.DROPPED),
    opened("after a violation", frame(0x3), Closing(1002, about="opcode"), Then.DROPPED),
    opened("after a text that is not UTF-8", frame(TEXT, b"\xff"), NOT_UTF_8, Then.DROPPED),
]


@pytest.mark.parametrize("script", UNFINISHED)
async def test_station_that_does_not_end_its_connection_is_dropped(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, script: Case
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.CLOSE_TIMEOUT", 0.05)
    await play(await serve(), script.steps)


async def test_close_frame_is_read_though_a_call_came_with_a_handshake_without_subprotocol(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.CLOSE_TIMEOUT", 0.05)
    await play(
        await serve(), [NO_SUBPROTOCOL + CALL, accepted(), WITHOUT_SUBPROTOCOL, close(1002), Then.ENDED]
    )


ENDS = [
    pytest.param(
        [close(1000, b"bye"), Frame(CLOSE, b"\x03\xe8bye"), Then.ENDED],
        "close code 1000 bye",
        id="close frame",
    ),
    pytest.param([close(), Frame(CLOSE), Then.ENDED], "close code 1005", id="close frame without a code"),
    pytest.param([Act.END, Then.ENDED], "without a close frame", id="FIN"),
    pytest.param([Act.RESET], "without a close frame", id="RST"),
    pytest.param(
        [frame(0x3), Closing(1002, about="opcode"), Then.ENDED], "without a close frame", id="violation"
    ),
    pytest.param(
        [frame(TEXT, b"\xff"), NOT_UTF_8, close(1007), Then.ENDED],
        "without a close frame",
        id="text that is not UTF-8",
    ),
]


@pytest.mark.parametrize(("steps", "words"), ENDS)
async def test_log_says_how_a_connection_ended(
    serve: Serve, log_lines: LogLines, steps: list[Step], words: str
) -> None:
    csms = await serve()
    await play(csms, [request(), ACCEPTED, *steps])
    [line] = await log_lines.wait_for("CS1", "disconnected")
    assert line == f"CS1  disconnected ({words})"
    await play(csms, [request(), ACCEPTED, CALL, answer(), Then.OPEN])


async def test_replaced_connection_is_closed_and_answers_nothing_more(serve: Serve) -> None:
    csms = await serve()
    async with dialled(csms) as old, dialled(csms) as new:
        await old.play(request(), ACCEPTED)
        await new.play(request(), ACCEPTED)
        await old.play(Closing(1000, "replaced by a new connection"), CALL, Then.SILENT)
        await old.play(frame(PING, b"x"), Frame(PONG, b"x"), close(1000), Then.ENDED)
        await new.play(CALL, answer(), Then.OPEN)


async def test_stopping_closes_with_1001_and_refuses_a_handshake_that_completes_with_503(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.SHUTDOWN_TIMEOUT", PATIENCE)
    csms = Csms(Settings.model_validate({"port": 0}), VERSIONS)
    context = listening(csms)
    await context.__aenter__()
    async with dialled(csms) as open_one, dialled(csms) as half_open:
        await open_one.play(request(), ACCEPTED, Then.OPEN)
        await half_open.play(request()[:80], Then.SILENT)
        stopping = asyncio.create_task(context.__aexit__(None, None, None))
        await open_one.play(Closing(1001, "the server is shutting down"))
        stopped = refused("503 Service Unavailable", text="the server is shutting down\n")
        await half_open.play(request()[80:], stopped, Then.ENDED)
        await open_one.play(close(1001), Then.ENDED)
    await stopping
