"""Validation by schema: required fields, and code, path and description of a violation."""

from typing import Any, Final, NoReturn

import orjson
import pytest
from jsonschema_rs import Draft4Validator
from ocpp.v201.enums import Action

from mock_csms import messages as frames
from mock_csms.messages import CallError, CallRejected, ErrorCode, JsonObject
from mock_csms.schema.validation import Schema, Violation
from mock_csms.v201.version import DIALECT, OCPP_2_0_1

MARK: Final = "SENDERWROTETHIS"
MISSING: Final = ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
TYPE: Final = ErrorCode.TYPE_CONSTRAINT_VIOLATION
PROPERTY: Final = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
FORMAT: Final = ErrorCode.FORMAT_VIOLATION

MESSAGES: Final = """
Authorize                         : idToken                              : idTokenInfo
BootNotification                  : reason chargingStation               : currentTime interval status
CancelReservation                 : reservationId                        : status
CertificateSigned                 : certificateChain                     : status
ChangeAvailability                : operationalStatus                    : status
ClearCache                        :                                      : status
ClearChargingProfile              :                                      : status
ClearDisplayMessage               : id                                   : status
ClearVariableMonitoring           : id                                   : clearMonitoringResult
ClearedChargingLimit              : chargingLimitSource                  :
CostUpdated                       : totalCost transactionId              :
CustomerInformation               : requestId report clear               : status
DataTransfer                      : vendorId                             : status
DeleteCertificate                 : certificateHashData                  : status
FirmwareStatusNotification        : status                               :
Get15118EVCertificate             : iso15118SchemaVersion action exiRequest : status exiResponse
GetBaseReport                     : requestId reportBase                 : status
GetCertificateStatus              : ocspRequestData                      : status
GetChargingProfiles               : requestId chargingProfile            : status
GetCompositeSchedule              : duration evseId                      : status
GetDisplayMessages                : requestId                            : status
GetInstalledCertificateIds        :                                      : status
GetLocalListVersion               :                                      : versionNumber
GetLog                            : logType requestId log                : status
GetMonitoringReport               : requestId                            : status
GetReport                         : requestId                            : status
GetTransactionStatus              :                                      : messagesInQueue
GetVariables                      : getVariableData                      : getVariableResult
Heartbeat                         :                                      : currentTime
InstallCertificate                : certificateType certificate          : status
LogStatusNotification             : status                               :
MeterValues                       : evseId meterValue                    :
NotifyChargingLimit               : chargingLimit                        :
NotifyCustomerInformation         : data seqNo generatedAt requestId     :
NotifyDisplayMessages             : requestId                            :
NotifyEVChargingNeeds             : evseId chargingNeeds                 : status
NotifyEVChargingSchedule          : timeBase evseId chargingSchedule     : status
NotifyEvent                       : generatedAt seqNo eventData          :
NotifyMonitoringReport            : requestId seqNo generatedAt          :
NotifyReport                      : requestId generatedAt seqNo          :
PublishFirmware                   : location checksum requestId          : status
PublishFirmwareStatusNotification : status                               :
ReportChargingProfiles            : requestId chargingLimitSource evseId chargingProfile :
RequestStartTransaction           : remoteStartId idToken                : status
RequestStopTransaction            : transactionId                        : status
ReservationStatusUpdate           : reservationId reservationUpdateStatus :
ReserveNow                        : id expiryDateTime idToken            : status
Reset                             : type                                 : status
SecurityEventNotification         : type timestamp                       :
SendLocalList                     : versionNumber updateType             : status
SetChargingProfile                : evseId chargingProfile               : status
SetDisplayMessage                 : message                              : status
SetMonitoringBase                 : monitoringBase                       : status
SetMonitoringLevel                : severity                             : status
SetNetworkProfile                 : configurationSlot connectionData     : status
SetVariableMonitoring             : setMonitoringData                    : setMonitoringResult
SetVariables                      : setVariableData                      : setVariableResult
SignCertificate                   : csr                                  : status
StatusNotification                : timestamp connectorStatus evseId connectorId :
TransactionEvent                  : eventType timestamp triggerReason seqNo transactionInfo :
TriggerMessage                    : requestedMessage                     : status
UnlockConnector                   : evseId connectorId                   : status
UnpublishFirmware                 : checksum                             : status
UpdateFirmware                    : requestId firmware                   : status
"""
"""Each action with the required fields of request and response, from the message table of OCPP 2.0.1."""

ROWS: Final = [[column.strip() for column in line.split(":")] for line in MESSAGES.strip().splitlines()]
REQUESTS: Final = {action: set(required.split()) for action, required, _ in ROWS}
RESPONSES: Final = {action: set(required.split()) for action, _, required in ROWS}


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def request_violation(action: str, payload: JsonObject) -> Violation:
    violation = OCPP_2_0_1.request(action).violation(payload)
    assert violation is not None
    return violation


def missing_field(violation: Violation | None) -> str:
    """Return the field that a violation reports as missing."""
    assert violation is not None
    assert violation.code == MISSING
    assert violation.description.startswith("payload: ")
    return violation.description.removeprefix("payload: ").partition(" ")[0]


def profile(schedules: int = 1) -> JsonObject:
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule] * schedules,
    }


def charging_needs(state_of_charge: int) -> JsonObject:
    dc = {"evMaxCurrent": 100, "evMaxVoltage": 400, "stateOfCharge": state_of_charge}
    return {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC", "dcChargingParameters": dc}}


def meter_values(*sampled: JsonObject) -> JsonObject:
    return {"evseId": 1, "meterValue": [{"timestamp": "2024-01-01T00:00:00Z", "sampledValue": list(sampled)}]}


# Every action


def test_message_table_has_every_action() -> None:
    assert set(REQUESTS) == set(Action)


@pytest.mark.parametrize("action", sorted(action for action, required in REQUESTS.items() if required))
def test_empty_request_lacks_a_required_field(action: str) -> None:
    assert missing_field(OCPP_2_0_1.request(action).violation({})) in REQUESTS[action]


@pytest.mark.parametrize("action", sorted(action for action, required in REQUESTS.items() if not required))
def test_empty_request_without_required_fields_is_valid(action: str) -> None:
    assert OCPP_2_0_1.request(action).violation({}) is None


@pytest.mark.parametrize("action", sorted(action for action, required in RESPONSES.items() if required))
def test_empty_response_lacks_a_required_field(action: str) -> None:
    assert missing_field(OCPP_2_0_1.response(action).violation({})) in RESPONSES[action]


@pytest.mark.parametrize("action", sorted(action for action, required in RESPONSES.items() if not required))
def test_empty_response_without_required_fields_is_valid(action: str) -> None:
    assert OCPP_2_0_1.response(action).violation({}) is None


# Code, path and description of a violation


@pytest.mark.parametrize(
    ("action", "payload", "code", "path"),
    [
        case("required", "Reset", {}, MISSING, "payload"),
        case("required, nested", "BootNotification", {"reason": "PowerUp", "chargingStation": {"model": "x"}},
             MISSING, "chargingStation"),
        case("minItems", "GetVariables", {"getVariableData": []}, MISSING, "getVariableData"),
        case("maxItems", "SetChargingProfile", {"evseId": 0, "chargingProfile": profile(schedules=4)},
             MISSING, "chargingProfile.chargingSchedule"),
        case("type", "Reset", {"type": 7}, TYPE, "type"),
        case("type, null", "Reset", {"type": None}, TYPE, "type"),
        case("type, value instead of a list", "ClearVariableMonitoring", {"id": 1}, TYPE, "id"),
        case("type, fraction", "GetReport", {"requestId": 1.5}, TYPE, "requestId"),
        case("type, true for an integer", "GetReport", {"requestId": True}, TYPE, "requestId"),
        case("enum", "Reset", {"type": "Hard"}, PROPERTY, "type"),
        case("enum, wrong case", "Reset", {"type": "onidle"}, PROPERTY, "type"),
        case("maxLength", "SecurityEventNotification",
             {"type": "x" * 51, "timestamp": "2024-01-01T00:00:00Z"}, PROPERTY, "type"),
        case("minimum", "NotifyEVChargingNeeds", charging_needs(-1), PROPERTY,
             "chargingNeeds.dcChargingParameters.stateOfCharge"),
        case("maximum", "NotifyEVChargingNeeds", charging_needs(101), PROPERTY,
             "chargingNeeds.dcChargingParameters.stateOfCharge"),
        case("additionalProperties", "Reset", {"type": "OnIdle", "x": 1}, FORMAT, "payload"),
        case("additionalProperties, nested", "TriggerMessage",
             {"requestedMessage": "Heartbeat", "evse": {"id": 1, "x": 1}}, FORMAT, "evse"),
        case("inside lists", "MeterValues", meter_values({"value": 1}, {"value": "1"}), TYPE,
             "meterValue[0].sampledValue[1].value"),
        case("inside customData", "Heartbeat", {"customData": {"x": 1}}, MISSING, "customData"),
    ],
)  # fmt: skip
def test_violation_has_code_and_path(action: str, payload: JsonObject, code: ErrorCode, path: str) -> None:
    """OCPP-J 4.3."""
    violation = request_violation(action, payload)

    assert (violation.code, violation.description.partition(": ")[0]) == (code, path)


@pytest.mark.parametrize(
    ("action", "payload", "keyword"),
    [
        case("required", "Reset", {}, "type is missing (required)"),
        case("type", "Reset", {"type": 7}, "must be of type string (type)"),
        case("enum", "Reset", {"type": "Hard"}, "must be one of Immediate, OnIdle (enum)"),
        case("maxItems", "SetChargingProfile", {"evseId": 0, "chargingProfile": profile(schedules=4)},
             "maxItems is 3 (maxItems)"),
        case("maxLength", "DataTransfer", {"vendorId": "x" * 256}, "maxLength is 255 (maxLength)"),
        case("maximum", "NotifyEVChargingNeeds", charging_needs(101), "(maximum)"),
    ],
)  # fmt: skip
def test_violation_describes_the_violated_rule(action: str, payload: JsonObject, keyword: str) -> None:
    assert request_violation(action, payload).description.endswith(keyword)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        case("enum", "Reset", {"type": MARK}),
        case("type", "Reset", {"type": [MARK]}),
        case("type, an object", "Reset", {"type": {MARK: MARK}}),
        case("maxLength", "DataTransfer", {"vendorId": MARK * 20}),
        case("minItems", "GetVariables", {"getVariableData": [], "customData": {"vendorId": MARK}}),
        case("maxItems", "SetChargingProfile",
             {"evseId": 0, "chargingProfile": profile(4), "customData": {"vendorId": MARK}}),
        case("unknown key", "Reset", {"type": "OnIdle", MARK: 1}),
        case("unknown key, nested", "TriggerMessage",
             {"requestedMessage": "Heartbeat", "evse": {"id": 1, MARK: MARK}}),
        case("required", "BootNotification", {"reason": "PowerUp", "chargingStation": {"model": MARK}}),
        case("required, in customData", "Heartbeat", {"customData": {MARK: MARK}}),
    ],
)  # fmt: skip
def test_description_of_a_violation_has_no_text_of_the_sender(action: str, payload: JsonObject) -> None:
    assert MARK not in request_violation(action, payload).description


@pytest.mark.parametrize(
    "payload",
    [
        case("wrong value", {"type": MARK}),
        case("unknown key", {"type": "OnIdle", MARK: 1}),
    ],
)
def test_found_has_the_invalid_value_for_the_log(payload: JsonObject) -> None:
    assert MARK in request_violation("Reset", payload).found


def test_missing_property_has_the_same_description_everywhere() -> None:
    violation = request_violation("Reset", {})

    assert violation.found == violation.description == "payload: type is missing (required)"


@pytest.mark.parametrize(
    ("action", "payload", "fields"),
    [
        case("one", "Reset", {"type": "Hard"}, {"type"}),
        case("several", "UnlockConnector", {"evseId": "1", "connectorId": "2"}, {"evseId", "connectorId"}),
        case("one of two", "UnlockConnector", {"evseId": 1, "connectorId": "2"}, {"connectorId"}),
        case("nested", "MeterValues", meter_values({"value": "1"}), {"meterValue"}),
        case("missing", "UnlockConnector", {}, set()),
        case("missing, nested", "BootNotification", {"reason": "PowerUp", "chargingStation": {}},
             {"chargingStation"}),
    ],
)  # fmt: skip
def test_all_invalid_fields_are_found(action: str, payload: JsonObject, fields: set[str]) -> None:
    assert OCPP_2_0_1.request(action).invalid_fields(payload) == fields


def test_long_description_is_truncated_in_a_call_error() -> None:
    """A list of 25 measurands is longer than the 255 characters of an errorDescription (OCPP-J 4.2.3)."""
    violation = request_violation("MeterValues", meter_values({"value": 1, "measurand": "Energy"}))

    frame = frames.parse_message(
        frames.call_error_frame("1", CallRejected(violation.code, violation.description), DIALECT), DIALECT
    )

    assert isinstance(frame, CallError)
    assert len(violation.description) > len(frame.description) == 255


def test_violation_of_a_response_has_code_and_path() -> None:
    result = {"attributeStatus": "Fine", "component": {"name": "x"}, "variable": {"name": "y"}}

    violation = OCPP_2_0_1.response("GetVariables").violation({"getVariableResult": [result]})

    assert violation is not None
    assert violation.code == PROPERTY
    assert violation.description.startswith("getVariableResult[0].attributeStatus: ")


# Limits


@pytest.mark.parametrize(
    ("action", "payload", "field", "limit"),
    [
        case("CertificateSigned", "CertificateSigned", {}, "certificateChain", 10000),
        case("SignCertificate", "SignCertificate", {}, "csr", 5500),
        case("InstallCertificate", "InstallCertificate", {"certificateType": "V2GRootCertificate"},
             "certificate", 5500),
        case("SecurityEvent type", "SecurityEventNotification", {"timestamp": "2024-01-01T00:00:00Z"},
             "type", 50),
        case("SecurityEvent techInfo", "SecurityEventNotification",
             {"timestamp": "2024-01-01T00:00:00Z", "type": "x"}, "techInfo", 255),
    ],
)  # fmt: skip
def test_text_up_to_its_max_length_is_valid(action: str, payload: JsonObject, field: str, limit: int) -> None:
    assert OCPP_2_0_1.request(action).violation({**payload, field: "\u00e9" * limit}) is None
    assert request_violation(action, {**payload, field: "\u00e9" * (limit + 1)}).code == PROPERTY


@pytest.mark.parametrize("wrong", [3, None, True, [], {}])
def test_enum_value_of_another_type_is_a_type_violation(wrong: object) -> None:
    violation = request_violation("FirmwareStatusNotification", {"status": wrong})
    assert (violation.code, violation.description) == (
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        "status: must be of type string (type)",
    )


def test_custom_data_with_vendor_id_may_have_any_fields() -> None:
    """OCPP-J 9, TC_P_03."""
    custom = {"vendorId": "org.example", "anything": [1, {"goes": None}]}

    assert OCPP_2_0_1.request("Heartbeat").violation({"customData": custom}) is None


def test_deeply_nested_valid_payload_is_accepted() -> None:
    data = orjson.loads("[" * 1000 + "]" * 1000)

    assert OCPP_2_0_1.request("DataTransfer").violation({"vendorId": "org.example", "data": data}) is None


def test_deeply_nested_invalid_value_is_rejected() -> None:
    data = orjson.loads("[" * 1000 + "]" * 1000)

    assert request_violation("Reset", {"type": data}).code == FORMAT
    assert OCPP_2_0_1.request("Reset").invalid_fields({"type": data}) == {"type"}


# Floods of violations


class FirstErrorValidator(Draft4Validator):
    """Fails the test if all errors are listed, which takes many seconds for a message of 1 MiB."""

    def iter_errors(self, instance: Any) -> NoReturn:
        raise AssertionError("all errors were made")


@pytest.mark.parametrize("item", [{}, 1], ids=["missing fields", "wrong type"])
def test_flood_of_violations_is_reported_by_its_first_one(
    item: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.schema.validation.Draft4Validator", FirstErrorValidator)
    schema = Schema(OCPP_2_0_1.schemas / "NotifyReportRequest.json")
    payload = {
        "requestId": 1,
        "generatedAt": "2026-01-01T00:00:00Z",
        "seqNo": 0,
        "reportData": [item] * 340_000,
    }

    violation = schema.violation(payload)

    assert violation is not None
    assert violation.description.startswith("reportData[0]: ")
    assert schema.invalid_fields(payload) == {"reportData"}
    assert schema.violation_of_patch({**payload, "reportData": [1] * 500_000}) is not None


@pytest.mark.parametrize(
    "payload",
    [{"type": "x" * 900_000}, {"type": "Immediate", **{f"key{number}": 1 for number in range(100_000)}}],
    ids=["long value", "many properties"],
)
def test_found_is_short_however_long_the_invalid_value_is(payload: JsonObject) -> None:
    violation = request_violation("Reset", payload)

    assert len(violation.found) <= 300
    assert len(violation.description) <= 300


# Times in what is sent


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.123Z",
        "2026-01-31T12:00:00.123456Z",
        "2026-01-31t12:00:00z",
        "2026-01-31T12:00:00+02:00",
        "2026-01-31T12:00:00.5-00:30",
    ],
)
def test_time_of_rfc_3339_may_be_sent(time: str) -> None:
    assert OCPP_2_0_1.response("Heartbeat").violation_when_sent({"currentTime": time}) is None


@pytest.mark.parametrize(
    "time",
    [
        "",
        "yesterday",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00:00+02",
        "2026-01-31T12:00:00+0200",
        "2026-01-31T12:00Z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T12:00:00Z\n",
        "\u0662026-01-31T12:00:00Z",
    ],
)
def test_other_time_may_not_be_sent(time: str) -> None:
    """Part 2, 3.1: RFC 3339, so with a zone."""
    violation = OCPP_2_0_1.response("Heartbeat").violation_when_sent({"currentTime": time})

    assert violation is not None
    assert violation.code == FORMAT
    assert violation.description == (
        "currentTime: must be a date and time with a zone, as in 2026-01-31T12:00:00Z (format)"
    )
    assert violation.found.startswith(f"currentTime: {time!r} must be")
    assert OCPP_2_0_1.response("Heartbeat").violation({"currentTime": time}) is None


def test_nested_time_is_checked_when_sent() -> None:
    payload = {"logType": "DiagnosticsLog", "requestId": 1, "log": {"remoteLocation": "x"}}
    schema = OCPP_2_0_1.request("GetLog")

    assert schema.violation_when_sent(payload) is None
    payload["log"] = {"remoteLocation": "x", "oldestTimestamp": ""}
    violation = schema.violation_when_sent(payload)
    assert violation is not None
    assert "log.oldestTimestamp" in violation.description


def test_time_in_patch_is_checked_only_if_it_is_sent() -> None:
    schema, patch = OCPP_2_0_1.response("BootNotification"), {"currentTime": "soon"}

    assert schema.violation_of_patch(patch) is None
    assert schema.violation_of_patch(patch, is_sent=True) is not None
