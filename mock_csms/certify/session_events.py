"""The TransactionEvents that the steps of a charging session lead to, and the fields that each must have."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mock_csms.certify.points import EventType
from mock_csms.certify.station_file import CaseToken
from mock_csms.certify.verbs.stage import CaseSession, Stage
from mock_csms.certify.verbs.station_verbs import PERIODIC_REASONS
from mock_csms.certify.verbs.texts import Varying
from mock_csms.client import ABSENT, ANY, Pattern, TranscriptEntry

EVENT: Final = "TransactionEvent"
STOPPED_REASONS: Final[Mapping[str, frozenset[Any]]] = {
    "local": frozenset({"Local", ABSENT}),
    "remote": frozenset({"Remote"}),
}
"""Accepted values of stoppedReason, by kind of stop; Local may be omitted (E06.FR.09)."""
NOT_CHARGING: Final = Pattern(
    EVENT,
    eventType="Updated",
    triggerReason="ChargingStateChanged",
    transactionInfo__chargingState={"EVConnected", "SuspendedEV", "SuspendedEVSE"},
)
"""Event about a charging state other than Charging, which may come before the expected event."""
STARTED_CHARGING: Final = Pattern(
    EVENT,
    eventType="Updated",
    triggerReason="ChargingStateChanged",
    transactionInfo__chargingState="Charging",
)
DATA_SIGNED: Final = Pattern(EVENT, eventType="Updated", triggerReason="SignedDataReceived")
VEHICLE_SEEN: Final = Pattern(EVENT, eventType="Updated", triggerReason="EVDetected")
"""Event of a station whose bay sensor detects a vehicle, whatever its start and stop points are."""


class SessionEvents:
    """Waits for the TransactionEvents of the charging session of a case, and checks them."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @property
    def _session(self) -> CaseSession:
        return self._stage.session

    async def follow(
        self, changes: Mapping[str, bool], *, after: Sequence[Pattern] = (), **fields: Any
    ) -> TranscriptEntry | None:
        """Change the situation, wait for the event that has to follow, and return it; None if none is due."""
        points = await self._stage.points()
        situation, kind = points.step(self._session.situation, **changes)
        event = None
        if kind is not None:
            event = await self.expect(kind, after=after, **fields)
        self._session.situation = situation
        self._session.has_charged |= situation.is_transferring
        return event

    async def expect(
        self,
        kind: EventType | set[str],
        *,
        after: Sequence[Pattern] = (),
        within: float | None = None,
        **fields: Any,
    ) -> TranscriptEntry:
        """Wait for the next event, which must have these fields and those of `_due`, and return it."""
        expected = {
            name: _single(value) for name, value in {"eventType": kind, **fields, **self._due()}.items()
        }
        event = await self._stage.station.sends(EVENT, expected, after=[*after, DATA_SIGNED], within=within)
        self._take(event)
        return event

    def _due(self) -> dict[str, Any]:
        """Return the fields that earlier steps require of the next event, such as the presented token."""
        session, file = self._session, self._stage.file
        due: dict[str, Any] = {"offline": True} if self._stage.is_late else {}
        if session.token_due is not None:
            due["idToken"] = token_field(session.token_due)
        if session.remote_start_due is not None:
            due["triggerReason"] = "RemoteStart"
            due["transactionInfo__remoteStartId"] = session.remote_start_due
        if session.is_evse_due:
            due["evse"] = {"id": file.evse, "connectorId": file.connector}
        return due

    def _take(self, event: TranscriptEntry) -> None:
        session = self._session
        info = event["transactionInfo"]
        if event["eventType"] == "Started" or session.transaction is None:
            session.transaction = Varying(info["transactionId"], "of the case")
        self._has(event, info["transactionId"] == session.transaction, "the event is of the same transaction")
        session.token_due = session.remote_start_due = None
        session.has_evse |= session.is_evse_due
        session.is_evse_due = False
        if event["eventType"] == "Ended":
            self._check_stopped_reason(event)
            session.is_over, session.has_charged, session.has_evse = True, False, False
            session.stopped_by = None

    def _check_stopped_reason(self, event: TranscriptEntry) -> None:
        """Check that the Ended event has the stoppedReason of the stop, whatever its triggerReason is."""
        if self._session.stopped_by is None:
            return
        allowed = STOPPED_REASONS[self._session.stopped_by]
        if event["triggerReason"] == "EVCommunicationLost":  # TC_E_14_CS
            allowed |= {"EVDisconnected"}
        reason = event["transactionInfo"].get("stoppedReason", ABSENT)
        self._has(
            event, reason in allowed, f"the event has the stoppedReason of a {self._session.stopped_by} stop"
        )

    def _has(self, event: TranscriptEntry, holds: bool, sentence: str) -> None:
        """Check a condition of an event; it is recorded as a step only if it fails. Raises CaseFailed."""
        if not holds:
            self._stage.steps.check(holds, sentence, event)


def _single(value: Any) -> Any:
    """Return the only item of a set, or else the value itself, for the text of the step."""
    return next(iter(value)) if isinstance(value, set | frozenset) and len(value) == 1 else value


def token_field(token: CaseToken) -> Any:
    """Return the idToken expected in the first event after a token is presented; ANY for NoAuthorization."""
    return ANY if token.type == "NoAuthorization" else token.as_json


def absent_or(token: CaseToken) -> frozenset[Any]:
    """Return the condition that the field idToken is absent or is this token."""

    def is_the_one_presented(value: Any) -> bool:
        return {"idToken": value["idToken"], "type": value["type"]} == token.as_json

    return frozenset({ABSENT, is_the_one_presented})


def of_transaction(transaction: str) -> Callable[[str], bool]:
    """Return the condition that an id is that of this transaction."""

    def is_of_the_transaction(transaction_id: str) -> bool:
        return transaction_id == transaction

    return is_of_the_transaction


def not_periodic(trigger: str) -> bool:
    """Whether a triggerReason is not that of periodic or clock-aligned readings."""
    return trigger not in PERIODIC_REASONS
