"""Payload types generated from schemas: decoding, and access by attribute to any payload."""

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


def needs_validator(value: Any) -> bool:
    """Whether a decoder may reject a value though it is valid: for customData, data or a huge number."""
    if isinstance(value, dict):
        return not value.keys().isdisjoint({"customData", "data"}) or any(
            map(needs_validator, value.values())
        )
    return any(map(needs_validator, value)) if isinstance(value, list) else value in {PAST_63_BITS, 2.0**70}


def as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("action", ACTIONS)
def test_full_payload_is_decoded_unchanged(action: str) -> None:
    payload = full_payload(action)
    assert OCPP_2_0_1.request(action).violation(payload) is None
    assert as_text(to_json(read(action, payload).content)) == as_text(payload)


@pytest.mark.parametrize("action", ACTIONS)
def test_decoder_and_validator_accept_the_same_payloads(action: str) -> None:
    payloads = [payload for payload in variations(full_payload(action)) if isinstance(payload, dict)]
    assert payloads
    for payload in payloads:
        call = read(action, payload)
        is_valid = OCPP_2_0_1.request(action).violation(call.payload) is None
        if call.content is None:
            assert not is_valid or needs_validator(call.payload), payload
        else:
            assert is_valid, payload
            assert as_text(to_json(call.content)) == as_text(call.payload)


@pytest.mark.parametrize("action", ACTIONS)
def test_top_level_keywords_of_message_schemas_are_supported(action: str) -> None:
    assert OCPP_2_0_1.request(action).read().keys() <= SUPPORTED_KEYWORDS


@pytest.mark.parametrize(
    ("keyword", "value"), [("pattern", "a+"), ("minLength", 1), ("oneOf", [{}]), ("exclusiveMinimum", True)]
)
def test_property_with_unsupported_keyword_is_omitted(keyword: str, value: object) -> None:
    part = {"type": "string", keyword: value}
    struct = payload_type("Any", {"properties": {"known": {"type": "boolean"}, "unknown": part}})
    assert struct.__struct_fields__ == ("known",)


def test_required_property_with_unsupported_keyword_is_never_decoded() -> None:
    part = {"type": "string", "pattern": "a+"}
    struct = payload_type("Any", {"properties": {"unknown": part}, "required": ["unknown"]})
    for payload in (b"{}", b'{"unknown":"aa"}', b'{"unknown":1}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(payload, type=struct)


@pytest.mark.parametrize("limit", ["minimum", "maximum"])
def test_number_with_a_limit_is_omitted(limit: str) -> None:
    part = {"type": "number", limit: 0}
    assert payload_type("Any", {"properties": {"limited": part}}).__struct_fields__ == ()


@pytest.mark.parametrize(
    "text",
    [
        case("with spaces", b' [ 2 , "1" , "Heartbeat" , { } ] \n'),
        case("id of 36 characters", b'[2,"%b","Heartbeat",{}]' % ("\u00e9" * 36).encode()),
        case("id with a quotation mark", b'[2,"\\"","Heartbeat",{}]'),
        case("message type as a float", b'[2.0,"1","Heartbeat",{}]'),
        case("action with an escape", b'[2,"1","Heart\\u0062eat",{}]'),
        case("null payload", b'[2,"1","Heartbeat",null]'),
        case("duplicate property", b'[2,"1","SignCertificate",{"csr":1,"csr":"x"}]'),
    ],
)
def test_call_is_parsed_alike_with_and_without_decoders(text: bytes) -> None:
    with_decoders, without_decoders = (
        frames.parse_message(text, DIALECT, ChargePoint.decoders),
        frames.parse_message(text, DIALECT),
    )
    assert isinstance(with_decoders, Call)
    assert isinstance(without_decoders, Call)
    assert (with_decoders.message_id, with_decoders.action) == (
        without_decoders.message_id,
        without_decoders.action,
    )
    assert with_decoders.payload == without_decoders.payload


def test_unknown_actions_are_not_cached() -> None:
    for number in range(10):
        frames.parse_message(b'[2,"1","Action%d",{}]' % number, DIALECT, ChargePoint.decoders)
    assert {action.decode() for action in ChargePoint.decoders} <= STATION_ACTIONS


# Access by attribute


@pytest.fixture(params=["valid", "lenient"])
def boot(request: pytest.FixtureRequest) -> Any:
    payload = {
        "reason": "PowerUp",
        "chargingStation": {"model": "M", "vendorName": "V", "modem": {"imsi": "1"}},
    }
    if request.param == "lenient":
        return content("BootNotification", payload)
    return call("BootNotification", payload).content


def test_property_is_an_attribute(boot: Any) -> None:
    assert (boot.reason, boot.chargingStation.modem.imsi) == ("PowerUp", "1")


def test_absent_property_is_none(boot: Any) -> None:
    assert (boot.chargingStation.serialNumber, boot.chargingStation.modem.iccid) == (None, None)


def test_property_outside_the_schema_raises(boot: Any) -> None:
    with pytest.raises(AttributeError):
        _ = boot.chargingStation.nothing


def test_part_is_converted_to_json(boot: Any) -> None:
    assert to_json(boot.chargingStation.modem) == {"imsi": "1"}


def test_parts_are_equal_by_content(boot: Any) -> None:
    assert boot.chargingStation == boot.chargingStation
    assert boot.chargingStation != boot.chargingStation.modem


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        case(
            "text for an object", {"transactionInfo": "T1"}, "'str' object has no attribute 'transactionId'"
        ),
        case("null for an object", {"transactionInfo": None}, "'NoneType' object has no attribute"),
        case("absent object", {}, "transactionInfo is missing"),
        case("empty object", {"transactionInfo": {}}, "transactionId is missing"),
    ],
)
def test_missing_required_property_raises_on_access(payload: JsonObject, message: str) -> None:
    event = content("TransactionEvent", {"seqNo": 1, **payload})
    assert (event.seqNo, event.evse) == (1, None)
    with pytest.raises(AttributeError, match=message):
        _ = event.transactionInfo.transactionId


def test_list_of_objects_may_have_other_items() -> None:
    notice = content("MeterValues", {"meterValue": [{"sampledValue": [{"value": "x"}, 7]}]})
    first, second = notice.meterValue[0].sampledValue
    assert isinstance(first, LenientPayload)
    assert (first.value, second) == ("x", 7)
