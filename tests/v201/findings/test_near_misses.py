"""A station that nearly causes a finding gets none, for each kind of finding."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from mock_csms.simulator.certificate_data import certificate_hash_data
from mock_csms.v201.findings.all_checks import CHECKS
from mock_csms.v201.findings.kinds import FINDING_KINDS
from tests.support.authority import Authority
from tests.support.certificates import LONG_AGO, build_csr, signed_certificate
from tests.support.talk import (
    EVSE,
    FIRMWARE_STEPS,
    FIRMWARE_UPDATE,
    LOG_UPLOAD,
    REMOTE_START,
    TOKEN,
    Script,
    Talk,
    availability,
    reading,
    register,
    report,
    reservation,
    stamp,
)

if TYPE_CHECKING:
    from mock_csms.messages import JsonObject

NEAR_MISSES: dict[str, Script] = {}
"""A script for each kind of finding; it is run on an accepted station with one connector."""


def near_miss(kind: str) -> Callable[[Script], Script]:
    """Register a script as the near miss of a kind."""

    def keep(script: Script) -> Script:
        assert kind not in NEAR_MISSES
        NEAR_MISSES[kind] = script
        return script

    return keep


@pytest.mark.parametrize("kind", sorted(FINDING_KINDS.keys() - CHECKS.kinds.keys()))
def test_every_kind_has_a_near_miss(kind: str) -> None:
    assert kind in NEAR_MISSES


@pytest.mark.parametrize("kind", NEAR_MISSES)
def test_near_miss_has_no_finding(talk: Talk, kind: str) -> None:
    NEAR_MISSES[kind](talk)
    talk.end()

    assert talk.ids == []


def start_authorized(talk: Talk, **fields: object) -> None:
    """Start a transaction with a token on EVSE 1."""
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN, evse=EVSE, **fields)


def event_part(talk: Talk, seq_no: int, *, tbc: bool) -> None:
    """Send a NotifyEvent that is one of several parts; ``tbc`` means that another part follows."""
    event = {
        "eventId": 1,
        "timestamp": talk.now,
        "trigger": "Delta",
        "actualValue": "1",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Controller"},
        "variable": {"name": "Problem"},
    }
    payload: JsonObject = {"generatedAt": talk.now, "seqNo": seq_no, "tbc": tbc, "eventData": [event]}
    talk.call("NotifyEvent", payload)


# OCPP-J


@near_miss("message-id-reused")
def _(talk: Talk) -> None:
    talk.send_call("Heartbeat", {}, message_id="same")
    talk.reconnect(5)
    talk.call("Heartbeat", message_id="same")


@near_miss("calls-in-parallel")
def _(talk: Talk) -> None:
    talk.send_call("Heartbeat", {})
    talk.at += 1
    talk.call("Heartbeat")


@near_miss("malformed-frame")
def _(talk: Talk) -> None:
    talk.ask_in_vain("ClearCache", {})


@near_miss("call-violates-schema")
def _(talk: Talk) -> None:
    talk.call("Heartbeat", {"customData": {"vendorId": "org.example", "signal": [1, None]}})


@near_miss("answer-violates-schema")
def _(talk: Talk) -> None:
    message_id = talk.send_command("ClearCache", {})
    info = {"reasonCode": "NoReason"}
    talk.answer_command(message_id, "ClearCache", {"status": "Rejected", "statusInfo": info})


@near_miss("call-unanswered")
def _(talk: Talk) -> None:
    message_id = talk.send_command("ClearCache", {})
    talk.wait(29)
    talk.answer_command(message_id, "ClearCache", {"status": "Accepted"})


@near_miss("answer-to-unknown-call")
def _(talk: Talk) -> None:
    talk.call("Heartbeat", message_id="heartbeat")
    talk.answer_command("heartbeat", None)


@near_miss("answer-repeated")
def _(talk: Talk) -> None:
    for _ in range(2):
        talk.command("ClearCache", {})


@near_miss("unknown-action")
def _(talk: Talk) -> None:
    talk.exchange("DataTransfer", {"vendorId": "com.example"}, {"status": "UnknownVendorId"})


# Registration


@near_miss("call-before-boot-accepted")
def _(talk: Talk) -> None:
    talk.boot("Pending")
    talk.trigger("Heartbeat")
    talk.call("Heartbeat")


@near_miss("boot-retried-too-early")
def _(talk: Talk) -> None:
    talk.boot("Rejected", 60)
    talk.wait(59.5)
    talk.boot()
    talk.status()


@near_miss("boot-not-retried")
def _(talk: Talk) -> None:
    talk.boot("Pending", 10)
    talk.wait(79)
    talk.boot()
    talk.status()


@near_miss("boot-reason-wrong")
def _(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate"}, "Rejected")
    talk.reconnect(5)
    talk.boot(reason="PowerUp")
    talk.status()


@near_miss("boot-trigger-accepted")
def _(talk: Talk) -> None:
    talk.trigger("BootNotification", "Rejected")


@near_miss("remote-request-accepted-while-pending")
def _(talk: Talk) -> None:
    talk.boot("Pending", 0)
    talk.command("RequestStartTransaction", REMOTE_START, "Rejected")


@near_miss("connector-status-missing")
def _(talk: Talk) -> None:
    talk.boot()
    talk.wait(59)
    talk.status()
    talk.wait(10)


@near_miss("status-missing-after-offline")
def _(talk: Talk) -> None:
    talk.read_variables({"OCPPCommCtrlr.OfflineThreshold": "60"})
    talk.reconnect(500)
    talk.call("Heartbeat")
    talk.wait(59)
    talk.status()
    talk.wait(10)


@near_miss("connector-id-invalid")
def _(talk: Talk) -> None:
    talk.status(evse_id=1, connector_id=2)


@near_miss("heartbeat-missing")
def _(talk: Talk) -> None:
    talk.wait(449)
    talk.call("Heartbeat")
    talk.wait(449)


# Timestamps


@near_miss("timestamp-invalid")
def _(talk: Talk) -> None:
    talk.call("MeterValues", {"evseId": 1, "meterValue": [reading("2026-01-01T01:00:00.5+01:00")]})


@near_miss("timestamp-in-future")
def _(talk: Talk) -> None:
    talk.call("MeterValues", {"evseId": 1, "meterValue": [reading(stamp(talk.at + 59))]})


@near_miss("clock-not-set")
def _(talk: Talk) -> None:
    talk.call("MeterValues", {"evseId": 1, "meterValue": [reading("2000-01-01T00:00:00Z")]})


@near_miss("timestamp-goes-back")
def _(talk: Talk) -> None:
    talk.wait(100)
    talk.send_event(0, "Started", evse=EVSE)
    talk.send_event(1, timestamp=stamp(talk.at - 9))


# Answers to commands


@near_miss("answer-does-not-match")
def _(talk: Talk) -> None:
    message_id = talk.send_command("ClearVariableMonitoring", {"id": [1, 2]})
    results = [{"id": 2, "status": "Accepted"}, {"id": 1, "status": "NotFound"}]
    talk.answer_command(message_id, "ClearVariableMonitoring", {"clearMonitoringResult": results})


@near_miss("answer-without-data")
def _(talk: Talk) -> None:
    talk.command("GetCompositeSchedule", {"duration": 60, "evseId": 1}, "Rejected")


@near_miss("reset-not-scheduled")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.command("Reset", {"type": "OnIdle"}, "Scheduled")
    talk.wait(10)
    talk.send_event(1)


@near_miss("reset-answered-late")
def _(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate"})
    talk.boot(reason="RemoteReset")
    talk.status()


@near_miss("availability-not-scheduled")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.status("Occupied")
    talk.command("ChangeAvailability", availability("Inoperative"), "Scheduled")
    talk.wait(10)
    talk.send_event(1)


@near_miss("unlocked-during-transaction")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE, idToken=TOKEN, info={"chargingState": "SuspendedEV"})
    talk.command("UnlockConnector", {"evseId": 1, "connectorId": 1}, "Unlocked")
    talk.wait(10)
    talk.send_event(1)


# Commands and what follows them


@near_miss("report-not-sent")
def _(talk: Talk) -> None:
    talk.command("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
    talk.wait(179)
    talk.call("NotifyReport", report(0, request_id=9))
    talk.wait(10)


@near_miss("report-incomplete")
def _(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.wait(59)
    talk.call("NotifyReport", report(1, tbc=False))
    talk.wait(61)


@near_miss("log-status-not-sent")
def _(talk: Talk) -> None:
    talk.boot(interval=0)
    talk.status()
    talk.command("GetLog", LOG_UPLOAD)
    talk.wait(599)
    talk.call("LogStatusNotification", {"status": "Uploading", "requestId": 6})
    talk.wait(10)


@near_miss("firmware-status-not-sent")
def _(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    talk.wait(299)
    talk.call("FirmwareStatusNotification", {"status": "Downloading", "requestId": 5})
    talk.wait(10)


@near_miss("request-id-unknown")
def _(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, request_id=8))


@near_miss("request-id-missing")
def _(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    talk.trigger("LogStatusNotification")
    talk.call("LogStatusNotification", {"status": "Idle"})


@near_miss("firmware-status-out-of-order")
def _(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    for status in (*FIRMWARE_STEPS, "InstallRebooting", "Installed"):
        talk.call("FirmwareStatusNotification", {"status": status, "requestId": 5})


@near_miss("log-status-out-of-order")
def _(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    for status in ("UploadFailure", "Uploading", "Uploaded"):
        talk.call("LogStatusNotification", {"status": status, "requestId": 6})


@near_miss("reset-not-carried-out")
def _(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate"})
    talk.wait(119)
    talk.boot(reason="RemoteReset")
    talk.status()


@near_miss("trigger-not-carried-out")
def _(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.wait(29)
    talk.call("Heartbeat")


@near_miss("availability-not-carried-out")
def _(talk: Talk) -> None:
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.wait(59)
    talk.status("Unavailable")
    talk.wait(10)


@near_miss("available-while-inoperative")
def _(talk: Talk) -> None:
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.status("Unavailable")
    talk.wait(100)
    talk.command("ChangeAvailability", availability("Operative", evse_id=1))
    talk.status("Available")


@near_miss("stop-not-carried-out")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(119)
    talk.send_event(1, triggerReason="RemoteStop")
    talk.wait(10)


@near_miss("start-not-carried-out")
def _(talk: Talk) -> None:
    talk.report_start_point("Authorized")
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.wait(119)
    talk.send_event(0, "Started", triggerReason="RemoteStart", idToken=TOKEN, info={"remoteStartId": 9})
    talk.wait(10)


# Events, certificates and security


@near_miss("event-seq-no-wrong")
def _(talk: Talk) -> None:
    event_part(talk, 0, tbc=True)
    event_part(talk, 1, tbc=False)
    event_part(talk, 0, tbc=False)


@near_miss("event-incomplete")
def _(talk: Talk) -> None:
    event_part(talk, 0, tbc=True)
    talk.wait(10)
    event_part(talk, 1, tbc=False)
    talk.wait(200)


@near_miss("csr-repeated-too-early")
def _(talk: Talk) -> None:
    talk.read_variables({"SecurityCtrlr.CertSigningWaitMinimum": "60"})
    talk.request_certificate()
    talk.wait(61)
    talk.request_certificate()


@near_miss("csr-repeated-after-refusal")
def _(talk: Talk) -> None:
    talk.request_certificate()
    talk.command("CertificateSigned", {"certificateChain": "x"}, "Rejected")
    talk.trigger("SignChargingStationCertificate")
    talk.request_certificate(build_csr())


@near_miss("bad-certificate-accepted")
def _(talk: Talk) -> None:
    csr = build_csr()
    talk.request_certificate(csr)
    talk.trigger("SignChargingStationCertificate")
    talk.request_certificate(build_csr())
    talk.command("CertificateSigned", {"certificateChain": Authority("Root", start=LONG_AGO).sign(csr)})
    talk.command("CertificateSigned", {"certificateChain": "x"}, "Rejected")


@near_miss("certificate-refusal-not-reported")
def _(talk: Talk) -> None:
    event = {"type": "InvalidChargingStationCertificate", "timestamp": talk.now}
    talk.command("CertificateSigned", {"certificateChain": "x"}, "Rejected")
    talk.wait(59)
    talk.call("SecurityEventNotification", {**event, "timestamp": talk.now})
    talk.command("CertificateSigned", {"certificateChain": "x"}, "Rejected")  # the event has come already
    talk.wait(100)
    unknown = Authority("Root", start=LONG_AGO).sign(build_csr())  # no CSR is known
    talk.command("CertificateSigned", {"certificateChain": unknown}, "Rejected")
    talk.wait(100)
    v2g = {"certificateChain": "x", "certificateType": "V2GCertificate"}
    talk.command("CertificateSigned", v2g, "Rejected")
    talk.wait(100)
    talk.command("CertificateSigned", {"certificateChain": "x"}, "Rejected")
    talk.reconnect(5)
    talk.wait(100)
    talk.boot("Pending", 10)
    talk.command("CertificateSigned", {"certificateChain": "x"}, "Rejected")
    talk.wait(11)
    talk.boot("Accepted", 300, reason="Triggered")
    talk.status()
    talk.wait(100)


@near_miss("own-certificate-deleted")
def _(talk: Talk) -> None:
    root = signed_certificate(talk)[1]
    talk.command("DeleteCertificate", {"certificateHashData": certificate_hash_data(root, root)})
    own = signed_certificate(talk)
    talk.command("DeleteCertificate", {"certificateHashData": certificate_hash_data(*own)}, "Failed")
    v2g = signed_certificate(talk, certificateType="V2GCertificate")
    talk.command("DeleteCertificate", {"certificateHashData": certificate_hash_data(*v2g)})


@near_miss("certificate-list-wrong")
def _(talk: Talk) -> None:
    root, other = Authority("Root", start=LONG_AGO), Authority("Other", start=LONG_AGO)
    hash_data = certificate_hash_data(root.certificate, root.certificate)
    request = {"certificateType": "CSMSRootCertificate", "certificate": root.pem}
    entry = {
        "certificateType": "CSMSRootCertificate",
        "certificateHashData": {**hash_data, "serialNumber": f"0{hash_data['serialNumber'].upper()}"},
    }
    talk.command("InstallCertificate", request)
    talk.command("GetInstalledCertificateIds", {"certificateType": ["V2GRootCertificate"]}, "NotFound")
    talk.command("GetInstalledCertificateIds", {}, certificateHashDataChain=[entry])
    talk.command("InstallCertificate", {**request, "certificate": other.pem})  # may replace the first root
    talk.command("DeleteCertificate", {"certificateHashData": hash_data})
    talk.command("GetInstalledCertificateIds", {}, "NotFound")
    talk.command("InstallCertificate", request)
    talk.reconnect(5)
    talk.command("GetInstalledCertificateIds", {}, "NotFound")


@near_miss("certificate-hash-wrong")
def _(talk: Talk) -> None:
    root = Authority("Root", start=LONG_AGO)
    sub_ca = Authority("Sub-CA", root)
    for installed, issuer in ((root, root), (sub_ca, sub_ca)):  # the issuer of the sub-CA is not known
        request = {"certificateType": "CSMSRootCertificate", "certificate": installed.pem}
        talk.command("InstallCertificate", request)
        hash_data = certificate_hash_data(installed.certificate, issuer.certificate)
        entry = {
            "certificateType": "CSMSRootCertificate",
            "certificateHashData": {**hash_data, "issuerKeyHash": hash_data["issuerKeyHash"].upper()},
        }
        talk.command("GetInstalledCertificateIds", {}, certificateHashDataChain=[entry])


@near_miss("security-event-unknown")
def _(talk: Talk) -> None:
    talk.call("SecurityEventNotification", {"type": "SettingSystemTime", "timestamp": talk.now})


# Transactions


@near_miss("transaction-not-started")
def _(talk: Talk) -> None:
    talk.at += 1
    talk.send_event(1)
    talk.send_event(2, "Ended")
    talk.send_event(0, "Started")
    talk.wait(6)


@near_miss("transaction-started-twice")
def _(talk: Talk) -> None:
    started = talk.send_event(0, "Started")
    talk.wait(100)
    talk.call("TransactionEvent", started)


@near_miss("transactions-overlap")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.wait(20)
    ended = talk.event(1, "Ended")
    talk.at += 1
    talk.send_event(0, "Started", evse=EVSE, info={"transactionId": "T2"})
    talk.wait(29)
    talk.call("TransactionEvent", ended)


@near_miss("seq-no-missing")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    ended = talk.send_event(1, "Ended")
    talk.call("TransactionEvent", {**ended, "offline": True})
    talk.wait(6)


@near_miss("seq-no-repeated")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    updated = talk.send_event(1)
    talk.call("TransactionEvent", updated)
    talk.send_event(2, "Ended")


@near_miss("event-after-ended")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    ended = talk.send_event(1, "Ended")
    talk.call("TransactionEvent", {**ended, "offline": True})


@near_miss("id-token-missing")
def _(talk: Talk) -> None:
    start_authorized(talk)


@near_miss("id-token-repeated")
def _(talk: Talk) -> None:
    start_authorized(talk)
    talk.send_event(1, triggerReason="StopAuthorized", idToken=TOKEN)


@near_miss("id-token-type-changed")
def _(talk: Talk) -> None:
    start_authorized(talk)
    talk.send_event(1, triggerReason="StopAuthorized", idToken={"idToken": "OTHER", "type": "eMAID"})


@near_miss("stop-token-missing")
def _(talk: Talk) -> None:
    start_authorized(talk)
    talk.send_event(1, "Ended", triggerReason="StopAuthorized", idToken=TOKEN)


@near_miss("remote-start-not-reported")
def _(talk: Talk) -> None:
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.at += 11
    start_authorized(talk)


@near_miss("stopped-reason-wrong")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_event(1, "Ended", triggerReason="RemoteStop", info={"stoppedReason": "Remote"})


@near_miss("reservation-id-missing")
def _(talk: Talk) -> None:
    talk.command("ReserveNow", reservation(talk))
    talk.at += 1
    start_authorized(talk, reservationId=3)


@near_miss("reservation-expiry-not-reported")
def _(talk: Talk) -> None:
    talk.command("ReserveNow", reservation(talk, expiryDateTime=stamp(talk.at + 60)))
    talk.status("Reserved")
    talk.wait(119)
    talk.call("ReservationStatusUpdate", {"reservationId": 3, "reservationUpdateStatus": "Expired"})
    talk.wait(10)


@near_miss("evse-missing")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN)
    talk.send_event(1, triggerReason="CablePluggedIn", info={"chargingState": "EVConnected"}, evse=EVSE)
    talk.send_event(2, "Ended")
    talk.wait(6)


@near_miss("evse-repeated")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse={"id": 1})
    talk.send_event(1, evse=EVSE)


@near_miss("transaction-evse-invalid")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse={"id": 9, "connectorId": 9})


@near_miss("offline-flag-missing")
def _(talk: Talk) -> None:
    talk.wait(10)
    talk.reconnect(200)
    talk.send_event(0, "Started", timestamp=stamp(talk.at - 100), offline=True)


@near_miss("offline-flag-wrong")
def _(talk: Talk) -> None:
    talk.wait(100)
    talk.reconnect(30)
    talk.send_event(0, "Started", offline=True)


@near_miss("meter-register-decreased")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", **register(1000, talk.at))
    talk.at += 60
    talk.send_event(1, **register(900, talk.at, measurand="Power.Active.Import"))


@near_miss("transaction-readings-misplaced")
def _(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.at += 1
    readings = register(1000, talk.at, context="Sample.Clock")
    talk.call("MeterValues", {"evseId": EVSE["id"], **readings})
    talk.wait(31)
