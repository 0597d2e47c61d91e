"""Behaviour of `websockets` that the transport relies on, so that an incompatible upgrade fails here first.

``apply_mask`` is undocumented; the rest is documented, though not in every detail tested here.
"""

import gc
import runpy
import weakref

import pytest
import websockets.frames
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidMessage
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from mock_csms.private_api import websockets as private_api
from tests.support.wire import MASK, OFFER, close, frame, masked, request

BYTES, MASKS = st.binary(max_size=2000), st.binary(min_size=4, max_size=4)


def upgrade_message(behaviour: str) -> str:
    return f"An upgrade of `websockets` changed {behaviour}: see mock_csms/transport/connection.py."


def protocol_for(sent: bytes) -> tuple[ServerProtocol, Request]:
    """Make a protocol that has received an opening handshake; also return the parsed request."""
    protocol = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()])
    protocol.receive_data(sent)
    event = protocol.events_received()[0]
    assert isinstance(event, Request)
    return protocol, event


def open_protocol() -> ServerProtocol:
    """Make a protocol whose opening handshake is complete."""
    protocol, event = protocol_for(request())
    protocol.send_response(protocol.accept(event))
    protocol.data_to_send()
    return protocol


def response_to(sent: bytes) -> Response:
    protocol, event = protocol_for(sent)
    return protocol.accept(event)


# apply_mask


def test_apply_mask_exists() -> None:
    assert hasattr(websockets.frames, "apply_mask"), (
        "An upgrade of `websockets` removed `frames.apply_mask`: messages are unmasked in Python now, "
        "which works but is slower. See mock_csms/private_api/websockets.py."
    )


def test_apply_mask_follows_rfc_6455() -> None:
    assert private_api.apply_mask(b"Hello", MASK) == bytes.fromhex("7f9f4d5158"), (
        "An upgrade of `websockets` changed the result of `frames.apply_mask` (RFC 6455 5.7): "
        "see mock_csms/private_api/websockets.py."
    )


@given(BYTES, MASKS)
def test_apply_mask_and_its_replacement_agree(data: bytes, mask: bytes) -> None:
    expected = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
    assert private_api.apply_mask(data, mask) == private_api.apply_mask_in_python(data, mask) == expected


def test_missing_apply_mask_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(websockets.frames, "apply_mask")
    module = runpy.run_path(str(private_api.__file__))
    assert module["apply_mask"] is module["apply_mask_in_python"]
    assert module["apply_mask"](b"Hello", MASK) == masked(b"Hello")


# The opening handshake


def test_events_received_starts_with_the_request() -> None:
    protocol = ServerProtocol()
    protocol.receive_data(request("/CS1")[:50])
    assert protocol.events_received() == [], upgrade_message(
        "that a request becomes an event once it is complete"
    )
    protocol.receive_data(request("/CS1")[50:] + frame(Opcode.TEXT, b"x"))
    event, *later_events = protocol.events_received()
    assert isinstance(event, Request), upgrade_message("that the request is the first event")
    assert (event.path, event.headers["Upgrade"]) == ("/CS1", "websocket")
    assert all(isinstance(later, Frame) for later in later_events), upgrade_message(
        "the events after the request"
    )


def test_accept_omits_subprotocol_if_none_is_configured() -> None:
    response = response_to(request())
    assert response.status_code == 101
    assert "Sec-WebSocket-Protocol" not in response.headers, upgrade_message(
        "the subprotocol that `accept()` sends if none is configured"
    )


def test_accept_rejects_malformed_subprotocol_if_none_is_configured() -> None:
    response = response_to(request(headers={"Sec-WebSocket-Protocol": "a;b"}))
    assert response.status_code == 400, upgrade_message(
        "that `accept()` parses the subprotocols it does not choose from"
    )


@pytest.mark.parametrize("offer", [OFFER, None])
def test_accept_names_extension_only_if_negotiated(offer: str | None) -> None:
    response = response_to(request(headers={"Sec-WebSocket-Extensions": offer}))
    assert ("Sec-WebSocket-Extensions" in response.headers) == bool(offer), upgrade_message(
        "the response header that tells whether compression is negotiated"
    )


def test_headers_added_before_send_response_are_sent() -> None:
    protocol, event = protocol_for(request())
    response = protocol.accept(event)
    response.headers["Sec-WebSocket-Protocol"] = "ocpp2.0.1"
    protocol.send_response(response)
    sent = b"".join(protocol.data_to_send())
    assert b"\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n" in sent, upgrade_message(
        "that headers can be added to a response"
    )
    assert protocol.state is State.OPEN


def test_accept_sends_nothing_before_send_response() -> None:
    protocol, event = protocol_for(request())
    protocol.accept(event)
    assert protocol.data_to_send() == [], upgrade_message("that `accept()` sends nothing")
    assert protocol.state is State.CONNECTING


# Failing


@pytest.mark.parametrize(
    ("sent", "violation"),
    [
        (frame(3), private_api.ProtocolFailure(1002, "invalid opcode", is_forbidden=True)),
        (
            frame(Opcode.TEXT, b"x", rsv=0x40),
            private_api.ProtocolFailure(
                1002,
                "reserved bits must be 0: RSV1 marks a compressed frame, but no compression was negotiated",
                is_forbidden=True,
            ),
        ),
        (
            frame(Opcode.TEXT, b"x", fin=False) + close(1000),
            private_api.ProtocolFailure(1002, private_api.ABANDONED_MESSAGE, is_forbidden=False),
        ),
        (frame(Opcode.TEXT, b"x"), None),
    ],
    ids=["opcode", "RSV1", "abandoned message", "valid"],
)
def test_violation_is_known_after_it_failed_the_connection(
    sent: bytes, violation: private_api.ProtocolFailure | None
) -> None:
    protocol = open_protocol()
    protocol.receive_data(sent)
    assert private_api.failure_of(protocol, sent[0]) == violation, (
        "An upgrade of `websockets` changed `parser_exc`, `close_sent` or a reason: "
        "see mock_csms/private_api/websockets.py."
    )


def test_oversized_message_is_not_forbidden() -> None:
    protocol = ServerProtocol(state=State.OPEN, max_size=1)
    protocol.receive_data(frame(Opcode.TEXT, b"xx"))
    violation = private_api.failure_of(protocol, 0x81)
    assert violation is not None
    assert (violation.code, violation.is_forbidden) == (1009, False)


def test_handshake_exc_is_set_for_a_request_that_is_not_http() -> None:
    protocol = ServerProtocol()
    protocol.receive_data(b"nonsense\r\n\r\n")
    assert isinstance(protocol.handshake_exc, InvalidMessage), upgrade_message("`handshake_exc`")
    assert protocol.close_expected(), upgrade_message("that an invalid request ends the output")


# Sending and closing


def test_data_to_send_ends_with_empty_data_for_a_fin() -> None:
    protocol = open_protocol()
    protocol.receive_data(close(1000))
    assert protocol.data_to_send() == [b"\x88\x02\x03\xe8", b""], upgrade_message('that b"" requests a FIN')
    assert protocol.data_to_send() == [], upgrade_message("that a FIN is requested only once")


def test_data_to_send_asks_for_fin_after_rejection() -> None:
    protocol, _ = protocol_for(request())
    protocol.send_response(protocol.reject(404, "nowhere\n"))
    head, fin = protocol.data_to_send()
    assert head.startswith(b"HTTP/1.1 404")
    assert fin == b"", upgrade_message("that a rejected handshake ends with a FIN")


def test_data_to_send_asks_for_fin_after_fail() -> None:
    protocol = open_protocol()
    protocol.fail(CloseCode.PROTOCOL_ERROR, "why")
    assert protocol.data_to_send() == [b"\x88\x05\x03\xeawhy", b""], upgrade_message(
        "that `fail()` ends with a FIN"
    )


def test_data_to_send_asks_for_fin_only_after_close_is_answered() -> None:
    protocol = open_protocol()
    protocol.send_close(1000)
    assert protocol.data_to_send() == [b"\x88\x02\x03\xe8"]
    protocol.receive_data(close(1000))
    assert protocol.data_to_send() == [b""], upgrade_message(
        "when a close frame of the server is followed by a FIN"
    )


def test_pings_are_answered_automatically() -> None:
    protocol = open_protocol()
    protocol.receive_data(frame(Opcode.PING, b"x"))
    assert protocol.data_to_send() == [b"\x8a\x01x"], upgrade_message("that the library answers pings")


def test_close_expected_is_true_from_close_frame_to_eof() -> None:
    protocol, event = protocol_for(request())
    values = [protocol.close_expected()]
    protocol.send_response(protocol.accept(event))
    values.append(protocol.close_expected())
    protocol.send_close(1000)
    values.append(protocol.close_expected())
    protocol.receive_data(close(1000))
    values.append(protocol.close_expected())
    protocol.receive_eof()
    values.append(protocol.close_expected())
    assert values == [False, False, True, True, False], upgrade_message("when `close_expected()` is true")


def test_close_expected_is_true_after_rejection() -> None:
    protocol, _ = protocol_for(request())
    protocol.send_response(protocol.reject(404, "nowhere\n"))
    assert protocol.close_expected(), upgrade_message(
        "that `close_expected()` is true after a rejected handshake"
    )


@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [(close(1000, b"bye"), 1000, "bye"), (close(), 1005, ""), (b"", 1006, "")],
    ids=["with a code", "without a code", "without a close frame"],
)
def test_close_code_is_that_of_the_station(sent: bytes, code: int, reason: str) -> None:
    protocol = open_protocol()
    protocol.receive_data(sent)
    protocol.receive_eof()
    assert protocol.state is State.CLOSED
    assert (protocol.close_code, protocol.close_reason) == (code, reason), upgrade_message(
        "the value of `close_code`"
    )


def test_receive_eof_can_be_called_twice() -> None:
    protocol = open_protocol()
    protocol.receive_eof()
    protocol.data_to_send()
    protocol.receive_eof()
    assert protocol.data_to_send() == [], upgrade_message("that `receive_eof()` can be called twice")


def test_ended_protocol_keeps_no_frame_without_a_garbage_collection() -> None:
    protocol = open_protocol()
    protocol.receive_data(frame(Opcode.TEXT, b"[", fin=False))
    protocol.receive_eof()
    (event,) = protocol.events_received()
    last_frame, last_protocol = weakref.ref(event), weakref.ref(protocol)
    gc.disable()
    try:
        private_api.release_frames(protocol)
        del event, protocol
        assert (last_frame(), last_protocol()) == (None, None), upgrade_message("what refers to a frame")
    finally:
        gc.enable()
