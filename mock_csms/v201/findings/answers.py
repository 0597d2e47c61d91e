"""Answers to commands: they must fit the command and contain the required data."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.connectors import place_of
from mock_csms.v201.findings.registration import Registration
from mock_csms.v201.findings.running import CHARGING, RunningTransactions, Suspicion

STATUS_ACCEPTED: Final = "Accepted"
RESET: Final = frozenset({"ImmediateReset", "ResetCommand"})
UNLOCK: Final = frozenset({"UnlockCommand"})
"""Reasons of events that prove that a Reset or an UnlockConnector affected a running transaction."""


class ItemLists(NamedTuple):
    """The list of items in a command, and the list of their results in the answer."""

    items: str
    results: str
    has_attribute_type: bool


ITEM_LISTS: Final[Mapping[str, ItemLists]] = {
    Action.get_variables: ItemLists("getVariableData", "getVariableResult", has_attribute_type=True),
    Action.set_variables: ItemLists("setVariableData", "setVariableResult", has_attribute_type=True),
    Action.set_variable_monitoring: ItemLists(
        "setMonitoringData", "setMonitoringResult", has_attribute_type=False
    ),
}


def mismatch(action: str, request: JsonObject, answer: JsonObject) -> str | None:
    """Return how the results of an answer differ from the items of the command; None if they match.

    The order is free. Names are identifierStrings, which are compared without regard to case. If the command
    names an item twice, the number of its results is not compared.
    """
    if action == Action.clear_variable_monitoring:
        asked: list[Hashable] = list(request["id"])
        answered: list[Hashable] = [result["id"] for result in answer["clearMonitoringResult"]]
    elif lists := ITEM_LISTS.get(action):
        asked = [_item_key(item, lists) for item in request[lists.items]]
        answered = [_item_key(result, lists) for result in answer[lists.results]]
    else:
        return None
    return _difference(asked, answered)


def _difference(asked: list[Hashable], answered: list[Hashable]) -> str | None:
    has_duplicates = len(set(asked)) < len(asked)
    if set(asked) == set(answered) and (has_duplicates or len(asked) == len(answered)):
        return None
    counts, answered_counts = Counter(asked), Counter(answered)
    missing, unasked = sum((counts - answered_counts).values()), sum((answered_counts - counts).values())
    parts = [f"{missing} of {len(asked)} items have no result"] if missing else []
    parts += [f"{unasked} results belong to no item"] if unasked else []
    return " and ".join(parts)


def _item_key(item: JsonObject, lists: ItemLists) -> Hashable:
    component, variable = item["component"], item["variable"]
    evse = component.get("evse") or {}
    attribute_type = item.get("attributeType", "Actual") if lists.has_attribute_type else None
    return (
        component["name"].lower(),
        (component.get("instance") or "").lower(),
        evse.get("id"),
        evse.get("connectorId"),
        variable["name"].lower(),
        (variable.get("instance") or "").lower(),
        attribute_type,
    )


def missing_data(action: str, request: JsonObject, answer: JsonObject) -> str | None:
    """Return the missing data of an Accepted answer; None if it is complete."""
    check = REQUIRED_DATA.get(action)
    return check(request, answer) if check else None


def _without(name: str) -> Callable[[JsonObject, JsonObject], str | None]:
    """Check that an Accepted answer has a property."""
    return lambda _, answer: name if answer.get("status") == STATUS_ACCEPTED and name not in answer else None


def _value_missing(_: JsonObject, answer: JsonObject) -> str | None:
    """Check that each Accepted variable has a value; the value may be an empty text (B06.FR.13)."""
    return _lacking("attributeValue", answer["getVariableResult"], "attributeStatus")


def _monitor_id_missing(request: JsonObject, answer: JsonObject) -> str | None:
    """Check that each new monitor has an id (N04.FR.11)."""
    if any("id" in item for item in request["setMonitoringData"]):
        return None
    return _lacking("id", answer["setMonitoringResult"], "status")


def _lacking(name: str, results: Iterable[JsonObject], status: str) -> str | None:
    return (
        name if any(result[status] == STATUS_ACCEPTED and name not in result for result in results) else None
    )


REQUIRED_DATA: Final[Mapping[str, Callable[[JsonObject, JsonObject], str | None]]] = {
    Action.get_composite_schedule: _without("schedule"),
    Action.get_installed_certificate_ids: _without("certificateHashDataChain"),
    Action.get_variables: _value_missing,
    Action.set_variable_monitoring: _monitor_id_missing,
}
"""Function that returns the missing property of an Accepted answer, by action."""


class Answers:
    """Checks whether a station may give its answer, as far as the state of the station is known."""

    __slots__ = ("_registration", "_report", "_running")

    def __init__(self, report: Reporter, registration: Registration, running: RunningTransactions) -> None:
        self._report = report
        self._registration = registration
        self._running = running

    def judge(self, at: float, frame: int, action: str, request: JsonObject, answer: JsonObject) -> Findings:
        """Report an answer that does not fit the command or the state of the station."""
        findings = NO_FINDINGS
        if difference := mismatch(action, request, answer):
            text = f"the answer to {action} does not match the command: {difference}"
            findings = self._report("answer-does-not-match", at, (frame,), text)
        if name := missing_data(action, request, answer):
            text = f"the answer to {action} is Accepted but has no {name}"
            findings += self._report("answer-without-data", at, (frame,), text)
        return findings + self._judge_state(at, frame, action, request, answer.get("status"))

    def _judge_state(
        self, at: float, frame: int, action: str, request: JsonObject, status: str | None
    ) -> Findings:
        match action, status:
            case ((Action.request_start_transaction | Action.request_stop_transaction), "Accepted"):
                return self._remote_request(at, frame, action)
            case Action.trigger_message, "Accepted":
                return self._trigger(at, frame, request)
            case Action.reset, "Accepted":
                self._suspect_reset(at, frame, request)
            case Action.unlock_connector, "Unlocked":
                self._suspect_unlock(at, frame, request)
        return NO_FINDINGS

    def _remote_request(self, at: float, frame: int, action: str) -> Findings:
        if self._registration.status != "Pending":
            return NO_FINDINGS
        return self._report(
            "remote-request-accepted-while-pending",
            at,
            (frame,),
            f"{action} was accepted while the boot is Pending; it must be Rejected until the boot is "
            "Accepted",
        )

    def _trigger(self, at: float, frame: int, request: JsonObject) -> Findings:
        if not self._registration.must_refuse(Action.trigger_message, request):
            return NO_FINDINGS
        return self._report(
            "boot-trigger-accepted",
            at,
            (frame,),
            "a TriggerMessage for BootNotification was accepted although the last boot was Accepted; "
            "it must be Rejected",
        )

    def _suspect_reset(self, at: float, frame: int, request: JsonObject) -> None:
        """Suspect a Reset OnIdle during a running transaction, unless a Reset Immediate already ends it."""
        for transaction_id, transaction in self._running.on_evse(request.get("evseId")):
            transaction.is_being_reset = transaction.is_being_reset or request["type"] == "Immediate"
            if transaction.is_being_reset:
                continue
            sentence = (
                f"a Reset OnIdle was accepted although the transaction {short(transaction_id)} was running; "
                "the answer must be Scheduled, and the transaction must end normally before the reset"
            )
            suspicion = Suspicion("reset-not-scheduled", at, (frame,), sentence, proofs=RESET)
            transaction.suspicions.append(suspicion)

    def suspect_availability(
        self, at: float, frame: int, request: JsonObject, available: frozenset[Connector]
    ) -> None:
        """Suspect that Inoperative was Accepted for connectors in a transaction (G03.FR.05, G04.FR.06).

        ``available``: connectors that were Available since the previous Inoperative. For these, this command
        does not request the state that they already have (G03.FR.03).
        """
        evse_id, connector_id = place_of(request)
        for transaction_id, transaction in self._running.on_evse(evse_id):
            place = (transaction.evse_id, transaction.connector_id)
            if connector_id in {None, transaction.connector_id} and place in available:
                sentence = (
                    f"a ChangeAvailability to Inoperative was accepted although the transaction "
                    f"{short(transaction_id)} was running and went on; the answer must be Scheduled"
                )
                transaction.suspicions.append(Suspicion("availability-not-scheduled", at, (frame,), sentence))

    def _suspect_unlock(self, at: float, frame: int, request: JsonObject) -> None:
        for transaction_id, transaction in self._running.on_evse(request["evseId"]):
            if transaction.connector_id == request["connectorId"] and transaction.is_authorized:
                sentence = (
                    f"a connector was unlocked although the authorized transaction {short(transaction_id)} "
                    "was running on it; the answer must be OngoingAuthorizedTransaction"
                )
                suspicion = Suspicion("unlocked-during-transaction", at, (frame,), sentence, CHARGING, UNLOCK)
                transaction.suspicions.append(suspicion)
