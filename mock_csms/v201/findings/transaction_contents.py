"""Contents of the events of one transaction that later checks need."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import IdTokenKey, id_token_key

MAX_STOPS: Final = 8
AUTHORIZING: Final = frozenset({"Authorized", "RemoteStart"})
DEAUTHORIZING: Final = frozenset({"Deauthorized", "StopAuthorized"})
"""Trigger reasons of events whose idToken ends an authorization."""
STOPPING: Final = frozenset(
    {
        "AbnormalCondition",
        "Deauthorized",
        "EVCommunicationLost",
        "EVConnectTimeout",
        "EVDeparted",
        "EnergyLimitReached",
        "RemoteStop",
        "ResetCommand",
        "StopAuthorized",
        "TimeLimitReached",
        "UnlockCommand",
    }
)
"""Trigger reasons that may begin the end of a transaction. The first of them in a transaction decides the
stoppedReason.
"""
NO_AUTHORIZATION: Final = "NoAuthorization"
"""Type of the idToken of a transaction that needs no authorization."""
EVSE_REPEATED: Final = "evse-repeated"
NOTHING: Final[frozenset[str]] = frozenset()


class Ending(NamedTuple):
    """Content of an Ended event."""

    trigger: str
    stopped_reason: str | None
    timestamp: str
    frame: int


@dataclass(slots=True)
class Contents:
    """Contents of the events of a transaction that were received so far."""

    evse: tuple[int, int | None] | None = None
    """EVSE and connector that were named last."""
    token: IdTokenKey | None = None
    """First idToken."""
    token_at: float | None = None
    """Arrival time of the first idToken; None if its event is from an offline period."""
    remote_start_frame: int | None = None
    """Frame of the first event with triggerReason RemoteStart."""
    remote_start_id: int | None = None
    reservation_id: int | None = None
    authorized_at_seq_no: int | None = None
    """Highest seqNo of an event that reports an authorization."""
    stops: list[tuple[int, str]] = field(default_factory=list)
    """seqNo and triggerReason of at most MAX_STOPS Updated events that may begin the transaction's end."""
    ending: Ending | None = None
    reported: frozenset[str] = NOTHING
    """Kinds of findings that are reported once per transaction, and were already reported for this
    transaction.
    """

    def add(self, at: float, frame: int, event: JsonObject) -> None:
        """Update the contents with the fields of an event."""
        seq_no, trigger, info = event["seqNo"], event["triggerReason"], event["transactionInfo"]
        if evse := event.get("evse"):
            self.evse = evse["id"], evse.get("connectorId")
        if self.token is None and (id_token := event.get("idToken")):
            self.token = id_token_key(id_token)
            self.token_at = None if event.get("offline") else at
        if trigger in AUTHORIZING:
            known = self.authorized_at_seq_no
            self.authorized_at_seq_no = seq_no if known is None else max(known, seq_no)
        if trigger == "RemoteStart" and self.remote_start_frame is None:
            self.remote_start_frame = frame
        self.remote_start_id = info.get("remoteStartId", self.remote_start_id)
        self.reservation_id = event.get("reservationId", self.reservation_id)
        if event["eventType"] == "Ended":
            self.ending = Ending(trigger, info.get("stoppedReason"), event["timestamp"], frame)
        elif trigger in STOPPING and len(self.stops) < MAX_STOPS:
            self.stops.append((seq_no, trigger))

    def knows_repetition_of(self, evse: JsonObject) -> bool:
        """Return whether ``evse`` repeats the EVSE and connector that were named last, and a repetition has
        already been reported for this transaction.
        """
        is_reported = EVSE_REPEATED in self.reported
        return is_reported and self.evse == (evse["id"], evse.get("connectorId"))

    @property
    def first_stop(self) -> str | None:
        """Among the Updated events after the last authorization, the triggerReason of the first one that may
        begin the transaction's end; None if there is no such event.
        """
        since = self.authorized_at_seq_no
        stops = [stop for stop in self.stops if since is None or stop[0] > since]
        return min(stops)[1] if stops else None
