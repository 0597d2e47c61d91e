"""Kinds of findings by the clauses of OCPP 2.0.1."""

from collections.abc import Mapping
from typing import Final

from mock_csms.findings.kinds import SHARED_KINDS, FindingKind

FINDING_KINDS: Final[Mapping[str, FindingKind]] = {
    **SHARED_KINDS,
    "call-before-boot-accepted": FindingKind(
        "error", "B02.FR.09", "a CALL is sent before the boot is accepted"
    ),
    "boot-retried-too-early": FindingKind("error", "B02", "a boot is retried before the interval is over"),
    "connector-status-missing": FindingKind("error", "B01", "a connector's status is not told after a boot"),
    "heartbeat-missing": FindingKind(
        "error", "G02", "nothing is heard for longer than the Heartbeat interval"
    ),
    "timestamp-invalid": FindingKind(
        "error", "OCPP-J 4.1.7", "a timestamp is no RFC 3339 date-time with a zone"
    ),
    "timestamp-in-future": FindingKind(
        "warning", "G02", "a timestamp is ahead of the time the station was told"
    ),
    "timestamp-goes-back": FindingKind(
        "warning", "E01", "an event of a transaction is older than the one before"
    ),
    "transaction-not-started": FindingKind("error", "E01", "a transaction does not begin with Started"),
    "transaction-started-twice": FindingKind(
        "error", "E01", "a transactionId is used for a second transaction"
    ),
    "seq-no-missing": FindingKind("error", "E01", "events of a transaction are missing by their seqNo"),
    "seq-no-repeated": FindingKind("error", "E01", "different events of a transaction have the same seqNo"),
    "event-after-ended": FindingKind("error", "E06", "a transaction goes on after its Ended"),
    "id-token-missing": FindingKind("error", "E03", "an event that tells of an authorization has no idToken"),
    "evse-missing": FindingKind("error", "E02", "no event up to the plugging in of the cable names the EVSE"),
    "offline-flag-missing": FindingKind(
        "warning", "E12", "an event from an offline time is not flagged as such"
    ),
    "offline-flag-wrong": FindingKind("warning", "E12", "an event from a time online is flagged as offline"),
    "meter-register-decreased": FindingKind("error", "J02", "the energy register of a transaction goes down"),
    "report-incomplete": FindingKind("error", "B07", "a report that is to be continued is not"),
    "security-event-unknown": FindingKind(
        "warning", "A04", "the type of a security event is not in the list"
    ),
    "firmware-status-out-of-order": FindingKind(
        "error", "L01", "a firmware update cannot take this step now"
    ),
    "log-status-out-of-order": FindingKind("error", "N01", "a log upload cannot take this step now"),
    "reset-not-carried-out": FindingKind("error", "B11", "a Reset is accepted and does not follow"),
    "trigger-not-carried-out": FindingKind(
        "error", "F06", "a TriggerMessage is accepted, its message does not come"
    ),
    "availability-not-carried-out": FindingKind(
        "error", "G03", "a ChangeAvailability is accepted, no status tells"
    ),
    "stop-not-carried-out": FindingKind(
        "error", "F03", "a RequestStopTransaction is accepted, nothing stops"
    ),
    "start-not-carried-out": FindingKind(
        "warning", "F01", "a RequestStartTransaction is accepted, nothing starts"
    ),
}
"""Every finding about a station that speaks OCPP 2.0.1, by id."""
