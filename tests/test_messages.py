"""OCPP-J messages: parsing frames, the error code and message id of malformed ones, and building frames."""

import json
from typing import Any

import orjson
import pytest

from charge_point import ChargePoint
from mock_csms import messages as frames
from mock_csms.messages import (
    Call,
    CallError,
    CallRejected,
    CallResult,
    ErrorCode,
    JsonObject,
    MalformedAnswer,
    MalformedFrame,
)
from mock_csms.v201.version import DIALECT

ID = "19223201"
MARK = "SENDERWROTETHIS"
LONE_SURROGATE = '"\\ud800"'


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def parsed(text: bytes | str) -> frames.Message | tuple[str, str, JsonObject]:
    """Parse a frame; a CALL is returned as id, action and payload."""
    frame = frames.parse_message(text.encode() if isinstance(text, str) else text, DIALECT)
    return (frame.message_id, frame.action, frame.payload) if isinstance(frame, Call) else frame


def malformed_frame(text: bytes | str) -> MalformedFrame:
    """Return the exception for a malformed frame; it must be the same if payloads are parsed by decoders."""
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(MalformedFrame) as without_decoders:
        frames.parse_message(raw, DIALECT)
    with pytest.raises(MalformedFrame) as with_decoders:
        frames.parse_message(raw, DIALECT, ChargePoint.decoders)
    assert str(with_decoders.value) == str(without_decoders.value)
    return without_decoders.value


def malformed_answer(text: bytes | str) -> MalformedAnswer:
    with pytest.raises(MalformedAnswer) as caught:
        parsed(text)
    return caught.value


# Parsing


def test_call_is_parsed() -> None:
    text = '[2, "19223201", "Heartbeat", {"customData": {"vendorId": "x", "my_key": 1}}]'

    assert parsed(text) == (ID, "Heartbeat", {"customData": {"vendorId": "x", "my_key": 1}})


def test_call_result_is_parsed() -> None:
    assert parsed('[3, "19223201", {"status": "Accepted"}]') == CallResult(ID, {"status": "Accepted"})


def test_call_error_is_parsed() -> None:
    text = '[4, "19223201", "NotSupported", "no such thing", {"hint": 1}]'

    assert parsed(text) == CallError(ID, "NotSupported", "no such thing", {"hint": 1})


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        case("CALL", '[2, "19223201", "Heartbeat", null]', (ID, "Heartbeat", {})),
        case("CALLRESULT", '[3, "19223201", null]', CallResult(ID, {})),
    ],
)
def test_null_payload_is_parsed_as_empty(text: str, frame: object) -> None:
    """OCPP-J 4.1.5 accepts null instead of an empty payload."""
    assert parsed(text) == frame


@pytest.mark.parametrize("details", [{}, None, "text", ["list"], 7], ids=str)
def test_call_error_details_may_be_of_any_type(details: object) -> None:
    text = json.dumps([4, ID, "GenericError", "", details])

    assert parsed(text) == CallError(ID, "GenericError", "", details)


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("FormationViolation", ErrorCode.FORMAT_VIOLATION),
        ("FormatViolation", ErrorCode.FORMAT_VIOLATION),
        ("OccurenceConstraintViolation", DIALECT.spell(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION)),
        ("OccurrenceConstraintViolation", DIALECT.spell(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION)),
    ],
)
def test_error_code_is_recognised_in_the_spelling_of_any_version(spelling: str, expected: ErrorCode) -> None:
    """Stations of all versions use both spellings of each code."""
    frame = parsed(json.dumps([4, ID, spelling, "", {}]))

    assert isinstance(frame, CallError)
    assert frame.code == expected


def test_unknown_error_code_is_unchanged() -> None:
    assert parsed('[4, "19223201", "Oops", "", {}]') == CallError(ID, "Oops", "", {})


@pytest.mark.parametrize("message_id", ["x" * 36, "\u00e9" * 36], ids=["ascii", "two bytes each"])
def test_message_id_of_36_characters_is_accepted(message_id: str) -> None:
    """OCPP-J 4.1.4."""
    frame = parsed(json.dumps([2, message_id, "Heartbeat", {}]))

    assert frame == (message_id, "Heartbeat", {})


# Invalid JSON


@pytest.mark.parametrize(
    "text",
    [
        case("empty", ""),
        case("only spaces", "  \n"),
        case("words", "hello"),
        case("cut off", '[2, "19223201", "Heartbeat", {'),
        case("two frames in one", '[3, "1", {}][3, "2", {}]'),
        case("trailing comma", '[2, "19223201", "Heartbeat", {},]'),
        case("single quotes", "[2, '19223201', 'Heartbeat', {}]"),
        case("bare newline in a string", '[2, "19223201", "Heart\nbeat", {}]'),
        case("NaN", '[2, "19223201", "DataTransfer", {"data": NaN}]'),
        case("Infinity", '[2, "19223201", "DataTransfer", {"data": Infinity}]'),
        case("-Infinity", '[2, "19223201", "DataTransfer", {"data": -Infinity}]'),
        case("lone surrogate, escaped", f'[2, "19223201", "DataTransfer", {{"data": {LONE_SURROGATE}}}]'),
        case("lone surrogate, in UTF-8", b'[2, "19223201", "DataTransfer", {"data": "\xed\xa0\x80"}]'),
        case("invalid UTF-8", b'[2, "19223201", "DataTransfer", {"data": "\xff"}]'),
        case("UTF-16", '[2, "19223201", "Heartbeat", {}]'.encode("utf-16")),
        case("NUL", b"\x00"),
        case("integer of 5,000 digits", f'[2, "19223201", "DataTransfer", {{"data": {"9" * 5000}}}]'),
        case("number above the largest double", '[2, "19223201", "DataTransfer", {"data": 1e400}]'),
        case("100,000 unclosed arrays", "[" * 100_000),
        case("100,000 closed arrays", "[" * 100_000 + "]" * 100_000),
        case(
            "100,000 objects as payload",
            '[2, "19223201", "X", ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]",
        ),
    ],
)
def test_invalid_json_is_rejected_without_an_id(text: bytes | str) -> None:
    """OCPP-J 4.2.3: an unreadable message id is answered with "-1"."""
    malformed = malformed_frame(text)

    assert (malformed.code, malformed.message_id) == (ErrorCode.RPC_FRAMEWORK_ERROR, None)


def levels(count: int) -> str:
    return "[" * count + "]" * count


@pytest.mark.parametrize(
    "text",
    [
        case("1,000 unclosed arrays", "[" * 1000),
        case("unclosed payload", '[2, "1", "DataTransfer", {"data": ' + "[" * 1000),
    ],
)
def test_unclosed_arrays_are_not_called_a_lack_of_memory(text: str) -> None:
    malformed = malformed_frame(text)

    assert "the frame is not valid JSON" in malformed.description
    assert not malformed.may_be_valid


def test_frame_is_not_blamed_for_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_memory(_: bytes) -> Any:
        raise orjson.JSONDecodeError("Not enough memory to allocate buffer for parsing", "", 0)

    monkeypatch.setattr("mock_csms.messages.orjson.loads", without_memory)
    malformed = malformed_frame('[2, "1", "Heartbeat", {"customData": {"vendorId": "x"}}]')

    assert malformed.code == ErrorCode.INTERNAL_ERROR
    assert malformed.may_be_valid


# Nesting


def test_128_levels_are_accepted() -> None:
    text = f'[2, "{ID}", "DataTransfer", {{"vendorId": "V", "data": {levels(126)}}}]'

    assert isinstance(frames.parse_message(text.encode(), DIALECT), Call)


@pytest.mark.parametrize("count", [127, 255, 300, 1000])
def test_call_of_more_than_128_levels_is_answered_with_its_id(count: int) -> None:
    malformed = malformed_frame(f'[2, "{ID}", "DataTransfer", {{"vendorId": "V", "data": {levels(count)}}}]')

    assert (malformed.code, malformed.message_id) == (ErrorCode.FORMAT_VIOLATION, ID)
    assert malformed.may_be_valid


@pytest.mark.parametrize("frame", ['[3, "19223201", {}]', '[4, "19223201", "GenericError", "", {}]'])
@pytest.mark.parametrize("count", [128, 1000])
def test_answer_of_more_than_128_levels_is_rejected(frame: str, count: int) -> None:
    malformed = malformed_answer(frame.replace("{}", f'{{"a": {levels(count)}}}'))

    assert malformed.message_id == ID
    assert malformed.may_be_valid


def test_many_brackets_side_by_side_are_accepted() -> None:
    text = f'[2, "{ID}", "DataTransfer", {{"vendorId": "V", "data": [{", ".join(["[{}]"] * 1000)}]}}]'

    assert isinstance(frames.parse_message(text.encode(), DIALECT), Call)


# Valid JSON, but not an OCPP-J message


@pytest.mark.parametrize("text", ["{}", '"text"', "2", "null", "true", "[]", '{"2": "19223201"}'])
def test_json_other_than_a_filled_array_is_rejected_without_an_id(text: str) -> None:
    malformed = malformed_frame(text)

    assert (malformed.code, malformed.message_id) == (ErrorCode.RPC_FRAMEWORK_ERROR, None)


@pytest.mark.parametrize("kind", ["0", "1", "5", "6", "-2", "2.5", '"2"', "true", "null", "[2]", '{"2": 2}'])
def test_unknown_message_type_is_rejected_with_its_id(kind: str) -> None:
    """OCPP-J 4.4; only OCPP 2.1 has the message types 5 and 6."""
    malformed = malformed_frame(f'[{kind}, "19223201", "Heartbeat", {{}}]')

    assert (malformed.code, malformed.message_id) == (ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, ID)


@pytest.mark.parametrize("text", ["[1]", "[7, 12]", "[null, null]", "[[]]"])
def test_unknown_message_type_without_an_id_is_rejected(text: str) -> None:
    malformed = malformed_frame(text)

    assert (malformed.code, malformed.message_id) == (ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, None)


@pytest.mark.parametrize(
    ("text", "message_id"),
    [
        case("1 element", "[2]", None),
        case("2 elements", '[2, "19223201"]', ID),
        case("3 elements", '[2, "19223201", "Heartbeat"]', ID),
        case("5 elements", '[2, "19223201", "Heartbeat", {}, {}]', ID),
        case("5 elements, id a number", '[2, 19223201, "Heartbeat", {}, {}]', None),
    ],
)
def test_call_with_wrong_number_of_elements_is_a_protocol_error(text: str, message_id: str) -> None:
    """OCPP-J 4.2.1: a CALL has 4 elements."""
    malformed = malformed_frame(text)

    assert (malformed.code, malformed.message_id) == (ErrorCode.PROTOCOL_ERROR, message_id)


@pytest.mark.parametrize("payload", ["[]", "[{}]", '"{}"', '""', "0", "1.5", "true", "false"])
def test_payload_other_than_an_object_is_a_protocol_error(payload: str) -> None:
    malformed = malformed_frame(f'[2, "19223201", "Heartbeat", {payload}]')

    assert (malformed.code, malformed.message_id) == (ErrorCode.PROTOCOL_ERROR, ID)


@pytest.mark.parametrize("message_id", ["19223201", "null", "true", "1.5", '["19223201"]', "{}"])
def test_message_id_other_than_a_string_is_unreadable(message_id: str) -> None:
    malformed = malformed_frame(f'[2, {message_id}, "Heartbeat", {{}}]')

    assert (malformed.code, malformed.message_id) == (ErrorCode.RPC_FRAMEWORK_ERROR, None)


def test_message_id_of_37_characters_is_rejected_with_that_id() -> None:
    """OCPP-J 4.1.4 and 4.2.3: a long id is an error, but readable, so the CALLERROR repeats it."""
    malformed = malformed_frame(json.dumps([2, "x" * 37, "Heartbeat", {}]))

    assert (malformed.code, malformed.message_id) == (ErrorCode.RPC_FRAMEWORK_ERROR, "x" * 37)


@pytest.mark.parametrize(
    ("message_id", "payload", "code"),
    [
        case("36 characters, list as payload", "x" * 36, "[]", ErrorCode.PROTOCOL_ERROR),
        case("37 characters, list as payload", "x" * 37, "[]", ErrorCode.RPC_FRAMEWORK_ERROR),
        case("37 characters, null payload", "x" * 37, "null", ErrorCode.RPC_FRAMEWORK_ERROR),
    ],
)
def test_long_message_id_takes_precedence_over_the_payload(
    message_id: str, payload: str, code: ErrorCode
) -> None:
    assert malformed_frame(f'[2, "{message_id}", "Heartbeat", {payload}]').code == code


@pytest.mark.parametrize("action", ["null", "7", "true", '["Heartbeat"]', '{"action": "Heartbeat"}'])
def test_action_other_than_a_string_is_rejected(action: str) -> None:
    malformed = malformed_frame(f'[2, "19223201", {action}, {{}}]')

    assert (malformed.code, malformed.message_id) == (ErrorCode.RPC_FRAMEWORK_ERROR, ID)


@pytest.mark.parametrize(
    "text",
    [
        case("not JSON", MARK),
        case("not an array", f'{{"{MARK}": 1}}'),
        case("message type", f'["{MARK}", "1"]'),
        case("message id", f'[2, ["{MARK}"], "Heartbeat", {{}}]'),
        case("message id too long", f'[2, "{MARK:x<37}", "Heartbeat", {{}}]'),
        case("action", f'[2, "1", ["{MARK}"], {{}}]'),
        case("payload", f'[2, "1", "Heartbeat", "{MARK}"]'),
    ],
)
def test_description_has_no_text_of_the_sender(text: str) -> None:
    """OCPP-J 4.2.3: a CALLERROR does not repeat invalid JSON."""
    malformed = malformed_frame(text)

    assert malformed.description
    assert MARK not in malformed.description


# Malformed answers, which are not answered


@pytest.mark.parametrize(
    "text",
    [
        case("CALLRESULT of 2 elements", '[3, "19223201"]'),
        case("CALLRESULT of 4 elements", '[3, "19223201", {}, {}]'),
        case("CALLRESULT with a list", '[3, "19223201", []]'),
        case("CALLRESULT with a string", '[3, "19223201", "Accepted"]'),
        case("CALLRESULT with a number", '[3, "19223201", 0]'),
        case("CALLRESULT with false", '[3, "19223201", false]'),
        case("CALLERROR of 3 elements", '[4, "19223201", "GenericError"]'),
        case("CALLERROR of 4 elements", '[4, "19223201", "GenericError", ""]'),
        case("CALLERROR of 6 elements", '[4, "19223201", "GenericError", "", {}, {}]'),
        case("CALLERROR with a numeric code", '[4, "19223201", 500, "", {}]'),
        case("CALLERROR without a description", '[4, "19223201", "GenericError", null, {}]'),
    ],
)
def test_malformed_answer_has_its_message_id(text: str) -> None:
    assert malformed_answer(text).message_id == ID


@pytest.mark.parametrize(
    "text", ["[3]", "[4]", "[3, 7, {}]", "[3, null, {}]", '[4, {}, "GenericError", "", {}]', '[4, ["1"]]']
)
def test_malformed_answer_with_unreadable_id_has_none(text: str) -> None:
    assert malformed_answer(text).message_id is None


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("[3]", "[3, id, payload]"),
        ("[4]", "[4, id, code, description, details]"),
    ],
)
def test_malformed_answer_describes_the_correct_shape(text: str, shape: str) -> None:
    assert shape in str(malformed_answer(text))


# UTF-8


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        case("ascii", b"[]", True),
        case("four bytes", "\U0001f50c".encode(), True),
        case("not JSON", b"hello", True),
        case("stray byte", b"\xff", False),
        case("cut off", b"\xc3", False),
        case("overlong", b"\xc0\xaf", False),
        case("surrogate", b"\xed\xa0\x80", False),
    ],
)
def test_invalid_utf_8_is_detected(text: bytes, valid: bool) -> None:
    """OCPP-J 4.1.2, RFC 3629."""
    assert frames.is_utf8(text) is valid


# Building frames


def test_call_frame_has_four_elements() -> None:
    text = frames.call_frame(ID, "Reset", {"type": "OnIdle"})

    assert json.loads(text) == [2, ID, "Reset", {"type": "OnIdle"}]


def test_call_frame_with_empty_payload_has_an_empty_object() -> None:
    """OCPP-J 4.1.5."""
    assert json.loads(frames.call_frame(ID, "ClearCache", {})) == [2, ID, "ClearCache", {}]


def test_call_result_frame_has_three_elements() -> None:
    text = frames.call_result_frame(ID, {"currentTime": "2024-01-01T00:00:00.000Z"})

    assert json.loads(text) == [3, ID, {"currentTime": "2024-01-01T00:00:00.000Z"}]


def test_call_error_frame_has_five_elements() -> None:
    refusal = CallRejected(ErrorCode.SECURITY_ERROR, "not yet", {"registration": "Pending"})

    assert json.loads(frames.call_error_frame(ID, refusal, DIALECT)) == [
        4,
        ID,
        "SecurityError",
        "not yet",
        {"registration": "Pending"},
    ]


def test_error_codes_are_spelled_as_in_ocpp_2_0_1() -> None:
    """OCPP-J 4.3; "Occurence" lacks an r until OCPP 2.1."""
    spellings = {
        json.loads(frames.call_error_frame(ID, CallRejected(code, ""), DIALECT))[2] for code in ErrorCode
    }

    assert spellings == {
        "FormatViolation",
        "GenericError",
        "InternalError",
        "MessageTypeNotSupported",
        "NotImplemented",
        "NotSupported",
        "OccurenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "RpcFrameworkError",
        "SecurityError",
        "TypeConstraintViolation",
    }


def test_call_error_details_are_empty_by_default() -> None:
    """OCPP-J 4.2.3."""
    text = frames.call_error_frame(ID, CallRejected(ErrorCode.NOT_IMPLEMENTED, "no such action"), DIALECT)

    assert json.loads(text)[4] == {}


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        case("255 characters", "x" * 255, "x" * 255),
        case("256 characters", "x" * 256, "x" * 255),
        case("256 characters of four bytes", "\U0001f50c" * 256, "\U0001f50c" * 255),
        case("empty", "", ""),
    ],
)
def test_description_is_truncated_to_255_characters(description: str, expected: str) -> None:
    """OCPP-J 4.2.3."""
    text = frames.call_error_frame(ID, CallRejected(ErrorCode.INTERNAL_ERROR, description), DIALECT)

    assert json.loads(text)[3] == expected


def test_malformed_frame_is_answered_with_its_id() -> None:
    malformed = malformed_frame('[2, "19223201", "Heartbeat"]')

    answer = parsed(frames.call_error_frame(malformed.message_id or "", malformed, DIALECT))

    assert isinstance(answer, CallError)
    assert (answer.message_id, answer.code) == (ID, "ProtocolError")


def test_seen_value_of_a_rejection_is_not_sent() -> None:
    refusal = CallRejected(ErrorCode.TYPE_CONSTRAINT_VIOLATION, "must be a string", seen="7 is not a string")

    assert str(refusal) == "TypeConstraintViolation: 7 is not a string"
    assert b"7 is not a string" not in frames.call_error_frame(ID, refusal, DIALECT)


def test_frame_is_encoded_as_utf_8() -> None:
    """OCPP-J 4.1.2."""
    text = frames.call_frame(ID, "DataTransfer", {"vendorId": "Gr\u00fc\u00dfe \U0001f50c"})

    assert parsed(text) == (ID, "DataTransfer", {"vendorId": "Gr\u00fc\u00dfe \U0001f50c"})
