"""Contents of TransactionEvents: reasons, idTokens, EVSEs and contexts of readings (B12, E, F, J)."""

from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import TRANSACTION_BEGIN, id_token_key
from mock_csms.v201.findings.transaction_contents import (
    AUTHORIZING,
    DEAUTHORIZING,
    EVSE_REPEATED,
    STOPPING,
    Contents,
    Ending,
)
from mock_csms.v201.findings.transaction_state import INTERRUPTIONS, TransactionState

NOTABLE_TRIGGERS: Final = STOPPING | AUTHORIZING
"""Trigger reasons of Updated events that are always checked. Others are checked only for some properties."""
WITH_TOKEN: Final = AUTHORIZING | DEAUTHORIZING
"""Trigger reasons of events that may repeat the idToken (E07.FR.02)."""
REASONS: Final = {"RemoteStop": "Remote", "ResetCommand": "ImmediateReset"}
"""Required stoppedReason by triggerReason (F03.FR.03, errata of B12.FR.04 and B12.FR.08)."""
NOT_BY_DRIVER: Final = frozenset(
    {
        "AbnormalCondition",
        "Deauthorized",
        "EVConnectTimeout",
        "EnergyLimitReached",
        "TimeLimitReached",
        "UnlockCommand",
    }
)
"""Trigger reasons of Ended events that need a stoppedReason: the driver did not cause the end."""
UNPLUGGED: Final = frozenset({"EVCommunicationLost", "EVDeparted"})
BY_DRIVER: Final = frozenset({None, "EVDisconnected", "Local"})
"""Wrong values of stoppedReason if the driver unplugs after a remote stop (F04.FR.03)."""
CONTEXTS: Final = {
    "Started": (TRANSACTION_BEGIN, frozenset({"Sample.Periodic", "Transaction.End"})),
    "Ended": ("Transaction.End", frozenset({"Sample.Periodic", TRANSACTION_BEGIN})),
}
"""The required context of readings by eventType, and the contexts that show that it is missing.

Readings without a context show nothing, although Sample.Periodic is the default.
"""


class EventContents:
    """Checks the contents of a transaction's events."""

    __slots__ = ("_report",)

    def __init__(self, report: Reporter) -> None:
        self._report = report

    def judge(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Check and register an event that is not a retry."""
        findings = (
            self._judge_evse(at, frame, tracked, event)
            + self._judge_token(at, frame, tracked, event)
            + self._judge_contexts(at, frame, tracked, event)
        )
        tracked.contents.add(at, frame, event)
        return findings

    def _once(
        self, kind: str, at: float, frames: tuple[int, ...], contents: Contents, sentence: str
    ) -> Findings:
        """Report a kind once per transaction."""
        if kind in contents.reported:
            return NO_FINDINGS
        contents.reported |= {kind}
        return self._report(kind, at, frames, sentence)

    def _judge_evse(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        if (evse := event.get("evse")) is None:
            return NO_FINDINGS
        contents, place = tracked.contents, (evse["id"], evse.get("connectorId"))
        if place[0] <= 0 or (place[1] is not None and place[1] <= 0):
            return self._once(
                "transaction-evse-invalid",
                at,
                (frame,),
                contents,
                f"an event of the transaction {short(tracked.id)} names EVSE {place[0]}, connector "
                f"{'none' if place[1] is None else place[1]}; EVSEs and connectors are numbered from 1",
            )
        if place != contents.evse:
            return NO_FINDINGS
        return self._once(
            EVSE_REPEATED,
            at,
            (frame,),
            contents,
            f"the transaction {short(tracked.id)} names EVSE {place[0]} again; only the first event after "
            "the cable is plugged in has to name it",
        )

    def _judge_token(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        trigger, id_token = event["triggerReason"], event.get("idToken")
        name, contents = short(tracked.id), tracked.contents
        if id_token is None:
            return self._judge_missing_token(at, frame, tracked, event)
        key = id_token_key(id_token)
        if contents.token is None:
            return NO_FINDINGS
        if key[0] == contents.token[0] and key[1] != contents.token[1]:
            return self._once(
                "id-token-type-changed",
                at,
                (frame,),
                contents,
                f"the transaction {name} has an idToken with type {short(contents.token[1])} and again with "
                f"type {short(key[1])}; equal idTokens have equal types",
            )
        if trigger in WITH_TOKEN:
            return NO_FINDINGS
        return self._once(
            "id-token-repeated",
            at,
            (frame,),
            contents,
            f"the transaction {name} has its idToken again in an event with triggerReason "
            f"{trigger}; an idToken is only sent when it starts or ends an authorization",
        )

    def _judge_missing_token(
        self, at: float, frame: int, tracked: TransactionState, event: JsonObject
    ) -> Findings:
        trigger, name = event["triggerReason"], short(tracked.id)
        if trigger == "Authorized":
            return self._report(
                "id-token-missing",
                at,
                (frame,),
                f"an event of the transaction {name} has triggerReason Authorized but no idToken; "
                "the event must contain the authorized idToken",
            )
        if trigger != "StopAuthorized" or event["transactionInfo"].get("stoppedReason") == "StoppedByEV":
            return NO_FINDINGS
        return self._once(
            "stop-token-missing",
            at,
            (frame,),
            tracked.contents,
            f"an event of the transaction {name} has triggerReason StopAuthorized but no idToken; it should "
            "contain the idToken that ended the authorization",
        )

    def _judge_contexts(
        self, at: float, frame: int, tracked: TransactionState, event: JsonObject
    ) -> Findings:
        """Check the readings of a Started or Ended event, unless it only reports signed data or a restart."""
        event_type, meter_values = event["eventType"], event.get("meterValue")
        if meter_values is None or event_type not in CONTEXTS:
            return NO_FINDINGS
        required, revealing = CONTEXTS[event_type]
        found = {
            sample["context"]
            for meter_value in meter_values
            for sample in meter_value["sampledValue"]
            if "context" in sample
        }
        is_excused = (
            event["triggerReason"] == "SignedDataReceived"
            or event["transactionInfo"].get("stoppedReason") in INTERRUPTIONS
        )
        if is_excused or required in found or found.isdisjoint(revealing):
            return NO_FINDINGS
        return self._once(
            "meter-context-wrong",
            at,
            (frame,),
            tracked.contents,
            f"the {event_type} event of the transaction {short(tracked.id)} has readings with context "
            f"{', '.join(sorted(found))}; readings at that time must have context {required}",
        )

    def judge_whole(self, at: float, tracked: TransactionState) -> Findings:
        """Check a transaction as a whole, if all its events are known."""
        if tracked.started is None or tracked.gaps:
            return NO_FINDINGS
        return self._judge_stopped_reason(at, tracked) + self._judge_remote_start(at, tracked)

    def _judge_stopped_reason(self, at: float, tracked: TransactionState) -> Findings:
        ending = tracked.contents.ending
        required = None if ending is None else required_reason(ending, tracked.contents.first_stop)
        if ending is None or required is None:
            return NO_FINDINGS
        actual = f"stoppedReason {ending.stopped_reason}" if ending.stopped_reason else "no stoppedReason"
        return self._once(
            "stopped-reason-wrong",
            at,
            (ending.frame,),
            tracked.contents,
            f"the Ended event of the transaction {short(tracked.id)} has triggerReason {ending.trigger} and "
            f"{actual}; {required}",
        )

    def _judge_remote_start(self, at: float, tracked: TransactionState) -> Findings:
        contents = tracked.contents
        if contents.remote_start_frame is None or contents.token is not None:
            return NO_FINDINGS
        return self._once(
            "id-token-missing",
            at,
            (contents.remote_start_frame,),
            contents,
            f"the transaction {short(tracked.id)} has an event with triggerReason RemoteStart but no idToken "
            "in any event; it must contain the idToken of the RequestStartTransaction",
        )


def required_reason(ending: Ending, first_stop: str | None) -> str | None:
    """Return the required stoppedReason of an Ended event as a sentence; None if it may be right.

    ``first_stop`` is the triggerReason of the event that began the end of the transaction, if it was an
    earlier one.
    """
    reason = ending.stopped_reason
    if first_stop is None:
        required = REASONS.get(ending.trigger)
        if required is not None and reason != required:
            return f"it must have stoppedReason {required}"
        is_missing = reason is None and ending.trigger in NOT_BY_DRIVER
        return (
            "stoppedReason may only be left out if the driver ended the transaction" if is_missing else None
        )
    if first_stop != "RemoteStop" or reason == "Remote":
        return None
    is_wrong = ending.trigger == "RemoteStop" or (ending.trigger in UNPLUGGED and reason in BY_DRIVER)
    return "after a remote stop it must have stoppedReason Remote" if is_wrong else None
