"""The observer reports every kind of violation, and nothing about a compliant station."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_csms.findings.kinds import Finding
from mock_csms.messages import JsonObject
from mock_csms.simulator.certificate_data import certificate_hash_data
from mock_csms.v201.action_tables import CSMS_ACTIONS, STATION_ACTIONS
from mock_csms.v201.findings.all_checks import CHECKS
from mock_csms.v201.findings.kinds import FINDING_KINDS
from mock_csms.v201.findings.observer import Observer201
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.authority import Authority
from tests.support.certificates import LONG_AGO, build_csr, signed_certificate
from tests.support.good_station import GoodStation
from tests.support.talk import (
    EVSE,
    FIRMWARE_UPDATE,
    LOG_UPLOAD,
    REMOTE_START,
    START,
    TOKEN,
    Script,
    Talk,
    availability,
    reading,
    register,
    report,
    reservation,
    schema_of,
    settle,
    stamp,
)

# An example of every kind of violation


VIOLATIONS: dict[str, Script] = {}


def violation_of(kind: str) -> Callable[[Script], Script]:
    """Register a script as the example of a kind; it is run on an accepted station with one connector."""

    def keep(script: Script) -> Script:
        VIOLATIONS[kind] = script
        return script

    return keep


@violation_of("message-id-reused")
def _(talk: Talk) -> None:
    talk.call("Heartbeat", message_id="same")
    talk.call("Heartbeat", message_id="same")


@violation_of("calls-in-parallel")
def _(talk: Talk) -> None:
    talk.send_call("Heartbeat", {})
    talk.at += 0.5
    talk.send_call("Heartbeat", {})


@violation_of("malformed-frame")
def _(talk: Talk) -> None:
    talk.collect(talk.observer.malformed(*talk.next_entry(), "the frame is not valid JSON"))


@violation_of("call-violates-schema")
def _(talk: Talk) -> None:
    talk.call("StatusNotification", {}, violation="payload: timestamp is missing (required)")


@violation_of("answer-violates-schema")
def _(talk: Talk) -> None:
    talk.answer_command(
        talk.send_command("ClearCache", {}), "ClearCache", {}, "payload: status is missing (required)"
    )


@violation_of("call-unanswered")
def _(talk: Talk) -> None:
    talk.time_out("ClearCache", {})


@violation_of("answer-to-unknown-call")
def _(talk: Talk) -> None:
    talk.answer_command("never-sent", None, {})


@violation_of("answer-repeated")
def _(talk: Talk) -> None:
    message_id = talk.send_command("ClearCache", {})
    talk.answer_command(message_id, "ClearCache", {"status": "Accepted"})
    talk.answer_command(message_id, None, {"status": "Accepted"})


@violation_of("unknown-action")
def _(talk: Talk) -> None:
    talk.error(talk.send_unknown_call("Pnig"), "Pnig")


@violation_of("call-before-boot-accepted")
def _(talk: Talk) -> None:
    talk.boot("Pending")
    talk.call("Heartbeat")


@violation_of("boot-retried-too-early")
def _(talk: Talk) -> None:
    talk.boot("Rejected", 60)
    talk.wait(58.5)
    talk.boot()


@violation_of("connector-status-missing")
def _(talk: Talk) -> None:
    talk.boot()
    talk.wait(61)


@violation_of("heartbeat-missing")
def _(talk: Talk) -> None:
    talk.wait(451)


@violation_of("timestamp-invalid")
def _(talk: Talk) -> None:
    talk.call("MeterValues", {"evseId": 1, "meterValue": [reading("2026-01-01T00:00:00")]})


@violation_of("timestamp-in-future")
def _(talk: Talk) -> None:
    talk.call("MeterValues", {"evseId": 1, "meterValue": [reading(stamp(talk.at + 61))]})


@violation_of("timestamp-goes-back")
def _(talk: Talk) -> None:
    talk.wait(100)
    talk.send_event(0, "Started", evse=EVSE)
    talk.send_event(1, timestamp=stamp(talk.at - 11))


@violation_of("transaction-not-started")
def _(talk: Talk) -> None:
    talk.at += 1
    talk.send_event(0)
    talk.send_event(1, "Ended")
    talk.wait(6)


@violation_of("transaction-started-twice")
def _(talk: Talk) -> None:
    talk.send_transaction(0, 1)
    talk.wait(100)
    talk.send_transaction(0, 1)


@violation_of("seq-no-missing")
def _(talk: Talk) -> None:
    talk.send_transaction(0, 1, 3)
    talk.wait(6)


@violation_of("seq-no-repeated")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_event(0, triggerReason="ChargingStateChanged")
    talk.send_event(1, "Ended")


@violation_of("event-after-ended")
def _(talk: Talk) -> None:
    talk.send_transaction(0, 1)
    talk.send_event(2)


@violation_of("id-token-missing")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="Authorized")


@violation_of("evse-missing")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", info={"chargingState": "EVConnected"})
    talk.send_event(1, info={"chargingState": "Charging"}, evse=EVSE)
    talk.send_event(2, "Ended")
    talk.wait(6)


@violation_of("offline-flag-missing")
def _(talk: Talk) -> None:
    talk.wait(10)
    talk.reconnect(200)
    talk.send_event(0, "Started", timestamp=stamp(talk.at - 100))


@violation_of("offline-flag-wrong")
def _(talk: Talk) -> None:
    talk.wait(100)
    talk.send_event(0, "Started", offline=True)


@violation_of("meter-register-decreased")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", **register(1000, talk.at))
    talk.at += 60
    talk.send_event(1, **register(900, talk.at))


@violation_of("transactions-overlap")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.wait(20)
    talk.send_event(0, "Started", evse=EVSE, info={"transactionId": "T2"})
    talk.wait(31)


@violation_of("id-token-repeated")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN)
    talk.send_event(1, idToken=TOKEN)


@violation_of("id-token-type-changed")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN)
    talk.send_event(1, triggerReason="StopAuthorized", idToken={**TOKEN, "type": "eMAID"})


@violation_of("stop-token-missing")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN)
    talk.send_event(1, "Ended", triggerReason="StopAuthorized")


@violation_of("remote-start-not-reported")
def _(talk: Talk) -> None:
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.at += 1
    info = {"remoteStartId": REMOTE_START["remoteStartId"]}
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN, info=info)


@violation_of("stopped-reason-wrong")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_event(1, "Ended", triggerReason="RemoteStop")


@violation_of("reservation-id-missing")
def _(talk: Talk) -> None:
    talk.command("ReserveNow", reservation(talk))
    talk.at += 1
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN, evse=EVSE)


@violation_of("evse-repeated")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.send_event(1, evse=EVSE)


@violation_of("transaction-evse-invalid")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse={"id": 0, "connectorId": 0})


@violation_of("transaction-readings-misplaced")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.at += 1
    readings = register(1000, talk.at, context="Sample.Periodic")
    talk.call("MeterValues", {"evseId": EVSE["id"], **readings})
    talk.wait(31)


@violation_of("report-incomplete")
def _(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.wait(61)


@violation_of("security-event-unknown")
def _(talk: Talk) -> None:
    talk.call("SecurityEventNotification", {"type": "LidOpened", "timestamp": talk.now})


@violation_of("firmware-status-out-of-order")
def _(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    talk.call("FirmwareStatusNotification", {"status": "Installed", "requestId": 5})


@violation_of("log-status-out-of-order")
def _(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    talk.call("LogStatusNotification", {"status": "Uploaded", "requestId": 6})


@violation_of("reset-not-carried-out")
def _(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate"})
    talk.wait(121)


@violation_of("trigger-not-carried-out")
def _(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.wait(31)


@violation_of("availability-not-carried-out")
def _(talk: Talk) -> None:
    talk.command("ChangeAvailability", {"operationalStatus": "Inoperative"})
    talk.wait(61)


@violation_of("stop-not-carried-out")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(121)


@violation_of("start-not-carried-out")
def _(talk: Talk) -> None:
    talk.report_start_point("Authorized")
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.wait(121)


@violation_of("reservation-expiry-not-reported")
def _(talk: Talk) -> None:
    talk.command("ReserveNow", reservation(talk, expiryDateTime=stamp(talk.at + 60)))
    talk.status("Reserved")
    talk.wait(130)


@violation_of("available-while-inoperative")
def _(talk: Talk) -> None:
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.status("Unavailable")
    talk.wait(61)
    talk.status("Available")


@violation_of("boot-not-retried")
def _(talk: Talk) -> None:
    talk.boot("Pending", 10)
    talk.wait(81)


@violation_of("boot-reason-wrong")
def _(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate"})
    talk.reconnect(5)
    talk.boot(reason="PowerUp")
    talk.status()


@violation_of("boot-trigger-accepted")
def _(talk: Talk) -> None:
    talk.trigger("BootNotification")
    talk.boot(reason="Triggered")


@violation_of("remote-request-accepted-while-pending")
def _(talk: Talk) -> None:
    talk.boot("Pending", 0)
    talk.command("RequestStartTransaction", REMOTE_START)


@violation_of("connector-id-invalid")
def _(talk: Talk) -> None:
    talk.status(evse_id=0, connector_id=0)
    talk.status(evse_id=0, connector_id=0)


@violation_of("reset-not-scheduled")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.command("Reset", {"type": "OnIdle"})
    talk.wait(10)
    talk.send_event(1)
    talk.send_event(2, "Ended")


@violation_of("reset-answered-late")
def _(talk: Talk) -> None:
    message_id = talk.send_command("Reset", {"type": "Immediate"})
    talk.boot(reason="RemoteReset")
    talk.answer_command(message_id, "Reset", {"status": "Accepted"})
    talk.status()


@violation_of("availability-not-scheduled")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.status("Occupied")
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.wait(10)
    talk.send_event(1)
    talk.send_event(2, "Ended")


@violation_of("status-missing-after-offline")
def _(talk: Talk) -> None:
    talk.read_variables({"OCPPCommCtrlr.OfflineThreshold": "60"})
    talk.reconnect(481)
    talk.call("Heartbeat")
    talk.wait(61)


@violation_of("unlocked-during-transaction")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE, idToken=TOKEN, info={"chargingState": "Charging"})
    talk.command("UnlockConnector", {"evseId": 1, "connectorId": 1}, "Unlocked")
    talk.wait(10)
    talk.send_event(1)
    talk.send_event(2, "Ended")


@violation_of("report-not-sent")
def _(talk: Talk) -> None:
    talk.command("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
    talk.wait(181)


@violation_of("log-status-not-sent")
def _(talk: Talk) -> None:
    talk.boot(interval=0)
    talk.status()
    talk.command("GetLog", LOG_UPLOAD)
    talk.wait(601)


@violation_of("firmware-status-not-sent")
def _(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    talk.wait(301)


@violation_of("request-id-unknown")
def _(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, request_id=822))
    talk.call("NotifyReport", report(1, request_id=822))


@violation_of("request-id-missing")
def _(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    talk.call("LogStatusNotification", {"status": "Uploading"})


@violation_of("event-seq-no-wrong")
def _(talk: Talk) -> None:
    talk.send_availability_state("EVSE", "Available", {"id": 1})
    talk.send_availability_state("EVSE", "Available", {"id": 1}, seqNo=1)


@violation_of("event-incomplete")
def _(talk: Talk) -> None:
    talk.send_availability_state("EVSE", "Available", {"id": 1}, tbc=True)
    talk.wait(61)


@violation_of("csr-repeated-too-early")
def _(talk: Talk) -> None:
    talk.read_variables({"SecurityCtrlr.CertSigningWaitMinimum": "60"})
    talk.request_certificate()
    talk.wait(30)
    talk.request_certificate()


@violation_of("csr-repeated-after-refusal")
def _(talk: Talk) -> None:
    talk.request_certificate()
    talk.command("CertificateSigned", {"certificateChain": "x"}, "Rejected")
    event = {"type": "InvalidChargingStationCertificate", "timestamp": talk.now}
    talk.call("SecurityEventNotification", event)
    talk.wait(300)
    talk.request_certificate()


@violation_of("bad-certificate-accepted")
def _(talk: Talk) -> None:
    talk.request_certificate(build_csr())
    chain = Authority("Root", start=LONG_AGO).sign(build_csr())
    talk.command("CertificateSigned", {"certificateChain": chain})


@violation_of("certificate-refusal-not-reported")
def _(talk: Talk) -> None:
    talk.command("CertificateSigned", {"certificateChain": "x"}, "Rejected")
    talk.wait(62)


@violation_of("own-certificate-deleted")
def _(talk: Talk) -> None:
    certificate = signed_certificate(talk)
    talk.reconnect(5)
    talk.command("DeleteCertificate", {"certificateHashData": certificate_hash_data(*certificate)})


@violation_of("certificate-list-wrong")
def _(talk: Talk) -> None:
    root = Authority("Root", start=LONG_AGO)
    talk.command("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": root.pem})
    talk.wait(5)
    talk.command("GetInstalledCertificateIds", {}, "NotFound")


@violation_of("certificate-hash-wrong")
def _(talk: Talk) -> None:
    root = Authority("Root", start=LONG_AGO)
    talk.command("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": root.pem})
    hash_data = certificate_hash_data(root.certificate, root.certificate)
    entry = {
        "certificateType": "CSMSRootCertificate",
        "certificateHashData": {**hash_data, "issuerNameHash": "0" * 64},
    }
    for _ in range(2):
        talk.command("GetInstalledCertificateIds", {}, certificateHashDataChain=[entry])


@violation_of("clock-not-set")
def _(talk: Talk) -> None:
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": "1970-01-01T00:00:12Z"})


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_violation_is_found(talk: Talk, kind: str) -> None:
    VIOLATIONS[kind](talk)

    assert talk.ids == [kind]


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_violation_is_reported_once(talk: Talk, kind: str) -> None:
    VIOLATIONS[kind](talk)
    talk.wait(20)
    talk.end()
    talk.end()

    assert talk.ids == [kind]


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_violation_of_silenced_kind_is_not_reported(kind: str) -> None:
    talk = Talk(silenced=frozenset({kind}))
    talk.connect()
    settle(talk)
    VIOLATIONS[kind](talk)
    talk.end()

    assert not talk.findings


def test_every_kind_has_an_example() -> None:
    assert VIOLATIONS.keys() == FINDING_KINDS.keys() - CHECKS.kinds.keys()


# The sentence of a finding


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_finding_has_severity_and_section_of_its_kind(talk: Talk, kind: str) -> None:
    VIOLATIONS[kind](talk)

    finding, (severity, section, *_) = talk.findings[0], FINDING_KINDS[kind]
    assert finding.severity == severity
    assert {*finding.section.split(", ")} <= {*section.split(", ")}


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_finding_has_station_frames_and_one_line_sentence(talk: Talk, kind: str) -> None:
    VIOLATIONS[kind](talk)
    finding = talk.findings[0]

    assert finding.station == "CS001"
    assert finding.frames
    assert all(0 < frame <= talk.frame for frame in finding.frames)
    assert finding.sentence.isprintable()
    assert finding.sentence


def test_newline_from_station_is_escaped(talk: Talk) -> None:
    talk.call("SecurityEventNotification", {"type": "a\nb", "timestamp": talk.now})

    assert "a\\nb" in talk.findings[0].sentence


def test_long_text_from_station_is_truncated(talk: Talk) -> None:
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": "x" * 10_000})

    assert len(talk.findings[0].sentence) < 300


# Invalid and malformed messages


@pytest.mark.parametrize("action", sorted(STATION_ACTIONS))
@pytest.mark.parametrize("payload", [{}, {"timestamp": None, "requestId": [], "eventData": 5}])
def test_invalid_payload_causes_one_finding(talk: Talk, action: str, payload: JsonObject) -> None:
    talk.call(action, payload, violation="payload: timestamp is missing (required)")
    talk.wait(100)
    talk.end()

    assert talk.ids == ["call-violates-schema"]


@pytest.mark.parametrize("payload", [{}, {"transactionInfo": 5}, {"transactionInfo": {"transactionId": [1]}}])
def test_answer_to_invalid_event_causes_no_further_finding(talk: Talk, payload: JsonObject) -> None:
    message_id = talk.send_call("TransactionEvent", payload, violation="payload: seqNo is missing (required)")
    talk.result(message_id, "TransactionEvent", {"idTokenInfo": {"status": "Invalid"}})

    assert talk.ids == ["call-violates-schema"]


def test_invalid_message_drops_expectation_of_its_action(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.call("Heartbeat", {"x": 1}, violation="payload: has a property that the schema does not define")
    talk.wait(31)

    assert talk.ids == ["call-violates-schema"]


def test_malformed_frame_drops_all_expectations(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.call("NotifyReport", report(0, tbc=True))
    talk.collect(talk.observer.malformed(*talk.next_entry(), "the frame is not valid JSON"))
    talk.wait(61)

    assert talk.ids == ["malformed-frame"]


def test_gap_after_invalid_event_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.call("TransactionEvent", {}, violation="payload: seqNo is missing (required)")
    talk.send_event(2, "Ended")
    talk.wait(6)

    assert talk.ids == ["call-violates-schema"]


def test_missing_started_after_invalid_event_is_accepted(talk: Talk) -> None:
    talk.at += 1
    talk.call("TransactionEvent", {}, violation="payload: seqNo is missing (required)")
    talk.send_event(1)
    talk.send_event(2, "Ended")
    talk.wait(6)

    assert talk.ids == ["call-violates-schema"]


def test_next_transaction_after_invalid_event_is_judged(talk: Talk) -> None:
    talk.call("TransactionEvent", {}, violation="payload: seqNo is missing (required)")
    talk.send_transaction(0, 1, 3)
    talk.wait(6)

    assert talk.ids == ["call-violates-schema", "seq-no-missing"]


# Security events (A04)


@pytest.mark.parametrize(
    "kind",
    [
        "FirmwareUpdated",
        "SettingSystemTime",
        "StartupOfTheDevice",
        "ResetOrReboot",
        "SecurityLogWasCleared",
        "MemoryExhaustion",
        "TamperDetectionActivated",
        "InvalidCsmsCertificate",
        "InvalidChargingStationCertificate",
        "InvalidTLSVersion",
        "InvalidTLSCipherSuite",
        "MaintenanceLoginAccepted",
        "MaintenanceLoginFailed",
        "InvalidFirmwareSignature",
        "InvalidFirmwareSigningCertificate",
        "FailedToAuthenticateAtCsms",
        "CsmsFailedToAuthenticate",
        "ReconfigurationOfSecurityParameters",
        "InvalidMessages",
        "AttemptedReplayAttacks",
        "DiscardedRenewedClientCertificate",
    ],
)
def test_listed_security_event_is_accepted(talk: Talk, kind: str) -> None:
    talk.call("SecurityEventNotification", {"type": kind, "timestamp": talk.now})

    assert not talk.findings


def test_empty_text_is_visible_in_sentence(talk: Talk) -> None:
    talk.call("SecurityEventNotification", {"type": "", "timestamp": talk.now})

    (finding,) = talk.findings
    assert finding.sentence.startswith("the security event type '' is not defined")


# Connections


def test_end_of_replaced_connection_keeps_station_connected(talk: Talk) -> None:
    talk.wait(10)
    talk.connect()
    talk.disconnect()
    talk.wait(451)

    assert talk.ids == ["heartbeat-missing"]


def test_forget_drops_earlier_state(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.call("Heartbeat", message_id="same")
    talk.observer.forget(talk.at, talk.frame)
    talk.call("Heartbeat", message_id="same")
    talk.send_event(2, "Ended")
    talk.wait(1000)
    talk.end()

    assert not talk.findings


def test_forget_keeps_station_observed(talk: Talk) -> None:
    talk.observer.forget(talk.at, talk.frame)
    talk.boot(interval=60)
    talk.status()
    talk.wait(200)

    assert talk.ids == ["heartbeat-missing"]


def test_disconnected_station_is_not_overdue(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.call("NotifyReport", report(0, tbc=True))
    talk.disconnect()
    talk.wait(1000)
    talk.end()

    assert not talk.findings


# A compliant station


def test_compliant_station_has_no_findings_in_10_000_messages() -> None:
    station = GoodStation(seed=1)
    station.run(10_000)

    assert not station.talk.findings
    assert set(station.talk.sent) == STATION_ACTIONS


@pytest.mark.parametrize("seed", range(2, 8))
def test_compliant_station_has_no_findings(seed: int) -> None:
    station = GoodStation(seed)
    station.run(500)

    assert not station.talk.findings


# Random events


TEXTS = st.sampled_from(
    ["", "T1", "T2", "A", stamp(START), stamp(START + 70), "2026-01-01T00:00:00", "FirmwareUpdated", "20"]
) | st.text(max_size=8)


NUMBERS = st.integers(-2, 3) | st.integers(-(2**63), 2**63 - 1)


def values(schema: JsonObject, definitions: JsonObject) -> st.SearchStrategy[Any]:
    """Strategy for values that are valid by a schema."""
    if "$ref" in schema:
        return values(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    low, high = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)
    numbers = st.integers(max(low, -2), min(high, 3)) | st.integers(int(low), int(high))
    by_type: Mapping[str | None, Callable[[], st.SearchStrategy[Any]]] = {
        "object": lambda: objects(schema, definitions),
        "array": lambda: st.lists(values(schema["items"], definitions), min_size=1, max_size=2),
        "string": lambda: TEXTS.map(lambda text: text[: schema.get("maxLength")]),
        "integer": lambda: numbers,
        "number": lambda: numbers | st.floats(float(low), float(high)),
        "boolean": st.booleans,
        None: lambda: st.none() | NUMBERS | TEXTS,
    }
    return by_type[schema.get("type")]()


def objects(schema: JsonObject, definitions: JsonObject) -> st.SearchStrategy[JsonObject]:
    fields = {
        name: st.deferred(lambda field=field: values(field, definitions))  # type: ignore[misc]
        for name, field in schema.get("properties", {}).items()
        if name != "customData"
    }
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in required},
        optional={name: field for name, field in fields.items() if name not in required},
    )


def payloads(name: str) -> st.SearchStrategy[Any]:
    schema = schema_of(name)
    return values(schema, schema.get("definitions", {}))


PAYLOADS = st.dictionaries(
    st.sampled_from(["status", "interval", "currentTime", "requestId", "evse", "type", "transactionId"])
    | st.text(max_size=3),
    st.recursive(
        st.none() | st.booleans() | NUMBERS | TEXTS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)


MESSAGE_IDS = st.sampled_from(["", "-1", "a", "b", "c"])


def calls(actions: frozenset[Any], suffix: str) -> st.SearchStrategy[tuple[str, Any]]:
    """Strategy for an action with a valid payload."""
    return st.sampled_from(sorted(actions)).flatmap(
        lambda action: st.tuples(st.just(str(action.value)), payloads(f"{action.value}{suffix}"))
    )


STEPS = st.one_of(
    st.tuples(st.sampled_from(["connected", "disconnected", "tick", "end"])),
    st.tuples(st.just("malformed"), TEXTS),
    st.tuples(st.just("call"), MESSAGE_IDS, calls(STATION_ACTIONS, "Request"), st.booleans()),
    st.tuples(st.just("invalid"), MESSAGE_IDS, TEXTS | st.sampled_from(sorted(STATION_ACTIONS)), PAYLOADS),
    st.tuples(st.just("unknown"), MESSAGE_IDS, TEXTS, PAYLOADS, st.booleans()),
    st.tuples(st.just("result"), MESSAGE_IDS, calls(STATION_ACTIONS, "Response")),
    st.tuples(st.just("broken result"), MESSAGE_IDS, st.sampled_from(sorted(STATION_ACTIONS)), PAYLOADS),
    st.tuples(st.sampled_from(["error", "timed_out"]), MESSAGE_IDS, st.sampled_from(sorted(STATION_ACTIONS))),
    st.tuples(st.just("withheld"), MESSAGE_IDS),
    st.tuples(st.just("command"), MESSAGE_IDS, calls(CSMS_ACTIONS, "Request")),
    st.tuples(st.just("broken command"), MESSAGE_IDS, st.sampled_from(sorted(CSMS_ACTIONS)), PAYLOADS),
    st.tuples(st.just("answer"), MESSAGE_IDS, calls(CSMS_ACTIONS, "Response"), st.booleans()),
    st.tuples(st.just("call error"), MESSAGE_IDS, st.sampled_from(sorted(CSMS_ACTIONS)) | st.none()),
)


def apply_step(observer: Observer201, at: float, frame: int, step: tuple[Any, ...]) -> Sequence[Finding]:  # noqa: C901, PLR0911, PLR0912 - a table
    """Apply one generated step to an observer."""
    match step:
        case ("connected" | "disconnected" as name,):
            findings: Sequence[Finding] = getattr(observer, name)(at, frame)
            return findings
        case ("tick",):
            return observer.tick(at)
        case ("end",):
            return observer.end(at)
        case ("malformed", description):
            return observer.malformed(at, frame, description)
        case ("call", message_id, (action, payload), together):
            assert OCPP_2_0_1.request(action).violation(payload) is None
            return observer.received_call(
                at, frame, message_id, action, payload, violation=None, together=together
            )
        case ("invalid", message_id, action, payload):
            return observer.received_call(at, frame, message_id, action, payload, violation="broken")
        case ("unknown", message_id, action, payload, known):
            return observer.received_call(
                at, frame, message_id, f"x{action}", payload, violation=None, known=known
            )
        case ("result", message_id, (action, payload)) | ("broken result", message_id, action, payload):
            return observer.sent_result(at, frame, message_id, action, payload)
        case ("error", message_id, action):
            return observer.sent_error(at, frame, message_id, action)
        case ("timed_out", message_id, action):
            return observer.timed_out(at, message_id, action)
        case ("withheld", message_id):
            return observer.withheld(at, message_id)
        case ("command", message_id, (action, payload)) | ("broken command", message_id, action, payload):
            return observer.sent_call(at, frame, message_id, action, payload)
        case ("answer", message_id, (action, payload), is_valid):
            violation = None if is_valid else "broken"
            return observer.received_answer(at, frame, message_id, action, payload, violation=violation)
        case ("call error", message_id, action):
            return observer.received_answer(at, frame, message_id, action, None)
    raise AssertionError(step)


@given(st.lists(st.tuples(st.floats(0, 100), STEPS), max_size=30))
def test_random_events_never_raise(steps: list[tuple[float, tuple[Any, ...]]]) -> None:
    observer, at = Observer201("CS001", frozenset(), FINDING_KINDS), START
    for frame, (seconds, step) in enumerate(steps):
        at += seconds
        for finding in apply_step(observer, at, frame, step):
            assert finding.sentence.isprintable()
            assert orjson.dumps(finding.as_json())
