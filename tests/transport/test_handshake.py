"""Opening handshake: identity from the URL and choice of the subprotocol (OCPP-J 3.1)."""

from collections.abc import Sequence

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from mock_csms.transport.handshake import (
    MAX_TEXT,
    SSL_2_HELLO,
    TLS_HELLO,
    BadIdentity,
    basic_user,
    choose_subprotocol,
    handshake_facts,
    hello_instead,
    identity,
    is_identifier_string,
)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        pytest.param("/CS001", "CS001", id="identity only"),
        pytest.param("/ocpp/CS001", "CS001", id="prefix"),
        pytest.param("/a/b/c/CS001", "CS001", id="long prefix"),
        pytest.param("//CS001", "CS001", id="double slash"),
        pytest.param("/CS001?token=1", "CS001", id="query"),
        pytest.param("/CS001?next=/admin", "CS001", id="query with a slash"),
        pytest.param("/CS001#/admin", "CS001", id="fragment with a slash"),
        pytest.param("/RDAM%20123", "RDAM 123", id="space"),
        pytest.param("/ocpp/CS%2F001", "CS/001", id="slash"),
        pytest.param("/ocpp/CS%2f001", "CS/001", id="slash in lower case"),
        pytest.param("/CS%3F1%23", "CS?1#", id="question mark and number sign"),
        pytest.param("/CS%25", "CS%", id="percent sign"),
        pytest.param("/CS%2541", "CS%41", id="decoded once only"),
        pytest.param("/CS+001", "CS+001", id="plus is not decoded"),
        pytest.param("/%C3%84%F0%9F%94%8C", "\u00c4\U0001f50c", id="unicode"),
        pytest.param("/.", ".", id="dot"),
        pytest.param("/" + "x" * 48, "x" * 48, id="48 characters"),
        pytest.param("/" + "%C3%84" * 48, "\u00c4" * 48, id="48 characters, each six in the URL"),
    ],
)
def test_identity_is_last_path_segment_decoded(target: str, name: str) -> None:
    """OCPP-J 3.1.1."""
    assert identity(target) == name


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        pytest.param("", "must end in", id="empty target"),
        pytest.param("/", "must end in", id="root"),
        pytest.param("/CS001/", "must end in", id="trailing slash"),
        pytest.param("/?id=CS001", "must end in", id="only in the query"),
        pytest.param("/" + "x" * 49, "48", id="49 characters"),
        pytest.param("/" + "%C3%84" * 49, "48", id="49 characters, encoded"),
        pytest.param("/CS:001", "colon", id="colon"),
        pytest.param("/CS%3A001", "colon", id="colon, encoded"),
        pytest.param("/CS%00", "control", id="NUL"),
        pytest.param("/CS%0A001", "control", id="newline"),
        pytest.param("/CS%0D", "control", id="carriage return"),
        pytest.param("/CS%09", "control", id="tab"),
        pytest.param("/CS%1B%5B31m", "control", id="ANSI escape"),
        pytest.param("/CS%7F", "control", id="DEL"),
        pytest.param("/CS%C2%85", "control", id="NEL"),
        pytest.param("/CS%C2%9B31m", "control", id="CSI"),
        pytest.param("/CS%FF", "UTF-8", id="invalid UTF-8"),
        pytest.param("/CS%C3", "UTF-8", id="UTF-8 cut off"),
        pytest.param("/CS%C0%AF", "UTF-8", id="overlong UTF-8"),
        pytest.param("/CS%ED%A0%80", "UTF-8", id="surrogate"),
    ],
)
def test_target_without_valid_identity_is_rejected(target: str, reason: str) -> None:
    with pytest.raises(BadIdentity, match=reason):
        identity(target)


@pytest.mark.parametrize("name", ["CS001", "cs-001_a", "A*B=C+D|E@F.G"])
def test_identifier_string_is_recognized(name: str) -> None:
    assert is_identifier_string(name)


@pytest.mark.parametrize("name", ["RDAM 123", "CS/001", "CS%41", "\u00c4", "CS001\n", "\u0661"])
def test_other_characters_are_not_an_identifier_string(name: str) -> None:
    assert not is_identifier_string(name)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        pytest.param(["ocpp2.0.1"], "ocpp2.0.1", id="only one"),
        pytest.param(["ocpp1.6", "ocpp2.0.1"], "ocpp1.6", id="old before new"),
        pytest.param(["ocpp2.0.1", "ocpp1.6"], "ocpp2.0.1", id="new before old"),
        pytest.param(["ocpp2.1", "ocpp2.0", "ocpp2.0.1"], "ocpp2.0.1", id="after unsupported ones"),
        pytest.param(["ocpp2.0"], None, id="2.0 is not 2.0.1"),
        pytest.param(["OCPP2.0.1"], None, id="upper case"),
        pytest.param(["2.0.1"], None, id="version number alone"),
        pytest.param([], None, id="none offered"),
    ],
)
def test_first_supported_subprotocol_of_the_station_is_chosen(
    offered: Sequence[str], chosen: str | None
) -> None:
    """OCPP-J 3.1.2 and 3.1.3, errata 4.1."""
    assert choose_subprotocol(offered, frozenset({"ocpp2.0.1", "ocpp1.6"})) == chosen


@pytest.mark.parametrize(
    ("authorization", "user"),
    [
        pytest.param(None, None, id="no header"),
        pytest.param("Basic Q1MxOnNlY3JldA==", "CS1", id="user and password"),
        pytest.param("basic Q1MxOnNlY3JldA==", "CS1", id="scheme in lower case"),
        pytest.param("Basic Q1MxOnM6ZWNyZXQ=", "CS1", id="password with a colon"),
        pytest.param("Basic c2VjcmV0", "", id="no colon"),
        pytest.param("Basic ?", "", id="not base64"),
        pytest.param("Bearer Q1MxOnNlY3JldA==", "", id="another scheme"),
        pytest.param("Basic", "", id="no credentials"),
        pytest.param("Basic /zp4", "\\xff", id="not UTF-8"),
    ],
)
def test_user_of_basic_credentials_is_read_without_the_password(
    authorization: str | None, user: str | None
) -> None:
    headers = Headers() if authorization is None else Headers(Authorization=authorization)
    assert basic_user(headers) == user


def test_facts_of_a_handshake_are_short_and_leave_out_the_query() -> None:
    headers = Headers([("Sec-WebSocket-Protocol", "ocpp2.0.1, ocpp1.6"), ("Origin", "x" * 8000)])
    facts = handshake_facts(Request("/ocpp/CS1?token=secret", headers))
    assert facts["path"] == "/ocpp/CS1"
    assert facts["subprotocols"] == "ocpp2.0.1, ocpp1.6"
    assert len(facts["origin"]) == MAX_TEXT


@pytest.mark.parametrize("head", [b"\x16\x03\x01", b"\x16\x03"])
def test_tls_record_of_a_handshake_is_recognized(head: bytes) -> None:
    assert hello_instead(head) == TLS_HELLO


def test_hello_of_ssl_2_is_recognized() -> None:
    assert hello_instead(b"\x80\x1c\x01\x03\x01") == SSL_2_HELLO


@pytest.mark.parametrize(
    "head", [b"", b"\x16", b"GET", b"\x15\x03\x01", b"\x80\x1c", b"\x80\x1c\x02", b"G\x1c\x01"]
)
def test_other_bytes_are_not_a_hello(head: bytes) -> None:
    assert hello_instead(head) is None
