"""Kinds of findings about transactions."""

from collections.abc import Mapping
from typing import Final

from mock_csms.findings.kinds import FindingKind

TRANSACTION_KINDS: Final[Mapping[str, FindingKind]] = {
    "timestamp-goes-back": FindingKind(
        "warning", "E01.FR.07", "an event of a transaction is older than the previous one"
    ),
    "transaction-not-started": FindingKind(
        "error",
        "E04.FR.01, E12.FR.01",
        "a transaction does not begin with a Started event",
        "a boot of the station before the transaction",
    ),
    "transaction-started-twice": FindingKind(
        "error", "E01.FR.08", "a transactionId is used for a second transaction"
    ),
    "seq-no-missing": FindingKind("error", "E01.FR.07", "the seqNos of a transaction have a gap"),
    "seq-no-repeated": FindingKind(
        "error", "E01.FR.07", "different events of a transaction have the same seqNo"
    ),
    "event-after-ended": FindingKind("error", "E06.FR.02", "a transaction continues after its Ended event"),
    "id-token-missing": FindingKind(
        "error", "E03.FR.01", "an event with triggerReason Authorized has no idToken"
    ),
    "evse-missing": FindingKind(
        "error", "E01.FR.16", "no event names the EVSE by the time the cable is plugged in"
    ),
    "offline-flag-missing": FindingKind(
        "warning",
        "E04.FR.03, E12.FR.02",
        "an event from an offline period is not flagged as offline",
        "a currentTime sent to the station, and the offline period",
    ),
    "offline-flag-wrong": FindingKind(
        "warning",
        "E04.FR.03, E12.FR.02",
        "an event from an online period is flagged as offline",
        "a currentTime sent to the station, and the online period",
    ),
    "meter-register-decreased": FindingKind(
        "error", "J02.FR.16", "the energy register of a transaction decreases"
    ),
}
"""Kinds of findings about transactions, by id."""
