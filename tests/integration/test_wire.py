"""Answers of the server to scripts of raw bytes over TCP, on asyncio's own event loop and uvloop."""

from collections.abc import Iterable
from typing import Any

import pytest

from mock_csms import __version__
from server import FASTEST_EVENT_LOOP
from tests.conftest import Serve
from tests.support.loops import run_with_servers
from tests.support.scripts import (
    ACCEPTED,
    CALL,
    LINE_TOO_LONG,
    NO_IDENTITY,
    NOT_UTF_8,
    TOO_LONG,
    WITHOUT_SUBPROTOCOL,
    Case,
    after_handshake,
    answer,
    call,
    case,
    padded,
)
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
    frame,
    header,
    pieces,
    play,
    refused,
    request,
    unmasked,
)

pytestmark = pytest.mark.usefixtures("short_shutdown")

NOT_TEXT = Frame(TEXT, b'[4,"-1","RpcFrameworkError","a message must be text",{}]')
NOT_JSON = Matching(rb'\[4,"-1","RpcFrameworkError","the frame is not valid JSON: .*",\{\}\]')
HEARTBEAT = b'[2,"1","Heartbeat",{}]'
HEARTBEAT_ANSWER = rb'\[3,"1",\{"currentTime":"[-0-9T:.]+Z"\}\]'


def protocol_error(name: str, sent: bytes | list[bytes], code: int, about: str, **settings: Any) -> Any:
    """Make a pytest parameter: because of ``sent``, the server must close the connection with ``code``."""
    return after_handshake(name, sent, Closing(code, about=about), Then.ENDED, **settings)


def bad_request(name: str, sent: bytes, about: str) -> Any:
    return case(name, sent, refused("400 Bad Request", about=about), Then.ENDED)


def no_upgrade(name: str, headers: dict[str, str | None]) -> Any:
    expected = refused("426 Upgrade Required", "Upgrade: websocket", about="header")
    return case(name, request(headers=headers), expected, Then.ENDED)


def not_found(name: str, target: str, text: str) -> Any:
    return case(name, request(target), refused("404 Not Found", text=f"{text}\n"), Then.ENDED)


NO_UPGRADE: dict[str, str | None] = {"Upgrade": None, "Connection": None}
HEALTH = Head(
    "200 OK",
    ("Connection: close", "Content-Type: application/json"),
    text=f'{{"status":"ok","version":"{__version__}"}}',
)

HANDSHAKES = [
    case("valid", request(), ACCEPTED, Then.OPEN),
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
    bad_request("a header without a colon", request("/CS1", None, "nothing"), "not valid HTTP/1.1"),
    bad_request("a header with a space in its name", request("/CS1", None, "a b: c"), "not valid HTTP/1.1"),
    bad_request("lines that end in LF", request().replace(b"\r\n", b"\n"), "end each in CRLF"),
    bad_request("no target", b"GET\r\n\r\n", "not an HTTP request"),
    bad_request("HTTP/2.0", request(version="HTTP/2.0"), "not valid HTTP/1.1"),
    bad_request("a target that is not ASCII", request("/\u00c4"), "percent-encode"),
    bad_request(
        "a ClientHello of TLS", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\r\n\r\n", "this port is ws://"
    ),
    bad_request("a body", request("/CS1", None, "Content-Length: 2") + b"{}", "has a body"),
    bad_request("a body in chunks", request("/CS1", None, "Transfer-Encoding: chunked"), "has a body"),
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
    case("half a request", request()[:80], Then.SILENT),
    case("half a request and a FIN", request()[:80], Act.END, Then.ENDED),
    case("only a FIN", Act.END, Then.ENDED),
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
    case("maximum number of headers", request("/CS1", None, *["X: y"] * 122), ACCEPTED, Then.OPEN),
    *(
        case(f"{method} of /health", request("/health", NO_UPGRADE, method=method), HEALTH, Then.ENDED)
        for method in ("GET", "HEAD", "POST")
    ),
    case("an upgrade of /health", request("/health"), ACCEPTED, Then.OPEN),
]

CALLS = [frame(TEXT, call(number)) for number in range(20)]
BURST = b"".join(CALLS)
ANSWERS = [answer(number) for number in range(20)]

MESSAGES = [
    after_handshake("a call", CALL, answer(), Then.OPEN),
    after_handshake("a Heartbeat", frame(TEXT, HEARTBEAT), Matching(HEARTBEAT_ANSWER), Then.OPEN),
    after_handshake("byte by byte", pieces(CALL), answer(), Then.OPEN),
    after_handshake("two byte by byte", pieces(CALL + frame(TEXT, call(2))), answer(), answer(2), Then.OPEN),
    after_handshake("cut after the first byte", pieces(CALL, 1), answer(), Then.OPEN),
    after_handshake("cut after the length", CALL[:2], Then.SILENT, CALL[2:], answer(), Then.OPEN),
    after_handshake("cut in the mask", CALL[:4], Then.SILENT, CALL[4:], answer(), Then.OPEN),
    after_handshake("cut after the mask", CALL[:6], Then.SILENT, CALL[6:], answer(), Then.OPEN),
    after_handshake("cut in the data", CALL[:-1], Then.SILENT, CALL[-1:], answer(), Then.OPEN),
    after_handshake("cut in a length of two bytes", pieces(frame(TEXT, padded(126)), 3), answer(), Then.OPEN),
    after_handshake(
        "cut in a length of eight bytes", pieces(frame(TEXT, padded(2**16)), 5, 11), answer(), Then.OPEN
    ),
    after_handshake("two in one packet", CALL + frame(TEXT, call(2)), answer(), answer(2), Then.OPEN),
    after_handshake(
        "one and a half in one packet", CALL + CALL[:9], answer(), Then.SILENT, CALL[9:], answer(), Then.OPEN
    ),
    after_handshake("20 in one packet", BURST, ANSWERS, Then.OPEN),
    after_handshake(
        "20 in one packet, then another", BURST, frame(TEXT, call(20)), ANSWERS, answer(20), Then.OPEN
    ),
    after_handshake("20 in two packets cut in a frame", pieces(BURST, 500), ANSWERS, Then.OPEN),
    after_handshake(
        "20 and a ping behind the third",
        b"".join([*CALLS[:3], frame(PING, b"x"), *CALLS[3:]]),
        [*ANSWERS[:3], Frame(PONG, b"x"), *ANSWERS[3:]],
        Then.OPEN,
    ),
    after_handshake(
        "20 and a ping",
        BURST + frame(PING, b"x"),
        [*ANSWERS, Frame(PONG, b"x")],
        Then.OPEN,
    ),
    after_handshake(
        "20 and a close frame",
        BURST + close(1000),
        [*ANSWERS, Frame(CLOSE, b"\x03\xe8")],
        Then.ENDED,
    ),
    after_handshake("20 and a FIN", BURST, Act.END, ANSWERS, Then.ENDED),
    after_handshake(
        "a call and a close frame", CALL + close(1000), answer(), Frame(CLOSE, b"\x03\xe8"), Then.ENDED
    ),
    after_handshake(
        "a call and an invalid frame",
        CALL + frame(3) + CALL,
        answer(),
        Closing(1002, about="opcode"),
        Then.ENDED,
    ),
    after_handshake("no data", frame(TEXT), NOT_JSON, Then.OPEN),
    after_handshake("not JSON", frame(TEXT, b"hello"), NOT_JSON, Then.OPEN),
    after_handshake(
        "a length of two bytes where one is enough", frame(TEXT, call(), length_bytes=2), answer(), Then.OPEN
    ),
    after_handshake(
        "a length of eight bytes where one is enough",
        frame(TEXT, call(), length_bytes=8),
        answer(),
        Then.OPEN,
    ),
    after_handshake("maximum length", frame(TEXT, padded(1000)), answer(), Then.OPEN, max_message_size=1000),
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
    after_handshake("three", fragments(*PARTS), answer(), Then.OPEN),
    after_handshake("three in one packet", b"".join(fragments(*PARTS)), answer(), Then.OPEN),
    after_handshake("three byte by byte", pieces(b"".join(fragments(*PARTS))), answer(), Then.OPEN),
    after_handshake("empty ones", fragments(b"", call(), b"", b""), answer(), Then.OPEN),
    after_handshake(
        "cut in a character", fragments(*pieces(UMLAUT, UMLAUT.index(b"\xc3") + 1)), answer(), Then.OPEN
    ),
    after_handshake("a ping between", FIRST, frame(PING, b"x"), Frame(PONG, b"x"), REST, answer(), Then.OPEN),
    after_handshake(
        "a ping between, in one packet",
        FIRST + frame(PING, b"x") + b"".join(REST),
        Frame(PONG, b"x"),
        answer(),
        Then.OPEN,
    ),
    after_handshake("a pong between", FIRST, frame(PONG, b"x"), REST, answer(), Then.OPEN),
    after_handshake("a call after them", fragments(*PARTS), answer(), CALL, answer(), Then.OPEN),
    after_handshake("first fragment only", FIRST, Then.OPEN),
    after_handshake("first fragment and a FIN", FIRST, Act.END, Then.ENDED),
    after_handshake("a binary message", frame(BINARY, call()), NOT_TEXT, Then.OPEN),
    after_handshake("a binary message in three", fragments(*PARTS, opcode=BINARY), NOT_TEXT, Then.OPEN),
    protocol_error("continuation without a first fragment", frame(CONT, call()), 1002, "continuation"),
    protocol_error("a text between", [FIRST, CALL], 1002, "continuation"),
    protocol_error("a binary message between", [FIRST, frame(BINARY, b"x")], 1002, "continuation"),
    protocol_error("a close frame between", [FIRST, close(1000)], 1002, "incomplete"),
    protocol_error(
        "total length over the limit", fragments(b" " * 600, b" " * 401), 1009, "limit", max_message_size=1000
    ),
    after_handshake(
        "maximum total length",
        fragments(call(), b" " * (1000 - len(call()))),
        answer(),
        Then.OPEN,
        max_message_size=1000,
    ),
]

LONGEST = b"p" * 125
CONTROL_FRAMES = [
    after_handshake("a ping", frame(PING, b"hello"), Frame(PONG, b"hello"), Then.OPEN),
    after_handshake("a ping without data", frame(PING), Frame(PONG), Then.OPEN),
    after_handshake("the longest ping", frame(PING, LONGEST), Frame(PONG, LONGEST), Then.OPEN),
    after_handshake("a ping byte by byte", pieces(frame(PING, b"hello")), Frame(PONG, b"hello"), Then.OPEN),
    after_handshake(
        "three pings in one packet",
        frame(PING, b"1") + frame(PING, b"2") + frame(PING, b"3"),
        Frame(PONG, b"1"),
        Frame(PONG, b"2"),
        Frame(PONG, b"3"),
        Then.OPEN,
    ),
    after_handshake("a pong that answers nothing", frame(PONG, b"hello"), Then.OPEN),
    after_handshake("a pong without data", frame(PONG), Then.OPEN),
    protocol_error("a ping that is too long", frame(PING, b"p" * 126), 1002, "too long"),
    protocol_error("a pong that is too long", frame(PONG, b"p" * 126), 1002, "too long"),
    protocol_error("a fragmented ping", frame(PING, b"hello", fin=False), 1002, "fragmented"),
    protocol_error("a ping that is not masked", unmasked(PING, b"hello"), 1002, "masking"),
]

VIOLATIONS = [
    protocol_error("not masked", unmasked(TEXT, call()), 1002, "masking"),
    after_handshake("half a frame that is not masked", unmasked(TEXT, call())[:-1], Then.SILENT),
    protocol_error("the first reserved bit", frame(TEXT, call(), rsv=RSV1), 1002, "reserved"),
    protocol_error("the second reserved bit", frame(TEXT, call(), rsv=RSV2), 1002, "reserved"),
    protocol_error("the third reserved bit", frame(TEXT, call(), rsv=RSV3), 1002, "reserved"),
    protocol_error("a reserved bit of a ping", frame(PING, rsv=RSV1), 1002, "reserved"),
    *(protocol_error(f"opcode {opcode}", frame(opcode), 1002, "opcode") for opcode in (0x3, 0x7, 0xB, 0xF)),
    after_handshake("not UTF-8", frame(TEXT, b'[2,"\xff"]'), NOT_UTF_8, Then.ENDED),
    after_handshake("not UTF-8 in fragments", fragments(b'["\xff', b'"]'), NOT_UTF_8, Then.ENDED),
    after_handshake("a call after it", frame(TEXT, b"\xff") + CALL, NOT_UTF_8, Then.ENDED),
    protocol_error("a frame over the limit", frame(TEXT, padded(1001)), 1009, "limit", max_message_size=1000),
    protocol_error("a header over the limit", header(FIN | TEXT, 1001), 1009, "limit", max_message_size=1000),
    protocol_error("a header over the limit of 1 MiB", header(FIN | TEXT, 2**20 + 1), 1009, "limit"),
    protocol_error("a length with its first bit set", header(FIN | TEXT, 2**63), 1009, "limit"),
    protocol_error(
        "a header over the limit, byte by byte", pieces(header(FIN | TEXT, 2**20 + 1)), 1009, "limit"
    ),
    protocol_error("a ping over the limit", header(FIN | PING, 1001), 1009, "limit", max_message_size=1000),
    after_handshake("data after it", frame(0x3), CALL, CALL, Closing(1002, about="opcode"), Then.ENDED),
]


def echo(name: str, data: bytes) -> Any:
    return after_handshake(name, frame(CLOSE, data), Frame(CLOSE, data), Then.ENDED)


CLOSES = [
    echo("1000", b"\x03\xe8"),
    echo("no code", b""),
    echo("1000 with a reason", b"\x03\xe8good bye"),
    echo("1001", b"\x03\xe9"),
    echo("1011", b"\x03\xf3"),
    echo("3000", b"\x0b\xb8"),
    echo("4999", b"\x13\x87"),
    echo("the longest reason", b"\x03\xe8" + b"r" * 123),
    after_handshake("byte by byte", pieces(close(1000)), Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    after_handshake("data after it", close(1000), CALL, frame(PING), Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    after_handshake(
        "data after it, in one packet", close(1000) + CALL, Frame(CLOSE, b"\x03\xe8"), Then.ENDED
    ),
    after_handshake("another after it", close(1000), close(1001), Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    after_handshake("a FIN after it", close(1000), Act.END, Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    after_handshake("a FIN alone", Act.END, Then.ENDED),
    after_handshake("a FIN after a call", CALL, Act.END, answer(), Then.ENDED),
    after_handshake("a FIN in a frame", CALL[:9], Act.END, Then.ENDED),
    after_handshake("a FIN in a header", CALL[:1], Act.END, Then.ENDED),
    *(
        protocol_error(f"code {code}", close(code), 1002, "code")
        for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)
    ),
    protocol_error("one byte", frame(CLOSE, b"\x03"), 1002, "short"),
    protocol_error("too long", close(1000, b"r" * 124), 1002, "too long"),
    protocol_error("fragmented", frame(CLOSE, b"\x03\xe8", fin=False), 1002, "fragmented"),
    protocol_error("a reason that is not UTF-8", close(1000, b"\xff"), 1007, ""),
    after_handshake("a fault that sends a RST", CALL, Then.WAS_RESET, faults="DataTransfer:reset"),
]

AGREED = "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10"


COMPRESSING = accepted("Sec-WebSocket-Protocol: ocpp2.0.1", f"Sec-WebSocket-Extensions: {AGREED}")


def with_compression(
    name: str, *steps: Step | Iterable[Step], offer: str = OFFER, agreed: str = AGREED, **settings: Any
) -> Any:
    """Make a pytest parameter from a script that begins after a handshake with compression."""
    head = accepted("Sec-WebSocket-Protocol: ocpp2.0.1", f"Sec-WebSocket-Extensions: {agreed}")
    return case(name, request("/CS1", {"Sec-WebSocket-Extensions": offer}), head, *steps, **settings)


def without_compression(name: str, offer: str, **settings: Any) -> Any:
    """Make a pytest parameter from a script in which the server declines an offer of compression."""
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
    """Build the frames of two Heartbeats; the second is compressed with references to the first."""
    deflate = Deflate()
    return [frame(TEXT, deflate.compress(HEARTBEAT), rsv=RSV1) for _ in range(2)]


COMPRESSED_ANSWER = Matching(HEARTBEAT_ANSWER, compressed=True)
COMPRESSED_HEARTBEAT = Deflate().compress(HEARTBEAT)
BOMB = Deflate().compress(b" " * 100_000)

COMPRESSION = [
    with_compression("a Heartbeat", compressed(HEARTBEAT), COMPRESSED_ANSWER, Then.OPEN),
    with_compression("a Heartbeat byte by byte", pieces(compressed(HEARTBEAT)), COMPRESSED_ANSWER, Then.OPEN),
    with_compression(
        "two in one packet", b"".join(both_compressed()), COMPRESSED_ANSWER, COMPRESSED_ANSWER, Then.OPEN
    ),
    with_compression(
        "a Heartbeat in fragments",
        frame(TEXT, COMPRESSED_HEARTBEAT[:5], fin=False, rsv=RSV1),
        frame(PING, b"x"),
        Frame(PONG, b"x"),
        frame(CONT, COMPRESSED_HEARTBEAT[5:]),
        COMPRESSED_ANSWER,
        Then.OPEN,
    ),
    with_compression(
        "a Heartbeat that is not compressed", frame(TEXT, HEARTBEAT), COMPRESSED_ANSWER, Then.OPEN
    ),
    case(
        "with the handshake",
        request("/CS1", {"Sec-WebSocket-Extensions": OFFER}) + compressed(HEARTBEAT),
        COMPRESSING,
        COMPRESSED_ANSWER,
        Then.OPEN,
    ),
    with_compression("a ping is not compressed", frame(PING, b"x" * 100), Frame(PONG, b"x" * 100), Then.OPEN),
    with_compression("closing", close(1000), Frame(CLOSE, b"\x03\xe8"), Then.ENDED),
    with_compression(
        "a smaller server window",
        compressed(HEARTBEAT),
        COMPRESSED_ANSWER,
        Then.OPEN,
        offer=f"{OFFER}; server_max_window_bits=9",
        agreed="permessage-deflate; server_max_window_bits=9; client_max_window_bits=10",
    ),
    with_compression(
        "no context takeover of the server",
        compressed(HEARTBEAT),
        COMPRESSED_ANSWER,
        Then.OPEN,
        offer=f"{OFFER}; server_no_context_takeover",
        agreed=AGREED.replace("; ", "; server_no_context_takeover; ", 1),
    ),
    with_compression(
        "no context takeover of the client",
        compressed(HEARTBEAT),
        COMPRESSED_ANSWER,
        compressed(HEARTBEAT),
        COMPRESSED_ANSWER,
        Then.OPEN,
        offer=f"{OFFER}; client_no_context_takeover",
        agreed=AGREED.replace("; ", "; client_no_context_takeover; ", 1),
    ),
    with_compression(
        "a client window that cannot be limited",
        frame(TEXT, Deflate(window_bits=15).compress(HEARTBEAT), rsv=RSV1),
        COMPRESSED_ANSWER,
        Then.OPEN,
        offer="permessage-deflate",
        agreed="permessage-deflate; server_max_window_bits=10",
    ),
    with_compression(
        "the second offer",
        compressed(HEARTBEAT),
        COMPRESSED_ANSWER,
        Then.OPEN,
        offer=f"permessage-deflate; nonsense, {OFFER}",
    ),
    with_compression(
        "the same offer twice",
        compressed(HEARTBEAT),
        COMPRESSED_ANSWER,
        Then.OPEN,
        offer=f"{OFFER}, {OFFER}",
    ),
    without_compression("compression switched off", OFFER, compression=False),
    without_compression("a parameter that does not exist", f"{OFFER}; nonsense"),
    without_compression("a parameter twice", f"{OFFER}; client_max_window_bits"),
    without_compression("an invalid window size", f"{OFFER}; server_max_window_bits=99"),
    without_compression("another extension", "x-webkit-deflate-frame"),
    protocol_error("compressed without an offer", compressed(HEARTBEAT), 1002, "reserved"),
    with_compression(
        "not deflate",
        frame(TEXT, b"\xff\xff\xff", rsv=RSV1),
        Closing(1002, about="decompression"),
        Then.ENDED,
    ),
    with_compression("a compressed ping", frame(PING, rsv=RSV1), Closing(1002, about="reserved"), Then.ENDED),
    with_compression(
        "another reserved bit", frame(TEXT, HEARTBEAT, rsv=RSV2), Closing(1002, about="reserved"), Then.ENDED
    ),
    with_compression(
        "a compressed continuation",
        frame(TEXT, COMPRESSED_HEARTBEAT[:5], fin=False, rsv=RSV1),
        frame(CONT, COMPRESSED_HEARTBEAT[5:], rsv=RSV1),
        Closing(1002, about="RSV1"),
        Then.ENDED,
    ),
    with_compression("not UTF-8", compressed(b"\xff"), NOT_UTF_8, Then.ENDED),
    with_compression(
        "too long when decompressed",
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
ALL_CASES = [
    pytest.param(*parameter.values, id=f"{group}: {parameter.id}")
    for group, parameters in CASES.items()
    for parameter in parameters
]


@pytest.mark.parametrize("script", ALL_CASES)
async def test_answer_to_raw_bytes(serve: Serve, script: Case) -> None:
    await play(await serve(**script.settings), script.steps)


@pytest.mark.parametrize("group", CASES)
def test_answers_to_raw_bytes_are_the_same_on_the_servers_event_loop(group: str) -> None:
    """Scripts of a group run in turn, on one server for each combination of settings."""

    async def run(serve: Serve) -> None:
        servers: dict[str, Any] = {}
        for parameter in CASES[group]:
            (script,) = parameter.values
            csms = servers.get(repr(script.settings)) or await serve(**script.settings)
            servers[repr(script.settings)] = csms
            try:
                await play(csms, script.steps)
            except BaseException as error:
                error.add_note(f"in the script {parameter.id!r}")
                raise

    run_with_servers(FASTEST_EVENT_LOOP, run)
