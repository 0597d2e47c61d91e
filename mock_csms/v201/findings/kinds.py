"""Kinds of findings for the requirements of OCPP 2.0.1."""

from collections.abc import Mapping
from typing import Final

from mock_csms.findings.kinds import SHARED_KINDS, FindingKind
from mock_csms.v201.findings.transaction_kinds import TRANSACTION_KINDS

FINDING_KINDS: Final[Mapping[str, FindingKind]] = {
    **SHARED_KINDS,
    "call-before-boot-accepted": FindingKind(
        "error",
        "B01.FR.08, B02.FR.02, B03.FR.02",
        "a CALL is sent before the boot is accepted",
        "a boot of the station",
    ),
    "boot-retried-too-early": FindingKind(
        "error",
        "B02.FR.04, B03.FR.02",
        "a boot is retried before the interval is over",
        "a boot that is Pending or Rejected",
    ),
    "connector-status-missing": FindingKind(
        "error", "B01.FR.05", "a connector's status is not reported after a boot", "an accepted boot"
    ),
    "heartbeat-missing": FindingKind(
        "error",
        "G02.FR.02",
        "the station is silent for longer than the Heartbeat interval",
        "the interval of an accepted boot, or HeartbeatInterval set since",
    ),
    "timestamp-invalid": FindingKind(
        "error", "Part 2 3.1", "a timestamp is not an RFC 3339 date-time with a zone"
    ),
    "timestamp-in-future": FindingKind(
        "hint",
        "B01.FR.06, G02.FR.06",
        "a timestamp is ahead of the time sent to the station",
        "a currentTime sent to the station",
    ),
    **TRANSACTION_KINDS,
    "report-incomplete": FindingKind(
        "error",
        "B07.FR.10, B08.FR.14, N02.FR.09",
        "a part of a report is missing",
        "the command that asks for the report",
    ),
    "security-event-unknown": FindingKind(
        "hint", "A04", "the type of a security event is not defined by OCPP"
    ),
    "firmware-status-out-of-order": FindingKind(
        "error", "L01.FR.01, L02.FR.01", "a firmware status does not follow from the previous one"
    ),
    "log-status-out-of-order": FindingKind(
        "error", "N01.FR.08, N01.FR.09", "a log upload status does not follow from the previous one"
    ),
    "reset-not-carried-out": FindingKind("error", "B11.FR.03", "a Reset is accepted but not carried out"),
    "trigger-not-carried-out": FindingKind(
        "error", "F06.FR.10", "a TriggerMessage is accepted but its message is not sent"
    ),
    "availability-not-carried-out": FindingKind(
        "error",
        "G03.FR.04, G04.FR.05",
        "a ChangeAvailability is accepted but no status change is reported",
        "the status of the connectors before the command",
    ),
    "stop-not-carried-out": FindingKind(
        "error", "F03.FR.02", "a RequestStopTransaction is accepted but the transaction goes on"
    ),
    "start-not-carried-out": FindingKind(
        "warning",
        "F01.FR.03, F02.FR.11",
        "a RequestStartTransaction is accepted but no transaction starts",
    ),
}
"""All kinds of findings about OCPP 2.0.1 stations, by id."""
