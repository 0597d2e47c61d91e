"""Kinds of findings about transactions."""

from collections.abc import Mapping
from typing import Final

from mock_csms.findings.kinds import FindingKind

TRANSACTION_KINDS: Final[Mapping[str, FindingKind]] = {
    "timestamp-goes-back": FindingKind(
        "warning", "Part 2 E 1.3.2", "an event of a transaction is older than the previous one"
    ),
    "transaction-not-started": FindingKind(
        "error",
        "E04.FR.01, E04.FR.02, Part 2 1.60.1",
        "a transaction does not begin with a Started event",
        "a boot of the station before the transaction",
    ),
    "transaction-started-twice": FindingKind(
        "error", "E01.FR.08", "a transactionId is used for a second transaction"
    ),
    "transactions-overlap": FindingKind(
        "error",
        "E01.FR.14",
        "an EVSE has a second transaction before the first one has ended",
        "the EVSE of both transactions, and that the station has no Ended event in its queue by which the "
        "first transaction ended before the second one began",
    ),
    "seq-no-missing": FindingKind(
        "error",
        "E01.FR.07",
        "the seqNos of a transaction have a gap",
        "that the station was not offline at a time when it may have dropped the events",
    ),
    "seq-no-repeated": FindingKind(
        "error", "E01.FR.07", "different events of a transaction have the same seqNo"
    ),
    "event-after-ended": FindingKind(
        "error", "Part 2 1.60.1", "a transaction continues after its Ended event"
    ),
    "id-token-missing": FindingKind(
        "error",
        "E01.FR.10, E03.FR.01, F01.FR.04, F02.FR.05",
        "an event with triggerReason Authorized, or a remotely started transaction, has no idToken",
    ),
    "id-token-repeated": FindingKind(
        "hint",
        "Part 2 1.60.1",
        "an event of a transaction contains the idToken again without a new authorization",
    ),
    "id-token-type-changed": FindingKind(
        "hint", "C01.FR.25", "a transaction has the same idToken with different types"
    ),
    "stop-token-missing": FindingKind(
        "hint", "E07.FR.02", "an event with triggerReason StopAuthorized has no idToken"
    ),
    "remote-start-not-reported": FindingKind(
        "error",
        "F01.FR.19, F01.FR.25, F02.FR.01, F02.FR.21",
        "the first event after a remote start lacks triggerReason RemoteStart or remoteStartId",
        "the RequestStartTransaction, and that the station has not been offline since",
    ),
    "stopped-reason-wrong": FindingKind(
        "error",
        "F03.FR.03, F04.FR.03, B12.FR.04, B12.FR.08, E06.FR.08",
        "the stoppedReason does not fit the event that ended the transaction",
        "all events of the transaction",
    ),
    "reservation-id-missing": FindingKind(
        "error",
        "E01.FR.13, F02.FR.06, H01.FR.15",
        "a transaction that uses a reservation does not name the reservation",
        "an accepted ReserveNow for the EVSE, and that no message suggests that the reservation has ended",
    ),
    "evse-missing": FindingKind(
        "error",
        "E01.FR.16",
        "no event names EVSE and connector by the time the cable is plugged in",
        "all events of the transaction",
    ),
    "evse-repeated": FindingKind(
        "hint", "Part 2 E 1.5", "a later event of a transaction names the EVSE again"
    ),
    "transaction-evse-invalid": FindingKind(
        "error", "Part 1 7.1, 7.2", "a TransactionEvent names EVSE 0 or connector 0"
    ),
    "offline-flag-missing": FindingKind(
        "error",
        "E04.FR.03, E11.FR.07, E12.FR.02",
        "an event that the station could only send after an offline period is not flagged as offline",
        "a currentTime sent to the station, and an offline period between the time of the event and "
        "its arrival",
    ),
    "offline-flag-wrong": FindingKind(
        "warning",
        "Part 2 1.60.1",
        "an event is flagged as offline although the station has been online since the time of the event",
        "a currentTime sent to the station, and that the station has been connected since the time of"
        " the event",
    ),
    "meter-register-decreased": FindingKind(
        "error", "J02.FR.16", "an energy register of a transaction or an EVSE decreases"
    ),
    "transaction-readings-misplaced": FindingKind(
        "warning",
        "Part 2 J 2.1",
        "MeterValues contains periodic readings of an EVSE with a running transaction",
        "the EVSE of the transaction, and that the station has no Ended event in its queue by which the "
        "transaction ended before the readings",
    ),
}
"""Kinds of findings about transactions, by id."""
