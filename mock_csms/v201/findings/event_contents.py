"""Contents of TransactionEvents: reasons, idTokens, EVSEs and contexts of readings (B12, E, F, J)."""

from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import id_token_key
from mock_csms.v201.findings.transaction_contents import (
    AUTHORIZING,
    DEAUTHORIZING,
    EVSE_REPEATED,
    STOPPING,
    Contents,
    Ending,
)
from mock_csms.v201.findings.transaction_state import TransactionState

NOTABLE_TRIGGERS: Final = STOPPING | AUTHORIZING
"""Trigger reasons of Updated events that are always checked; Updated events with other trigger reasons are
checked only in some cases, for example if they contain an idToken.
"""
WITH_TOKEN: Final = AUTHORIZING | DEAUTHORIZING
"""Trigger reasons of events that may repeat the idToken (E07.FR.02)."""
REASONS: Final = {
    "RemoteStop": ("Remote", ("F03.FR.03",)),
    "ResetCommand": ("ImmediateReset", ("B12.FR.04", "B12.FR.08")),
}
"""Required stoppedReason by triggerReason, and the requirements (B12 as changed by the errata of 2025-09)."""
AFTER_REMOTE_STOP: Final = ("F04.FR.03",)
NOT_OMITTED: Final = ("E06.FR.08",)
TOKEN_OF_AUTHORIZATION: Final = ("E01.FR.10", "E03.FR.01")
TOKEN_OF_REMOTE_START: Final = ("F01.FR.04", "F02.FR.05")
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
"""Values of stoppedReason (None: absent) that say that the driver stopped the transaction; they are wrong if
the driver unplugs after a remote stop (F04.FR.03).
"""


class EventContents:
    """Checks the contents of a transaction's events."""

    __slots__ = ("_report",)

    def __init__(self, report: Reporter) -> None:
        self._report = report

    def judge(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Check the EVSE and the idToken of an event that is not a retry, and add the event to the contents
        of its transaction.
        """
        findings = self._judge_evse(at, frame, tracked, event) + self._judge_token(at, frame, tracked, event)
        tracked.contents.add(at, frame, event)
        return findings

    def _once(  # noqa: PLR0913 - the parts of a finding
        self,
        kind: str,
        at: float,
        frames: tuple[int, ...],
        contents: Contents,
        sentence: str,
        *,
        requirements: tuple[str, ...] = (),
    ) -> Findings:
        """Report a finding of a kind at most once per transaction."""
        if kind in contents.reported:
            return NO_FINDINGS
        contents.reported |= {kind}
        return self._report(kind, at, frames, sentence, requirements=requirements)

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
        if trigger == "Authorized":
            self._report.met(*TOKEN_OF_AUTHORIZATION)
        elif trigger == "StopAuthorized":
            self._report.met("E07.FR.02")
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
        if key == contents.token:
            self._report.met("C01.FR.25")
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
        if trigger == "Authorized" and tracked.contents.token is not None:
            return NO_FINDINGS  # an idToken is sent once for each authorization, here in an earlier event
        if trigger == "Authorized":
            return self._report(
                "id-token-missing",
                at,
                (frame,),
                f"an event of the transaction {name} has triggerReason Authorized but no idToken; "
                "the event must contain the authorized idToken",
                requirements=TOKEN_OF_AUTHORIZATION,
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

    def judge_whole(self, at: float, tracked: TransactionState) -> Findings:
        """Check the stoppedReason of a transaction and the idToken of its remote start, if all its events are
        known.
        """
        if tracked.started is None or tracked.gaps:
            return NO_FINDINGS
        return self._judge_stopped_reason(at, tracked) + self._judge_remote_start(at, tracked)

    def _judge_stopped_reason(self, at: float, tracked: TransactionState) -> Findings:
        ending = tracked.contents.ending
        if ending is None:
            return NO_FINDINGS
        required, requirements = required_reason(ending, tracked.contents.first_stop)
        if not required:
            self._report.met(*requirements)
            return NO_FINDINGS
        actual = f"stoppedReason {ending.stopped_reason}" if ending.stopped_reason else "no stoppedReason"
        return self._once(
            "stopped-reason-wrong",
            at,
            (ending.frame,),
            tracked.contents,
            f"the Ended event of the transaction {short(tracked.id)} has triggerReason {ending.trigger} and "
            f"{actual}; {required}",
            requirements=requirements,
        )

    def _judge_remote_start(self, at: float, tracked: TransactionState) -> Findings:
        contents = tracked.contents
        if contents.remote_start_frame is None:
            return NO_FINDINGS
        if contents.token is not None:
            self._report.met(*TOKEN_OF_REMOTE_START)
            return NO_FINDINGS
        return self._once(
            "id-token-missing",
            at,
            (contents.remote_start_frame,),
            contents,
            f"the transaction {short(tracked.id)} has an event with triggerReason RemoteStart but no idToken "
            "in any event; it must contain the idToken of the RequestStartTransaction",
            requirements=TOKEN_OF_REMOTE_START,
        )


def required_reason(ending: Ending, first_stop: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the end of a sentence that says which stoppedReason an Ended event must have, and the
    requirements. The text is empty if the stoppedReason that the event has may be right.

    ``first_stop`` is the triggerReason of the earlier event that began the end of the transaction; None if
    the Ended event itself began it.
    """
    reason = ending.stopped_reason
    if first_stop == "RemoteStop":
        is_wrong = ending.trigger == "RemoteStop" or (ending.trigger in UNPLUGGED and reason in BY_DRIVER)
        sentence = "after a remote stop it must have stoppedReason Remote"
        requirement = REASONS["RemoteStop"][1] if ending.trigger == "RemoteStop" else AFTER_REMOTE_STOP
        if is_wrong and reason != "Remote":
            return sentence, requirement
        is_met = reason == "Remote" and ending.trigger in UNPLUGGED | {"RemoteStop"}
        return "", requirement if is_met else ()
    if first_stop is not None:
        return "", ()
    if ending.trigger in REASONS:
        required, requirements = REASONS[ending.trigger]
        return "" if reason == required else f"it must have stoppedReason {required}", requirements
    if ending.trigger not in NOT_BY_DRIVER:
        return "", ()
    sentence = "stoppedReason may only be left out if the driver ended the transaction"
    return sentence if reason is None else "", NOT_OMITTED
