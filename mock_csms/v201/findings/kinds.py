"""Kinds of findings for the clauses of OCPP 2.0.1."""

from collections.abc import Mapping
from typing import Final

from mock_csms.findings.kinds import SHARED_KINDS, FindingKind

FINDING_KINDS: Final[Mapping[str, FindingKind]] = {
    **SHARED_KINDS,
    "call-before-boot-accepted": FindingKind(
        "error", "B02.FR.09", "a CALL is sent before the boot is accepted"
    ),
    "boot-retried-too-early": FindingKind("error", "B02", "a boot is retried before the interval is over"),
    "connector-status-missing": FindingKind(
        "error", "B01", "a connector's status is not reported after a boot"
    ),
    "heartbeat-missing": FindingKind(
        "error", "G02", "the station is silent for longer than the Heartbeat interval"
    ),
    "timestamp-invalid": FindingKind(
        "error", "OCPP-J 4.1.7", "a timestamp is not an RFC 3339 date-time with a zone"
    ),
    "timestamp-in-future": FindingKind(
        "warning", "G02", "a timestamp is ahead of the time sent to the station"
    ),
    "timestamp-goes-back": FindingKind(
        "warning", "E01", "an event of a transaction is older than the previous one"
    ),
    "transaction-not-started": FindingKind(
        "error", "E01", "a transaction does not begin with a Started event"
    ),
    "transaction-started-twice": FindingKind(
        "error", "E01", "a transactionId is used for a second transaction"
    ),
    "seq-no-missing": FindingKind("error", "E01", "the seqNos of a transaction have a gap"),
    "seq-no-repeated": FindingKind("error", "E01", "different events of a transaction have the same seqNo"),
    "event-after-ended": FindingKind("error", "E06", "a transaction continues after its Ended event"),
    "id-token-missing": FindingKind("error", "E03", "an event with triggerReason Authorized has no idToken"),
    "evse-missing": FindingKind(
        "error", "E02", "no event names the EVSE by the time the cable is plugged in"
    ),
    "offline-flag-missing": FindingKind(
        "warning", "E12", "an event from an offline period is not flagged as offline"
    ),
    "offline-flag-wrong": FindingKind(
        "warning", "E12", "an event from an online period is flagged as offline"
    ),
    "meter-register-decreased": FindingKind("error", "J02", "the energy register of a transaction decreases"),
    "report-incomplete": FindingKind(
        "error", "B07", "a report part with tbc=true is not followed by another part"
    ),
    "security-event-unknown": FindingKind(
        "warning", "A04", "the type of a security event is not defined by OCPP"
    ),
    "firmware-status-out-of-order": FindingKind(
        "error", "L01", "a firmware status does not follow from the previous one"
    ),
    "log-status-out-of-order": FindingKind(
        "error", "N01", "a log upload status does not follow from the previous one"
    ),
    "reset-not-carried-out": FindingKind("error", "B11", "a Reset is accepted but not carried out"),
    "trigger-not-carried-out": FindingKind(
        "error", "F06", "a TriggerMessage is accepted but its message is not sent"
    ),
    "availability-not-carried-out": FindingKind(
        "error", "G03", "a ChangeAvailability is accepted but no status change is reported"
    ),
    "stop-not-carried-out": FindingKind(
        "error", "F03", "a RequestStopTransaction is accepted but the transaction goes on"
    ),
    "start-not-carried-out": FindingKind(
        "warning", "F01", "a RequestStartTransaction is accepted but no transaction starts"
    ),
}
"""All kinds of findings about OCPP 2.0.1 stations, by id."""
