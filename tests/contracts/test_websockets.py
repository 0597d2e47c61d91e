"""What the transport relies on of `websockets`, so that an upgrade fails here first.

``apply_mask`` is not documented; the rest is, though not always in so many words.
"""

import runpy

import pytest
import websockets.frames
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from mock_csms.private_api import websockets as private_api
from tests.support.wire import MASK, OFFER, close, frame, masked, request

BYTES, MASKS = st.binary(max_size=2000), st.binary(min_size=4, max_size=4)


def changed(what: str) -> str:
    return f"An upgrade of `websockets` changed {what}: see mock_csms/transport/connection.py."


def protocol_for(sent: bytes) -> tuple[ServerProtocol, Request]:
    """Make a protocol that has received an opening handshake, and the request that it read."""
    protocol = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()])
    protocol.receive_data(sent)
    event = protocol.events_received()[0]
    assert isinstance(event, Request)
    return protocol, event


def opened() -> ServerProtocol:
    """Make a protocol whose opening handshake is done and sent."""
    protocol, event = protocol_for(request())
    protocol.send_response(protocol.accept(event))
    protocol.data_to_send()
    return protocol


def response_to(sent: bytes) -> Response:
    protocol, event = protocol_for(sent)
    return protocol.accept(event)


# apply_mask


def test_apply_mask_is_there() -> None:
    assert hasattr(websockets.frames, "apply_mask"), (
        "An upgrade of `websockets` took `frames.apply_mask` away: messages are unmasked in Python now, "
        "which works but is slower. See mock_csms/private_api/websockets.py."
    )


def test_apply_mask_masks_as_the_specification_does() -> None:
    assert private_api.apply_mask(b"Hello", MASK) == bytes.fromhex("7f9f4d5158"), (
        "An upgrade of `websockets` changed what `frames.apply_mask` does (RFC 6455 5.7): "
        "see mock_csms/private_api/websockets.py."
    )


@given(BYTES, MASKS)
def test_apply_mask_and_its_replacement_do_the_same(data: bytes, mask: bytes) -> None:
    expected = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
    assert private_api.apply_mask(data, mask) == private_api.apply_mask_in_python(data, mask) == expected


def test_apply_mask_is_replaced_where_the_library_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(websockets.frames, "apply_mask")
    module = runpy.run_path(str(private_api.__file__))
    assert module["apply_mask"] is module["apply_mask_in_python"]
    assert module["apply_mask"](b"Hello", MASK) == masked(b"Hello")


# The opening handshake


def test_events_received_gives_the_request_first() -> None:
    protocol = ServerProtocol()
    protocol.receive_data(request("/CS1")[:50])
    assert protocol.events_received() == [], changed("when the request is an event")
    protocol.receive_data(request("/CS1")[50:] + frame(Opcode.TEXT, b"x"))
    event, *more = protocol.events_received()
    assert isinstance(event, Request), changed("that the request is the first event")
    assert (event.path, event.headers["Upgrade"]) == ("/CS1", "websocket")
    assert all(isinstance(later, Frame) for later in more), changed("the events that come after the request")


def test_accept_leaves_the_subprotocol_out_when_none_is_configured() -> None:
    response = response_to(request())
    assert response.status_code == 101
    assert "Sec-WebSocket-Protocol" not in response.headers, changed(
        "what `accept()` says of a subprotocol when none is configured"
    )


def test_accept_refuses_a_malformed_subprotocol_though_none_is_configured() -> None:
    response = response_to(request(headers={"Sec-WebSocket-Protocol": "a;b"}))
    assert response.status_code == 400, changed(
        "that `accept()` parses the subprotocols it does not choose from"
    )


@pytest.mark.parametrize("offer", [OFFER, None])
def test_accept_names_an_extension_only_if_it_is_agreed(offer: str | None) -> None:
    response = response_to(request(headers={"Sec-WebSocket-Extensions": offer}))
    assert ("Sec-WebSocket-Extensions" in response.headers) == bool(offer), changed(
        "how a response tells whether there is compression"
    )


def test_headers_that_are_added_before_send_response_are_sent() -> None:
    protocol, event = protocol_for(request())
    response = protocol.accept(event)
    response.headers["Sec-WebSocket-Protocol"] = "ocpp2.0.1"
    protocol.send_response(response)
    sent = b"".join(protocol.data_to_send())
    assert b"\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n" in sent, changed("that a response may be extended")
    assert protocol.state is State.OPEN


def test_accept_sends_nothing_before_send_response() -> None:
    protocol, event = protocol_for(request())
    protocol.accept(event)
    assert protocol.data_to_send() == [], changed("that `accept()` only makes a response")
    assert protocol.state is State.CONNECTING


# What is sent, and the end of it


def test_data_to_send_ends_with_nothing_to_mean_a_fin() -> None:
    protocol = opened()
    protocol.receive_data(close(1000))
    assert protocol.data_to_send() == [b"\x88\x02\x03\xe8", b""], changed('that b"" asks for a FIN')
    assert protocol.data_to_send() == [], changed("that a FIN is asked for once")


def test_data_to_send_asks_for_a_fin_after_a_response_that_refuses() -> None:
    protocol, _ = protocol_for(request())
    protocol.send_response(protocol.reject(404, "nowhere\n"))
    head, fin = protocol.data_to_send()
    assert head.startswith(b"HTTP/1.1 404")
    assert fin == b"", changed("that a refused handshake ends with a FIN")


def test_data_to_send_asks_for_a_fin_after_fail() -> None:
    protocol = opened()
    protocol.fail(CloseCode.PROTOCOL_ERROR, "why")
    assert protocol.data_to_send() == [b"\x88\x05\x03\xeawhy", b""], changed("that `fail()` ends with a FIN")


def test_data_to_send_asks_for_no_fin_until_the_close_frame_is_answered() -> None:
    protocol = opened()
    protocol.send_close(1000)
    assert protocol.data_to_send() == [b"\x88\x02\x03\xe8"]
    protocol.receive_data(close(1000))
    assert protocol.data_to_send() == [b""], changed("when a close frame of the server is followed by a FIN")


def test_pings_are_answered_without_being_asked_to() -> None:
    protocol = opened()
    protocol.receive_data(frame(Opcode.PING, b"x"))
    assert protocol.data_to_send() == [b"\x8a\x01x"], changed("that a ping is answered by the library")


def test_close_expected_from_the_first_close_frame_until_the_end() -> None:
    protocol, event = protocol_for(request())
    seen = [protocol.close_expected()]
    protocol.send_response(protocol.accept(event))
    seen.append(protocol.close_expected())
    protocol.send_close(1000)
    seen.append(protocol.close_expected())
    protocol.receive_data(close(1000))
    seen.append(protocol.close_expected())
    protocol.receive_eof()
    seen.append(protocol.close_expected())
    assert seen == [False, False, True, True, False], changed("when `close_expected()` is true")


def test_close_expected_after_a_response_that_refuses() -> None:
    protocol, _ = protocol_for(request())
    protocol.send_response(protocol.reject(404, "nowhere\n"))
    assert protocol.close_expected(), changed("that an end is expected of a refused handshake")


@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [(close(1000, b"bye"), 1000, "bye"), (close(), 1005, ""), (b"", 1006, "")],
    ids=["with a code", "without a code", "without a close frame"],
)
def test_close_code_is_that_of_the_station(sent: bytes, code: int, reason: str) -> None:
    protocol = opened()
    protocol.receive_data(sent)
    protocol.receive_eof()
    assert protocol.state is State.CLOSED
    assert (protocol.close_code, protocol.close_reason) == (code, reason), changed("what `close_code` is")


def test_receive_eof_may_be_called_twice() -> None:
    protocol = opened()
    protocol.receive_eof()
    protocol.data_to_send()
    protocol.receive_eof()
    assert protocol.data_to_send() == [], changed("that `receive_eof()` may be called twice")
