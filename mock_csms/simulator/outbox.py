"""The requests that wait to be sent. One CALL is sent at a time, and TransactionEvents are retried (E04,
E13).
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from ocpp.v201.enums import Action
from ocpp.v201.enums import RegistrationStatusEnumType as RegistrationStatus

from mock_csms.messages import JsonObject
from mock_csms.ocppj.routes import payload_of

MAX_TRANSACTION_MESSAGES: Final = 5000
"""Number of queued TransactionEvents above which every second sample is dropped (E04.FR.07, E04.FR.08)."""
MAX_OTHER_MESSAGES: Final = 1000
"""Number of other queued messages above which the oldest is dropped."""
SAMPLES: Final = frozenset({"MeterValuePeriodic", "MeterValueClock"})


@dataclass(slots=True)
class Request:
    """A CALL to send."""

    action: str
    payload: JsonObject
    on_result: Callable[[JsonObject], object] | None = None
    on_failure: Callable[[], object] | None = None
    is_kept: bool = True
    """Whether the request stays queued while the station is offline."""
    is_solicited: bool = False
    """Whether TriggerMessage, GetBaseReport or GetReport asked for this request, which may then be sent
    before the boot is accepted (B02.FR.02).
    """
    attempts: int = 0
    """Number of failed attempts to send the request; connection losses do not count."""

    @classmethod
    def of(
        cls,
        request: Any,
        on_result: Callable[[JsonObject], object] | None = None,
        on_failure: Callable[[], object] | None = None,
        *,
        is_kept: bool = True,
        is_solicited: bool = False,
    ) -> "Request":
        """Make a Request from an object of `ocpp.v201.call`."""
        return cls(type(request).__name__, payload_of(request), on_result, on_failure, is_kept, is_solicited)

    @property
    def is_transaction_message(self) -> bool:
        """Whether the request is a TransactionEvent, which is retried (E13)."""
        return bool(self.action == Action.transaction_event)

    @property
    def is_sample(self) -> bool:
        """Whether the request only carries meter values of a running transaction."""
        return self.is_transaction_message and str(self.payload.get("triggerReason")) in SAMPLES

    @property
    def transaction_id(self) -> str:
        """The transactionId; empty if the request has no valid transactionId."""
        info = self.payload.get("transactionInfo")
        transaction_id = info.get("transactionId") if isinstance(info, dict) else None
        return transaction_id if isinstance(transaction_id, str) else ""

    def fail(self) -> None:
        """Call ``on_failure``, if there is one."""
        if self.on_failure is not None:
            self.on_failure()


class StationOutbox:
    """Chooses the next request to send.

    One queue has the transaction messages, in the order of their events (E04), and a second queue has all
    other messages. The second queue is sent first, because a driver may be waiting for an answer. A
    transaction message that waits for its next attempt holds back only later transaction messages.
    """

    def __init__(self) -> None:
        self._transactions: deque[Request] = deque()
        self._others: deque[Request] = deque()
        self._current: Request | None = None
        self.on_added: Callable[[], object] = lambda: None
        """Called after a request was added."""
        self.substitutes: Callable[[Request], Iterable[Request]] = lambda request: (request,)
        """Returns the requests to queue in place of one request; `mock_csms.simulator.misbehaviour`
        replaces it.
        """
        self.is_waiting_to_retry = False
        """Whether the first transaction message waits for its next attempt (E13.FR.03)."""

    def add(self, request: Request) -> None:
        """Queue a request, or its substitutes."""
        for substitute in self.substitutes(request):
            self.enqueue(substitute)

    def enqueue(self, request: Request) -> None:
        """Append a request to its queue. If the queue is too long, drop samples or the oldest request."""
        if request.is_transaction_message:
            self._transactions.append(request)
            if len(self._transactions) > MAX_TRANSACTION_MESSAGES:
                self._transactions = deque(thinned(self._transactions))
        else:
            self._others.append(request)
            if len(self._others) > MAX_OTHER_MESSAGES:
                self._others.popleft().fail()
        self.on_added()

    def take(self, registration: str | None) -> Request | None:
        """Remove and return the next request that may be sent, or None.

        Before the boot is accepted, only a BootNotification and solicited requests may be sent (B02.FR.02);
        after it is rejected, only a BootNotification (B03.FR.02).
        """
        is_registered = registration == RegistrationStatus.accepted
        may_be_solicited = registration != RegistrationStatus.rejected
        for index, request in enumerate(self._others):
            is_allowed = is_registered or (may_be_solicited and request.is_solicited)
            if is_allowed or request.action == Action.boot_notification:
                del self._others[index]
                return self._take(request)
        if is_registered and self._transactions and not self.is_waiting_to_retry:
            return self._take(self._transactions.popleft())
        return None

    def _take(self, request: Request) -> Request:
        self._current = request
        return request

    def put_back(self, request: Request) -> None:
        """Return a request to the front of its queue, after `take` has removed it."""
        self._current = None
        self.put_first(request)

    def put_first(self, request: Request) -> None:
        """Queue a request before all others in its queue."""
        (self._transactions if request.is_transaction_message else self._others).appendleft(request)

    def finish(self) -> None:
        """Forget the request that `take` returned last, after its answer or its last attempt."""
        self._current = None

    def mark_offline(self) -> None:
        """Flag the waiting transaction messages as offline, because the connection is lost (E11.FR.07)."""
        for request in self._transactions:
            request.payload["offline"] = True

    def drop_unkept(self) -> None:
        """Drop the requests that an offline station does not keep, and call their ``on_failure``."""
        dropped = [request for request in self._others if not request.is_kept]
        self._others = deque(request for request in self._others if request.is_kept)
        for request in dropped:
            request.fail()

    def drop(self, action: str) -> None:
        """Drop the queued requests of an action, except TransactionEvent, without calling ``on_failure``."""
        self._others = deque(request for request in self._others if request.action != action)

    def has(self, action: str) -> bool:
        """Whether a request of this action waits to be sent or answered; ignores queued TransactionEvents."""
        return any(
            request.action == action for request in (*self._others, self._current) if request is not None
        )

    def has_transaction_messages(self, transaction_id: str | None = None) -> bool:
        """Whether messages of a transaction are undelivered (E14); None stands for any transaction."""
        waiting = [*self._transactions, *([self._current] if self._current else [])]
        return any(
            transaction_id in {None, request.transaction_id}
            for request in waiting
            if request.is_transaction_message
        )


def thinned(requests: deque[Request]) -> list[Request]:
    """Drop every second sample, beginning with the first; the others stay evenly spaced (J02.FR.13)."""
    kept = []
    samples = 0
    for request in requests:
        samples += request.is_sample
        if not request.is_sample or samples % 2 == 0:
            kept.append(request)
    return kept
