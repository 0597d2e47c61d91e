"""Summaries of payloads on one line, which nothing sent by a station can break."""

from typing import Any

import orjson
import pytest

from mock_csms.log import summary as module
from mock_csms.log.summary import each_on_one_line, error_summary, summary
from mock_csms.messages import JsonObject
from mock_csms.schema.structs import ValidPayload
from mock_csms.text import one_line
from mock_csms.v201.action_tables import STATION_ACTIONS
from tests.support.hostile import each_hostile, is_one_clean_line
from tests.support.payloads import call, full_payload, read, variations

NOW = "2026-01-01T00:00:00Z"


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def nested(depth: int) -> Any:
    return orjson.loads("[" * depth + "]" * depth)


PROFILE = {
    "id": 7,
    "stackLevel": 2,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Absolute",
    "transactionId": "T1",
    "chargingSchedule": [
        {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.5}, {"startPeriod": 60, "limit": 10}],
        }
    ],
}


# Summaries


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        case("empty payload", {}, ""),
        case("boot", {"reason": "PowerUp", "chargingStation": {"model": "M1", "vendorName": "ACME"}},
             "reason=PowerUp ACME M1"),
        case("answer to a boot",
             {"currentTime": "2024-01-01T00:00:00Z", "interval": 300, "status": "Accepted"},
             "Accepted interval=300"),
        case("connector",
             {"timestamp": "2024-01-01T00:00:00Z", "connectorStatus": "Occupied", "evseId": 1,
              "connectorId": 2}, "Occupied evseId=1 connectorId=2"),
        case("token", {"idToken": {"idToken": "AABB", "type": "ISO14443"}}, "idToken=AABB"),
        case("token info", {"idTokenInfo": {"status": "Blocked"}}, "idTokenInfo=Blocked"),
        case("transaction", {"eventType": "Updated", "seqNo": 3,
                             "transactionInfo": {"transactionId": "T1", "chargingState": "Charging"}},
             "Updated seqNo=3 transactionId=T1 chargingState=Charging"),
        case("transaction without state", {"transactionInfo": {"transactionId": "T1"}}, "transactionId=T1"),
        case("EVSE", {"evse": {"id": 1}}, "evse=1"),
        case("EVSE and connector", {"evse": {"id": 1, "connectorId": 2}}, "evse=1/2"),
        case("statusInfo", {"status": "Rejected", "statusInfo": {"reasonCode": "NotNow"}},
             "Rejected reasonCode=NotNow"),
        case("additionalInfo",
             {"status": "Rejected", "statusInfo": {"reasonCode": "X", "additionalInfo": "a" * 512}},
             f"Rejected reasonCode=X additionalInfo={'a' * 512}"),
        case("statusInfo that is not an object", {"statusInfo": [1]}, "statusInfo=[1]"),
        case("charging profile", {"evseId": 1, "chargingProfile": PROFILE},
             "evseId=1 chargingProfile(id=7 TxProfile stackLevel=2 Absolute transactionId=T1 limit=16.5 A "
             "periods=2)"),
        case("criterion of charging profiles",
             {"chargingProfile": {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}},
             "chargingProfile(TxDefaultProfile stackLevel=0)"),
        case("charging profile without schedule", {"chargingProfile": {"id": 7}},
             "chargingProfile(id=7)"),
        case("other object", {"chargingNeeds": {"x": 1}}, "chargingNeeds={..}"),
        case("firmware", {"firmware": {"location": "http://x/f.bin"}}, "firmware=http://x/f.bin"),
        case("log", {"log": {"remoteLocation": "http://x/files"}}, "log=http://x/files"),
        case("user in a URL", {"log": {"remoteLocation": "ftp://a:b/c@x/" + "y" * 99}},
             f"log=***@x/{'y' * 55}..."),
        case("network profile", {"connectionData": {"ocppCsmsUrl": "ws://x:1"}}, "ocppCsmsUrl=ws://x:1"),
        case("list", {"reportData": [1, 2, 3]}, "reportData[3]"),
        case("results",
             {"getVariableResult": [{"attributeStatus": "Accepted"}, {"attributeStatus": "Rejected"}]},
             "Accepted Rejected"),
        case("result of one variable",
             {"getVariableResult": [
                 {"attributeStatus": "Accepted", "component": {"name": "A"}, "variable": {"name": "B"}},
                 {"attributeStatus": "UnknownVariable", "component": {"name": "C"},
                  "variable": {"name": "D"}},
             ]}, "Accepted UnknownVariable(C.D)"),
        case("explained result of a variable",
             {"setVariableResult": [
                 {"attributeStatus": "Rejected", "component": {"name": "A"}, "variable": {"name": "B"},
                  "attributeStatusInfo": {"reasonCode": "ReadOnly", "additionalInfo": "a" * 300}},
                 {"attributeStatus": "Accepted", "attributeStatusInfo": {"reasonCode": "NoError"}},
             ]}, f"Rejected(A.B reasonCode=ReadOnly additionalInfo={'a' * 300}) Accepted"),
        case("explained result of a monitor",
             {"setMonitoringResult": [{"status": "Rejected", "statusInfo": {"reasonCode": "OutOfMemory"}}]},
             "Rejected(reasonCode=OutOfMemory)"),
        case("monitoring results", {"setMonitoringResult": [{"status": "Duplicate"}]}, "Duplicate"),
        case("cleared monitors",
             {"clearMonitoringResult": [{"id": 1, "status": "Accepted"}, {"id": 2, "status": "NotFound"}]},
             "Accepted NotFound(id=2)"),
        case("customData", {"customData": {"vendorId": "x"}, "status": "Accepted"}, "Accepted"),
        case("meter values", {"evseId": 1, "meterValue": [{}]}, "evseId=1"),
        case("empty text", {"data": ""}, "data=''"),
        case("plain text", "no answer within 30 s", "no answer within 30 s"),
        case("unicode", {"data": "Gr\u00fc\u00dfe"}, "data=Gr\u00fc\u00dfe"),
    ],
)  # fmt: skip
def test_summary_has_the_important_fields(content: object, expected: str) -> None:
    assert summary(content) == expected


@pytest.mark.parametrize("name", ["status", "eventType", "connectorStatus"])
def test_unnamed_properties_come_first(name: str) -> None:
    assert summary({"evseId": 1, name: "X"}) == "X evseId=1"


def test_summary_of_many_fields_is_truncated() -> None:
    assert len(summary({f"field{number}": number for number in range(1000)})) <= module.MAX_WIDTH


@pytest.mark.parametrize(
    "content",
    [
        case("results that are not objects", {"getVariableResult": ["x", 1, None, []]}),
        case("results that are not a list", {"setVariableResult": {"a": 1}}),
        case("chargingStation without fields", {"chargingStation": {}}),
        case("chargingStation that is not an object", {"chargingStation": [1]}),
        case("evse without fields", {"evse": {}}),
        case("evse that is a list", {"evse": []}),
        case("token without fields", {"idToken": {}}),
        case("transactionInfo without fields", {"transactionInfo": {}}),
        case("profile without fields", {"chargingProfile": {}}),
        case("profile that is a list", {"chargingProfile": [1]}),
        case("schedule that is not a list", {"chargingProfile": {"chargingSchedule": {"a": 1}}}),
        case("schedule without periods", {"chargingProfile": {"chargingSchedule": [{}, 1]}}),
        case(
            "period that is not an object",
            {"chargingProfile": {"chargingSchedule": [{"chargingSchedulePeriod": [1]}]}},
        ),
        case("statusInfo without fields", {"statusInfo": {}}),
        case(
            "results with other components",
            {"getVariableResult": [{"attributeStatus": "X", "component": 1, "variable": []}]},
        ),
        case("status that is an object", {"status": {"a": 1}}),
        case("nulls", {"status": None, "evse": None, "idToken": None, "reportData": None}),
        case("payload is a list", [1, 2]),
        case("payload is null", None),
        case(
            "nested deeply",
            {"status": nested(1000), "chargingStation": {"model": nested(1000)}, "a": nested(1000)},
        ),
    ],
)
def test_summary_accepts_payloads_that_break_their_schema(content: object) -> None:
    """A CALL is logged before it is validated."""
    assert is_one_clean_line(summary(content))


# Hostile stations


@each_hostile
@pytest.mark.parametrize(
    "make_content",
    [
        case("plain text", lambda text: text),
        case("field", lambda text: {"data": text}),
        case("status", lambda text: {"status": text}),
        case("name of a field", lambda text: {text: 1}),
        case("name of an object", lambda text: {text: {}}),
        case("name of a list", lambda text: {text: []}),
        case("vendor", lambda text: {"chargingStation": {"vendorName": text, "model": text}}),
        case("EVSE", lambda text: {"evse": {"id": text, "connectorId": text}}),
        case("token", lambda text: {"idToken": {"idToken": text}}),
        case("token info", lambda text: {"idTokenInfo": {"status": text}}),
        case("additional info", lambda text: {"statusInfo": {"additionalInfo": text}}),
        case("limit", lambda text: {"chargingProfile": {**PROFILE, "transactionId": text, "id": text}}),
        case(
            "variable",
            lambda text: {
                "setVariableResult": [
                    {"attributeStatus": "Rejected", "component": {"name": text}, "variable": {"name": text}}
                ]
            },
        ),
        case("reason code", lambda text: {"statusInfo": {"reasonCode": text}}),
        case("transaction", lambda text: {"transactionInfo": {"transactionId": text, "chargingState": text}}),
        case("result", lambda text: {"getVariableResult": [{"attributeStatus": text}]}),
        case("list in an object shown by one field", lambda text: {"idToken": {"idToken": [text]}}),
    ],
)
def test_hostile_string_is_escaped_in_the_summary(hostile: str, make_content: Any) -> None:
    assert is_one_clean_line(summary(make_content(hostile)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        case("harmless", "Gr\u00fc\u00dfe \U0001f50c", "Gr\u00fc\u00dfe \U0001f50c"),
        case("newline", "a\nb", r"a\nb"),
        case("ANSI escape", "\x1b[31mred", r"\x1b[31mred"),
        case("line separator", "a\u2028b", r"a\u2028b"),
        case("empty", "", ""),
    ],
)
def test_only_unprintable_characters_are_escaped(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        case("none", "", "NotImplemented"),
        case("short", "no such action", "NotImplemented: no such action"),
        case("our request", '{\n  "requestId": 2,\n', "NotImplemented"),
        case("our request after a text", 'cannot do [2, "1", "Reset", {}]', "NotImplemented: cannot do ..."),
        case("an object after a text", 'unknown: {"requestId": 2}', "NotImplemented: unknown ..."),
        case("several lines", "no\nstack trace", "NotImplemented: no ..."),
    ],
)
def test_call_error_is_shown_without_a_repeated_request(description: str, expected: str) -> None:
    assert error_summary("NotImplemented", description) == expected


# Valid payloads


STATUS = {"evseId": 1, "connectorId": 2, "timestamp": NOW, "connectorStatus": "Faulted"}
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
ITEM = {"component": {"name": "C"}, "variable": {"name": "V"}, "variableAttribute": [{}]}
REPORT = {"requestId": 7, "generatedAt": NOW, "seqNo": 0, "tbc": True, "reportData": [ITEM]}
SECURITY_EVENT = {"type": "", "timestamp": NOW, "techInfo": "x" * 61}
NEEDS = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}
EVENT = {
    "eventType": "Updated",
    "timestamp": NOW,
    "triggerReason": "Trigger",
    "seqNo": 3,
    "evse": {"id": 1, "connectorId": 2},
    "idToken": {"idToken": "AA", "type": "Central"},
    "transactionInfo": {"transactionId": "T", "chargingState": "Idle"},
}


@pytest.mark.parametrize(
    ("action", "payload", "expected"),
    [
        case("empty payload", "Heartbeat", {}, ""),
        case("connectorStatus first", "StatusNotification", STATUS, "Faulted evseId=1 connectorId=2"),
        case("nested object", "BootNotification", BOOT, "V M reason=PowerUp"),
        case("list", "NotifyReport", REPORT, "requestId=7 reportData[1] tbc=True seqNo=0"),
        case("texts", "SecurityEventNotification", SECURITY_EVENT, f"type='' techInfo={'x' * 57}..."),
        case("other object", "NotifyEVChargingNeeds", NEEDS, "chargingNeeds={..} evseId=1"),
        case("transaction", "TransactionEvent", EVENT,
             "Updated triggerReason=Trigger seqNo=3 transactionId=T chargingState=Idle evse=1/2 idToken=AA"),
    ],
)  # fmt: skip
def test_summary_of_a_valid_payload_matches_that_of_its_json(
    action: str, payload: JsonObject, expected: str
) -> None:
    content = call(action, payload).content
    assert isinstance(content, ValidPayload)
    assert summary(content) == expected
    assert sorted(summary(payload).split()) == sorted(expected.split())


@pytest.mark.parametrize("action", sorted(STATION_ACTIONS))
def test_fast_and_slow_summary_agree(action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WIDTH", 10_000)
    contents = 0
    for payload in variations(full_payload(action)):
        content = read(action, payload).content if isinstance(payload, dict) else None
        if isinstance(content, ValidPayload):
            assert sorted(summary(content).split()) == sorted(summary(payload).split())
            contents += 1
    assert contents


# Many lines


@pytest.mark.parametrize("text", ["", "plain", "\u00e4", "a\nb", "\x7f", "\x1b[0m", "\u2028", "\ud800"])
def test_joined_lines_equal_separately_escaped_lines(text: str) -> None:
    lines = ["before", text, "after", ""]
    assert each_on_one_line(lines).split("\n") == [one_line(line) for line in lines]


@pytest.mark.parametrize(
    "content",
    [
        {"variable": {"name": "BasicAuthPassword"}, "attributeValue": "secret"},
        {"variable": "BasicAuthPassword", " AttributeValue": "secret"},
        {"key": "AuthorizationKey", "value": "secret"},
        [{"key": "AuthorizationKey", "value": {"v": "secret"}}],
        [{"password": {"v": "secret"}}],
    ],
)
def test_value_of_a_secret_variable_is_masked(content: Any) -> None:
    assert "secret" not in summary(content)
