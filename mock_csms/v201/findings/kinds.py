"""Kinds of findings for the requirements of OCPP 2.0.1."""

from collections.abc import Mapping
from typing import Final

from mock_csms.findings.kinds import SHARED_KINDS, FindingKind
from mock_csms.findings.requirements import requirement_indexes
from mock_csms.v201.findings.all_checks import CHECKS
from mock_csms.v201.findings.answer_requirements import ANSWER_KINDS
from mock_csms.v201.findings.transaction_kinds import TRANSACTION_KINDS

FINDING_KINDS: Final[Mapping[str, FindingKind]] = {
    **SHARED_KINDS,
    "calls-in-parallel": SHARED_KINDS["calls-in-parallel"]._replace(section="OCPP-J 4.1.1, FR.01"),
    **ANSWER_KINDS,
    "call-before-boot-accepted": FindingKind(
        "error",
        "B01.FR.08, B02.FR.02, B03.FR.02",
        "a CALL is sent before the boot is accepted",
        "a boot of the station",
    ),
    "boot-retried-too-early": FindingKind(
        "error",
        "B02.FR.04, B03.FR.02",
        "a boot is retried before the interval in the last answer is over",
        "a boot that was answered with Pending or Rejected",
    ),
    "connector-status-missing": FindingKind(
        "error", "B01.FR.05", "a connector's status is not reported after a boot", "an accepted boot"
    ),
    "status-missing-after-offline": FindingKind(
        "error",
        "B04.FR.01",
        "a connector's status is not reported after a long offline period",
        "OCPPCommCtrlr.OfflineThreshold, the Heartbeat interval, a status of the connector before the"
        " offline period, and that the station has not booted since",
    ),
    "heartbeat-missing": FindingKind(
        "error",
        "B01.FR.04, G02.FR.01, G02.FR.02",
        "the station is silent for longer than the Heartbeat interval",
        "the interval of an accepted boot, or the OCPPCommCtrlr.HeartbeatInterval that was set later",
    ),
    "timestamp-invalid": FindingKind(
        "error", "Part 2 3.1", "a timestamp is not an RFC 3339 date-time with a zone"
    ),
    "timestamp-in-future": FindingKind(
        "hint",
        "B01.FR.06, G02.FR.06",
        "a timestamp of the station is ahead of the time of the central system",
        "a currentTime sent to the station",
    ),
    "boot-not-retried": FindingKind(
        "error",
        "B02.FR.08, B03.FR.06",
        "the station does not boot again although the interval in the last answer has been over for long",
        "a boot that was answered with Pending or Rejected and an interval above 0",
    ),
    "boot-reason-wrong": FindingKind(
        "error",
        "B01.FR.09",
        "a boot after a Reset or TriggerMessage has the reason PowerUp",
        "the answer to the Reset or TriggerMessage",
    ),
    "boot-trigger-accepted": FindingKind(
        "error",
        "F06.FR.17",
        "a TriggerMessage for BootNotification is accepted after an accepted boot",
        "an accepted boot on the same connection",
    ),
    "remote-request-accepted-while-pending": FindingKind(
        "error",
        "B02.FR.05",
        "a RequestStartTransaction or RequestStopTransaction is accepted while the boot is Pending",
        "a boot that is Pending",
    ),
    "connector-id-invalid": FindingKind(
        "warning", "Part 1 7.1, 7.2", "a StatusNotification names connector 0 or EVSE 0"
    ),
    "reset-not-scheduled": FindingKind(
        "error",
        "B12.FR.01",
        "a Reset OnIdle is Accepted during a transaction",
        "the running transaction, and an event of this transaction that happened after the answer",
    ),
    "reset-answered-late": FindingKind(
        "error",
        "B11.FR.01, B11.FR.03",
        "a station reboots for a Reset before it has answered the Reset",
        "an accepted boot on the same connection, and that no other Reset was sent since this boot",
    ),
    "availability-not-scheduled": FindingKind(
        "error",
        "G03.FR.05, G04.FR.06",
        "a ChangeAvailability to Inoperative is Accepted during a transaction",
        "the EVSE of the transaction, that a connector of this EVSE was Available after the last "
        "ChangeAvailability to Inoperative, and an event of this transaction that happened after the answer",
    ),
    "unlocked-during-transaction": FindingKind(
        "error",
        "F05.FR.02",
        "a connector is unlocked during an authorized transaction",
        "the connector, idToken and charging state of the transaction, and an event of this "
        "transaction that happened after the answer",
    ),
    "report-not-sent": FindingKind(
        "error",
        "B07.FR.03, B08.FR.03, K09.FR.04, K09.FR.05, N02.FR.03, N09.FR.05, N09.FR.06, N10.FR.03, N10.FR.04, "
        "N10.FR.06, O03.FR.02, O04.FR.03",
        "a command for a report is accepted but no report is sent",
        "the answer to the command",
    ),
    "log-status-not-sent": FindingKind(
        "error",
        "N01.FR.08",
        "a GetLog is accepted but no status is sent",
        "the answer to the command",
    ),
    "firmware-status-not-sent": FindingKind(
        "error",
        "L01.FR.01, L02.FR.01, L03.FR.01",
        "an UpdateFirmware or PublishFirmware is accepted but no status is sent",
        "the answer to the command",
    ),
    "request-id-unknown": FindingKind(
        "error",
        "B07.FR.04, B08.FR.04, K09.FR.01, L01.FR.10, L02.FR.06, N01.FR.07, N02.FR.04, O03.FR.05, O04.FR.06, "
        "Part 2 1.34.1",
        "a report or status has a requestId that no command had",
        "for a report, a boot of the station; for a status, an accepted command that is still in progress",
    ),
    "request-id-missing": FindingKind(
        "error",
        "L01.FR.20, L02.FR.14, N01.FR.13",
        "a status has no requestId while an update or upload is in progress",
        "the answer to UpdateFirmware or GetLog",
    ),
    "event-seq-no-wrong": FindingKind(
        "error",
        "N07.FR.07, N08.FR.04",
        "the first part of a NotifyEvent does not have seqNo 0",
        "a complete NotifyEvent before it on the same connection",
    ),
    "event-incomplete": FindingKind(
        "warning", "Part 2 1.38.1", "a NotifyEvent with tbc=true is not followed by another part"
    ),
    "csr-repeated-too-early": FindingKind(
        "error",
        "A02.FR.17, A02.FR.18, A03.FR.17, A03.FR.18",
        "a SignCertificate is repeated before CertSigningWaitMinimum is over",
        "SecurityCtrlr.CertSigningWaitMinimum",
    ),
    "csr-repeated-after-refusal": FindingKind(
        "error",
        "A02.FR.20",
        "the station rejects a certificate and sends another SignCertificate without a TriggerMessage",
        "the answer to the CertificateSigned",
    ),
    "bad-certificate-accepted": FindingKind(
        "error",
        "A02.FR.06, A02.FR.07, A03.FR.06, A03.FR.07",
        "a CertificateSigned is accepted although its certificate is unreadable, not valid now or "
        "made for another key",
        "if the certificate is not valid now, a currentTime sent to the station; if it is for another"
        " key, a SignCertificate of the station",
    ),
    "certificate-refusal-not-reported": FindingKind(
        "error",
        "A02.FR.07, A03.FR.07",
        "a CertificateSigned with an invalid certificate is Rejected, but no security event is sent",
        "the same as for bad-certificate-accepted, and that the station has stayed connected for 60 seconds",
    ),
    "own-certificate-deleted": FindingKind(
        "error",
        "M04.FR.06",
        "a DeleteCertificate for the Charging Station certificate is accepted",
        "the CertificateSigned with that certificate",
    ),
    "certificate-list-wrong": FindingKind(
        "warning",
        "M03.FR.03, M03.FR.04, M04.FR.02, M05.FR.02",
        "an answer to GetInstalledCertificateIds lacks a certificate that was installed, or lists one that "
        "was deleted",
        "the accepted InstallCertificate or DeleteCertificate on the same connection",
    ),
    "certificate-hash-wrong": FindingKind(
        "warning",
        "Part 2 2.6",
        "the hash data of a root certificate does not belong to the certificate that was installed",
        "the accepted InstallCertificate on the same connection",
    ),
    "clock-not-set": FindingKind(
        "hint",
        "B01.FR.06, G02.FR.06",
        "a timestamp is from before the year 2000",
        "a currentTime sent to the station",
    ),
    "reservation-expiry-not-reported": FindingKind(
        "error",
        "H04.FR.01",
        "a reservation expires without a ReservationStatusUpdate",
        "a currentTime sent to the station, an accepted ReserveNow for the EVSE, and that no message "
        "suggests that the reservation has ended",
    ),
    "available-while-inoperative": FindingKind(
        "warning",
        "B01.FR.07, B11.FR.02, G01.FR.02, G01.FR.05, G01.FR.07, G03.FR.06, G03.FR.08, G04.FR.07, G04.FR.09",
        "a connector is reported as Available although it was made Inoperative",
        "a ChangeAvailability to Inoperative that was accepted or scheduled, and that no "
        "ChangeAvailability to Operative was sent since",
    ),
    **TRANSACTION_KINDS,
    "report-incomplete": FindingKind(
        "error",
        "B07.FR.03, B07.FR.10, B08.FR.03, B08.FR.14, K09.FR.02, N02.FR.03, N02.FR.09, N09.FR.05, O03.FR.04, "
        "O04.FR.05, Part 2 1.34.1",
        "a part of a report is missing",
        "the command that asks for the report",
    ),
    "security-event-unknown": FindingKind(
        "hint", "Part 2 1.49.1", "the type of a security event is not defined by OCPP"
    ),
    "firmware-status-out-of-order": FindingKind(
        "error",
        "L01.FR.01, L02.FR.01, Part 2 3.33",
        "a firmware status is sent that may not follow the previous one",
    ),
    "log-status-out-of-order": FindingKind(
        "error",
        "N01.FR.08, N01.FR.09, Part 2 3.87",
        "a log upload status is sent that may not follow the previous one",
    ),
    "reset-not-carried-out": FindingKind(
        "error", "B11.FR.03, B11.FR.04", "a Reset is accepted but not carried out"
    ),
    "trigger-not-carried-out": FindingKind(
        "error",
        "F06.FR.03, F06.FR.06, F06.FR.10, F06.FR.11",
        "a TriggerMessage is accepted but its message is not sent",
    ),
    "availability-not-carried-out": FindingKind(
        "error",
        "G01.FR.07, G03.FR.04, G03.FR.06, G03.FR.07, G04.FR.01, G04.FR.05, G04.FR.07, G04.FR.08",
        "a ChangeAvailability is accepted but no status change is reported",
        "the status of the connectors before the command",
    ),
    "stop-not-carried-out": FindingKind(
        "error", "F03.FR.02, F03.FR.03", "a RequestStopTransaction is accepted but the transaction goes on"
    ),
    "start-not-carried-out": FindingKind(
        "warning",
        "F01.FR.03, F02.FR.11",
        "a RequestStartTransaction is accepted but no transaction starts",
        "TxCtrlr.TxStartPoint and AuthCtrlr.AuthorizeRemoteStart, and for some values of "
        "TxCtrlr.TxStartPoint also the status of the connectors",
    ),
    **CHECKS.kinds,
}
"""All kinds of findings about OCPP 2.0.1 stations, by id."""
REQUIREMENT_INDEXES: Final = requirement_indexes(FINDING_KINDS)
"""Position of each checked requirement in the coverage of a station."""
