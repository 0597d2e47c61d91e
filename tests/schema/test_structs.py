"""Payloads read by their schema: what is read and what is not, and what is seen of what breaks its schema."""

import json
from typing import Any

import msgspec
import pytest

from charge_point import ChargePoint
from mock_csms import messages as frames
from mock_csms.messages import Call, JsonObject
from mock_csms.schema.structs import SUPPORTED_KEYWORDS, LenientPayload, payload_type, to_json
from mock_csms.v201.action_tables import STATION_ACTIONS
from mock_csms.v201.version import DIALECT, OCPP_2_0_1
from tests.support.payloads import PAST_63_BITS, call, content, full_payload, read, variations

ACTIONS = sorted(STATION_ACTIONS)
NOW = "2026-01-01T00:00:00Z"


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def may_be_left(value: Any) -> bool:
    """Tell whether a valid value may be left to others: it has an open property, or a huge number."""
    if isinstance(value, dict):
        return not value.keys().isdisjoint({"customData", "data"}) or any(map(may_be_left, value.values()))
    return any(map(may_be_left, value)) if isinstance(value, list) else value in {PAST_63_BITS, 2.0**70}


def as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_payload_with_all_there_can_be_is_read_as_it_is(action: str) -> None:
    payload = full_payload(action)
    assert OCPP_2_0_1.request(action).violation(payload) is None
    assert as_text(to_json(read(action, payload).content)) == as_text(payload)


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_read_is_just_what_is_valid(action: str) -> None:
    payloads = [it for it in variations(full_payload(action)) if isinstance(it, dict)]
    assert payloads
    for payload in payloads:
        call = read(action, payload)
        is_valid = OCPP_2_0_1.request(action).violation(call.payload) is None
        if call.content is None:
            assert not is_valid or may_be_left(call.payload), payload
        else:
            assert is_valid, payload
            assert as_text(to_json(call.content)) == as_text(call.payload)


@pytest.mark.parametrize("action", ACTIONS)
def test_all_that_the_schema_of_a_message_says_at_its_top_is_understood(action: str) -> None:
    assert OCPP_2_0_1.request(action).read().keys() <= SUPPORTED_KEYWORDS


@pytest.mark.parametrize(
    ("keyword", "value"), [("pattern", "a+"), ("minLength", 1), ("oneOf", [{}]), ("exclusiveMinimum", True)]
)
def test_what_a_schema_says_that_is_not_understood_is_left_to_who_does(keyword: str, value: object) -> None:
    part = {"type": "string", keyword: value}
    made = payload_type("Any", {"properties": {"known": {"type": "boolean"}, "unknown": part}})
    assert made.__struct_fields__ == ("known",)


def test_what_must_be_there_and_is_not_understood_is_left_to_who_does() -> None:
    part = {"type": "string", "pattern": "a+"}
    made = payload_type("Any", {"properties": {"unknown": part}, "required": ["unknown"]})
    for payload in (b"{}", b'{"unknown":"aa"}', b'{"unknown":1}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(payload, type=made)


@pytest.mark.parametrize("limit", ["minimum", "maximum"])
def test_the_limit_of_a_number_is_left_to_who_understands_it(limit: str) -> None:
    part = {"type": "number", limit: 0}
    assert payload_type("Any", {"properties": {"limited": part}}).__struct_fields__ == ()


@pytest.mark.parametrize(
    "text",
    [
        case("with spaces", b' [ 2 , "1" , "Heartbeat" , { } ] \n'),
        case("id of 36 characters", b'[2,"%b","Heartbeat",{}]' % ("\u00e9" * 36).encode()),
        case("id with a quotation mark", b'[2,"\\"","Heartbeat",{}]'),
        case("type as a float", b'[2.0,"1","Heartbeat",{}]'),
        case("action with an escape", b'[2,"1","Heart\\u0062eat",{}]'),
        case("null", b'[2,"1","Heartbeat",null]'),
        case("property twice", b'[2,"1","SignCertificate",{"csr":1,"csr":"x"}]'),
    ],
)
def test_a_call_is_the_same_however_it_is_written(text: bytes) -> None:
    with_readers, without = (
        frames.parse_message(text, DIALECT, ChargePoint.decoders),
        frames.parse_message(text, DIALECT),
    )
    assert isinstance(with_readers, Call)
    assert isinstance(without, Call)
    assert (with_readers.message_id, with_readers.action) == (without.message_id, without.action)
    assert with_readers.payload == without.payload


def test_nothing_is_kept_of_actions_that_nobody_answers() -> None:
    for number in range(10):
        frames.parse_message(b'[2,"1","Action%d",{}]' % number, DIALECT, ChargePoint.decoders)
    assert {it.decode() for it in ChargePoint.decoders} <= STATION_ACTIONS


# What is seen of it


@pytest.fixture(params=["valid", "unchecked"])
def boot(request: pytest.FixtureRequest) -> Any:
    payload = {
        "reason": "PowerUp",
        "chargingStation": {"model": "M", "vendorName": "V", "modem": {"imsi": "1"}},
    }
    if request.param == "unchecked":
        return content("BootNotification", payload)
    return call("BootNotification", payload).content


def test_a_property_is_an_attribute(boot: Any) -> None:
    assert (boot.reason, boot.chargingStation.modem.imsi) == ("PowerUp", "1")


def test_a_property_that_is_not_there_is_none(boot: Any) -> None:
    assert (boot.chargingStation.serialNumber, boot.chargingStation.modem.iccid) == (None, None)


def test_there_is_no_property_that_the_schema_does_not_have(boot: Any) -> None:
    with pytest.raises(AttributeError):
        _ = boot.chargingStation.nothing


def test_a_part_is_json_again(boot: Any) -> None:
    assert to_json(boot.chargingStation.modem) == {"imsi": "1"}


def test_parts_that_say_the_same_are_equal(boot: Any) -> None:
    assert boot.chargingStation == boot.chargingStation
    assert boot.chargingStation != boot.chargingStation.modem


@pytest.mark.parametrize(
    ("payload", "seen"),
    [
        case(
            "text for an object", {"transactionInfo": "T1"}, "'str' object has no attribute 'transactionId'"
        ),
        case("null for an object", {"transactionInfo": None}, "'NoneType' object has no attribute"),
        case("no object", {}, "transactionInfo is missing"),
        case("nothing in it", {"transactionInfo": {}}, "transactionId is missing"),
    ],
)
def test_what_must_be_there_and_is_not_is_missed_when_it_is_asked_for(payload: JsonObject, seen: str) -> None:
    event = content("TransactionEvent", {"seqNo": 1, **payload})
    assert (event.seqNo, event.evse) == (1, None)
    with pytest.raises(AttributeError, match=seen):
        _ = event.transactionInfo.transactionId


def test_what_stands_in_a_list_of_objects_is_seen_as_it_is() -> None:
    notice = content("MeterValues", {"meterValue": [{"sampledValue": [{"value": "x"}, 7]}]})
    first, second = notice.meterValue[0].sampledValue
    assert isinstance(first, LenientPayload)
    assert (first.value, second) == ("x", 7)
