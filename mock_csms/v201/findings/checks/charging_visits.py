"""Cables, tokens and transactions of a driver's visit (E01, E02)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredStationCall, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.certain_statuses import certain_statuses
from mock_csms.v201.findings.facts.connector_events import once_each_is, statuses_in
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.recent_settings import RecentSettings
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.transaction_state import PLUGGED_IN

_WITHIN_S: Final = 60.0
_STATUS_ACTIONS: Final = frozenset({Action.status_notification.value, Action.notify_event.value})
_EVENTS: Final = frozenset({Action.transaction_event.value})
_UNPLUGGING: Final = frozenset({"EVCommunicationLost", "EVDeparted"})

OCCUPIED_NOT_REPORTED: Final = CHECKS.kind(
    "occupied-not-reported",
    "error",
    "a cable is plugged in but its connector is not reported as Occupied",
    "that the last reported status of the connector is Available",
)
UNPLUGGING_NOT_REPORTED: Final = CHECKS.kind(
    "unplugging-not-reported",
    "error",
    "a connector becomes Available but no event of its transaction reports that the vehicle was unplugged",
    "the connector of the transaction, and that the last chargingState was one with a connected vehicle",
)
UNPLUGGING_NOT_REPORTED.names("E02.FR.17")
START_MISSING_AFTER_AUTHORIZATION: Final = CHECKS.kind(
    "start-missing-after-authorization",
    "error",
    "an Authorize is accepted but no transaction starts",
    "that TxCtrlr.TxStartPoint contains Authorized, a FullInventory with exactly one EVSE, and that "
    "all its connectors are Available",
)
START_MISSING_AFTER_AUTHORIZATION.names("E01.FR.03")


# Plugging in


@OCCUPIED_NOT_REPORTED.on_event(
    "E02.FR.05", "G01.FR.03", types=("Started", "Updated"), triggers=("CablePluggedIn",), once=True
)
def _judge_plugging_in(call: StationCall, known: Known201) -> Outcome:
    """Expect the status Occupied after a cable is plugged in at an Available connector."""
    evse, transaction_id = call.payload.get("evse", {}), call.payload["transactionInfo"]["transactionId"]
    if "connectorId" not in evse or call.payload.get("offline"):
        return None
    connector = evse["id"], evse["connectorId"]
    status = known.connectors.status.get(connector)
    if status != "Available":
        return MET if status == "Occupied" else None

    def is_excused() -> bool:
        running = known.running.by_id.get(transaction_id)
        is_plugged = running is not None and running.charging_state in {None, *PLUGGED_IN}
        return not is_plugged or known.connectors.status.get(connector) != "Available"

    known.expectations.add(
        ExpectedMessage(
            OCCUPIED_NOT_REPORTED.id,
            ("E02.FR.05", "G01.FR.03"),
            since=call.at,
            within_s=_WITHIN_S,
            actions=_STATUS_ACTIONS,
            is_fulfilled_by=once_each_is([connector], lambda status: status == "Occupied"),
            sentence=f"a cable was plugged in at connector {connector[1]} of EVSE {connector[0]}, but the "
            f"connector was not reported as Occupied within {_WITHIN_S:g} s; its status must be sent",
            frames=(call.frame,),
            is_excused=is_excused,
        )
    )
    return None


# Unplugging


@CHECKS.learn_call(*_STATUS_ACTIONS)
def _expect_unplugging(call: StationCall, known: Known201) -> None:
    if not known.running.by_id:
        return
    for connector, status in statuses_in(call.action, call.payload):
        if status != "Available" or known.connectors.status.get(connector) == status:
            continue
        for transaction_id, running in known.running.certain_on_evse(connector[0]):
            if running.connector_id == connector[1] and running.charging_state in PLUGGED_IN:
                known.expectations.add(_unplugging(call, connector, transaction_id))


def _unplugging(call: StationCall, connector: Connector, transaction_id: str) -> ExpectedMessage:
    """Expect an event that reports that the vehicle was unplugged."""

    def is_reported(_action: str, event: JsonObject) -> bool:
        info = event["transactionInfo"]
        is_unplugged = event["triggerReason"] in _UNPLUGGING or info.get("chargingState") == "Idle"
        return info["transactionId"] == transaction_id and (is_unplugged or event["eventType"] == "Ended")

    return ExpectedMessage(
        UNPLUGGING_NOT_REPORTED.id,
        ("E02.FR.17",),
        since=call.at,
        within_s=_WITHIN_S,
        actions=_EVENTS,
        is_fulfilled_by=is_reported,
        sentence=f"connector {connector[1]} of EVSE {connector[0]} is Available again, but no event of the "
        f"transaction {short(transaction_id)} reported EVCommunicationLost within {_WITHIN_S:g} s; such "
        "an event must be sent",
        frames=(call.frame,),
    )


# Authorized tokens that start transactions


@CHECKS.learn_answered_call(Action.authorize)
def _expect_start(call: AnsweredStationCall, known: Known201) -> None:
    info = call.answer.get("idTokenInfo", {})
    is_plain = "groupIdToken" not in info and "evseId" not in info
    is_valid = call.answer.get("certificateStatus", "Accepted") == "Accepted"
    if info.get("status") != "Accepted" or not is_plain or not is_valid or not _starts(call.at, known):
        return
    known.expectations.add(
        ExpectedMessage(
            START_MISSING_AFTER_AUTHORIZATION.id,
            ("E01.FR.03",),
            since=call.at,
            within_s=_WITHIN_S,
            actions=_EVENTS,
            is_fulfilled_by=lambda _, event: event["eventType"] == "Started",
            sentence="the Authorize for the idToken "
            f"{short(call.payload['idToken']['idToken'])} was accepted, but no transaction started within "
            f"{_WITHIN_S:g} s; TxStartPoint has Authorized, so one must start",
            frames=(call.frame,),
        )
    )


def _starts(at: float, known: Known201) -> bool:
    """Return whether an accepted token must start a transaction, because the only EVSE is free."""
    points = known[DeviceModelFacts].members("TxCtrlr", "TxStartPoint") or frozenset()
    statuses = certain_statuses(known, None).values()
    is_idle = not known.running.by_id and known.running.last_ended_at < at - _WITHIN_S
    is_free = bool(statuses) and set(statuses) == {"Available"} and not known.transactions.reservations.open
    is_settled = known[RecentSettings].is_settled("TxCtrlr", at)
    return (
        is_idle
        and is_free
        and is_settled
        and "Authorized" in points
        and known[DeviceModelFacts].only_evse is not None
    )
