"""Statuses of reserved, released and other connectors, and locks that do not close (G01, G03, G05)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, LIVE_S, is_live, seconds_of
from mock_csms.v201.findings.connectors import STATUS_TIMEOUT_S
from mock_csms.v201.findings.facts.certain_statuses import StatusTimes
from mock_csms.v201.findings.facts.connector_events import (
    ConnectorEvents,
    is_status,
    once_each_is,
    statuses_in,
)
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.running import CHARGING

_STATUSES: Final = frozenset({"available", "faulted", "occupied", "reserved", "unavailable"})
"""Members of ConnectorStatusEnumType in lower case."""
_STATUS_MESSAGES: Final = frozenset({Action.notify_event.value, Action.status_notification.value})
_TOKEN_TIMEOUT_S: Final = 120.0
"""Maximum time between plugging in a cable and presenting an idToken, in either order."""
_TOGETHER_S: Final = 5.0
"""Maximum time between two statuses that have the same cause."""
_EARLY_STARTS: Final = frozenset({"Authorized", "EVConnected", "ParkingBayOccupancy"})
"""Members of TxStartPoint with which a TransactionEvent follows at once when a token is authorized or a cable
is plugged in.
"""
_DISCONNECTING: Final = frozenset({"ChargingStateChanged", "EVCommunicationLost", "EVDeparted"})
_WAITING_FOR_PLUG: Final = frozenset({"Authorized", "CablePluggedIn", "ChargingStateChanged", "RemoteStart"})

CONNECTOR_STATUS_INVALID: Final = CHECKS.kind(
    "connector-status-invalid", "error", "the AvailabilityState of a connector is not a connector status"
)
AVAILABLE_STATUS_MISSING: Final = CHECKS.kind(
    "available-status-missing",
    "error",
    "a vehicle is disconnected from a captive cable but the connector is not reported as Available",
    "Connector.ConnectorType, that the connector was reported as Occupied more than 30 seconds "
    "before the vehicle was disconnected, and the end of the transaction",
)
AVAILABLE_STATUS_MISSING.names("G01.FR.04")
RESERVED_CONNECTOR_OCCUPIED: Final = CHECKS.kind(
    "reserved-connector-occupied",
    "error",
    "a Reserved connector is reported as Occupied although no idToken was presented",
    "the accepted ReserveNow for the EVSE, that the connector was Reserved, and TxCtrlr.TxStartPoint",
)
OTHER_CONNECTOR_REPORTED: Final = CHECKS.kind(
    "other-connector-reported",
    "warning",
    "a connector is reported as Unavailable because another connector of its EVSE is Occupied",
    "that both connectors were Available before these reports, and that no command of the last minute makes "
    "connectors Unavailable",
)
CHARGING_WITH_LOCK_PROBLEM: Final = CHECKS.kind(
    "charging-with-lock-problem",
    "error",
    "a transaction charges although the lock of the connector has a problem",
    "a NotifyEvent during the transaction that reports the Problem of the ConnectorPlugRetentionLock",
)


@CONNECTOR_STATUS_INVALID.on_call("G01.FR.01", of=Action.notify_event)
def _judge_values(call: StationCall, known: Known201) -> Outcome:
    """Check each AvailabilityState of a connector."""
    values = [event["actualValue"] for event in call.payload["eventData"] if is_status(event)]
    for value in values:
        if value.lower() not in _STATUSES:
            return Broken(
                f"the AvailabilityState of a connector is {short(value)}; it must be Available, Occupied, "
                "Reserved, Unavailable or Faulted"
            )
    return MET if values else None


def _connector_of(call: StationCall, known: Known201) -> Connector | None:
    """Return the connector of an event, if it is known."""
    if evse := call.payload.get("evse"):
        return (evse["id"], evse["connectorId"]) if "connectorId" in evse else None
    running = known.running.by_id.get(call.payload["transactionInfo"]["transactionId"])
    if running is None or running.evse_id is None or running.connector_id is None:
        return None
    return running.evse_id, running.connector_id


@CHECKS.learn_event(triggers=_DISCONNECTING)
def _expect_available(call: StationCall, known: Known201) -> None:
    """Expect the status Available of a connector with a captive cable once its vehicle is disconnected."""
    connector, transaction_id = _connector_of(call, known), call.payload["transactionInfo"]["transactionId"]
    is_idle = call.payload["transactionInfo"].get("chargingState") == "Idle" and is_live(call)
    if connector is None or not is_idle or not _is_captive(connector, known):
        return
    if not _was_occupied_before(call, known, connector):
        return
    known.expectations.add(
        ExpectedMessage(
            AVAILABLE_STATUS_MISSING.id,
            ("G01.FR.04",),
            call.at,
            STATUS_TIMEOUT_S,
            _STATUS_MESSAGES,
            once_each_is([connector], lambda status: status == "Available"),
            f"the vehicle at connector {connector[1]} of EVSE {connector[0]} was disconnected, but the "
            f"connector was not reported as Available within {STATUS_TIMEOUT_S:g} s; it must be reported",
            (call.frame,),
            is_excused=lambda: (
                known.connectors.status.get(connector) != "Occupied"
                or transaction_id in known.running.by_id  # it may wait for the vehicle to return (E10)
            ),
        )
    )


def _was_occupied_before(call: StationCall, known: Known201, connector: Connector) -> bool:
    """Return whether the last status of a connector is Occupied, and certainly older than an event. A newer
    status would be about the next vehicle.
    """
    occupied_at, happened_at = known[StatusTimes].at.get(connector), seconds_of(call.payload["timestamp"])
    if occupied_at is None or happened_at is None or known.connectors.status.get(connector) != "Occupied":
        return False
    return occupied_at + LIVE_S < happened_at


def _is_captive(connector: Connector, known: Known201) -> bool:
    """Return whether the cable belongs to the station, according to the ConnectorType."""
    evse_id, connector_id = connector
    name = VariableName("connector", "connectortype", evse_id=evse_id, connector_id=connector_id)
    return (known[DeviceModelFacts].value(name) or "").startswith("c")


@RESERVED_CONNECTOR_OCCUPIED.on_call("G01.FR.09", "G03.FR.09", of=_STATUS_MESSAGES)
def _judge_reserved(call: StationCall, known: Known201) -> Outcome:
    """Check that plugging in a cable without presenting an idToken does not change the status of a Reserved
    connector. A finding is reported unless a later CALL explains the status.
    """
    for connector, status in statuses_in(call.action, call.payload):
        if status == "Occupied" and _is_kept_for_token(call, known, connector):
            _suspect_plug(call, known, connector)
    return None


@RESERVED_CONNECTOR_OCCUPIED.on_event(
    "G01.FR.09", "G03.FR.09", types=("Started", "Updated"), triggers=("CablePluggedIn",)
)
def _judge_reserved_plug_without_token(call: StationCall, known: Known201) -> Outcome:
    """Return MET if a connector is still Reserved after a cable was plugged in without an idToken."""
    connector = _connector_of(call, known)
    is_anonymous = "idToken" not in call.payload and "reservationId" not in call.payload
    if connector is None or not is_anonymous or not _is_kept_for_token(call, known, connector):
        return None
    return MET


def _is_kept_for_token(call: StationCall, known: Known201, connector: Connector) -> bool:
    """Return whether a connector is certainly Reserved for an idToken that has not been presented yet."""
    if known.connectors.status.get(connector) != "Reserved":
        return False
    token_at = known[ConnectorEvents].token_at
    if token_at is not None and call.at - token_at <= _TOKEN_TIMEOUT_S:
        return False
    start_points = known[DeviceModelFacts].members("TxCtrlr", "TxStartPoint")
    if start_points is None or start_points.isdisjoint(_EARLY_STARTS):
        return False
    return any(
        one.evse_id == connector[0] and not one.may_be_used and call.at < one.expires_at - CLOCK_ERROR_S
        for one in known.transactions.reservations.open.values()
    )


def _suspect_plug(call: StationCall, known: Known201, connector: Connector) -> None:
    known.expectations.add(
        ExpectedMessage(
            RESERVED_CONNECTOR_OCCUPIED.id,
            ("G01.FR.09", "G03.FR.09"),
            call.at,
            _TOKEN_TIMEOUT_S,
            frozenset(
                {
                    Action.authorize,
                    Action.reservation_status_update,
                    Action.transaction_event,
                    *_STATUS_MESSAGES,
                }
            ),
            lambda action, payload: _explains(action, payload, connector),
            f"connector {connector[1]} of EVSE {connector[0]} was reported as Occupied although it was "
            "Reserved and no idToken was presented; it must stay Reserved until one is",
            (call.frame,),
            counts_as_met=False,
        )
    )


def _explains(action: str, payload: JsonObject, connector: Connector) -> bool:
    """Return whether a CALL shows that an idToken was presented, or that the status Occupied was wrong."""
    if action == Action.transaction_event:
        return "idToken" in payload or "reservationId" in payload
    if action in _STATUS_MESSAGES:
        return any(
            other == connector and status != "Occupied" for other, status in statuses_in(action, payload)
        )
    return True


@OTHER_CONNECTOR_REPORTED.on_call("G01.FR.08", of=Action.status_notification)
def _judge_other_connector(call: StationCall, known: Known201) -> Outcome:
    """Check that plugging in a cable changes the status of one connector only."""
    ((connector, status),) = statuses_in(call.action, call.payload)
    reported = known.connectors.status
    occupied, occupied_at = known[ConnectorEvents].occupied.get(connector[0], (connector, 0.0))
    if status == "Available" and reported.get(connector) == "Occupied":
        others = {reported[other] for other in reported if other[0] == connector[0] and other != connector}
        return MET if others == {"Available"} and occupied == connector else None
    is_new = reported.get(connector) == "Available" and status == "Unavailable"
    is_together = occupied != connector and call.at - occupied_at <= _TOGETHER_S
    may_be_intended = (
        known.connectors.may_be_inoperative(connector)
        or known.progress.is_updating
        or known[ConnectorEvents].may_have_made_unavailable(call.at)
    )
    if not is_new or not is_together or may_be_intended:
        return None
    return Broken(
        f"connector {connector[1]} of EVSE {connector[0]} was reported as Unavailable when a cable was "
        f"plugged in at connector {occupied[1]}; a station should only report the connector with the cable"
    )


@CHARGING_WITH_LOCK_PROBLEM.on_event("G05.FR.01", types=("Started", "Updated"), triggers=_WAITING_FOR_PLUG)
def _judge_lock(call: StationCall, known: Known201) -> Outcome:
    """Check that a transaction does not charge while the lock has a problem."""
    info = call.payload["transactionInfo"]
    problem = known[ConnectorEvents].lock_problems.get(info["transactionId"])
    is_charging = info.get("chargingState") == CHARGING and not call.payload.get("offline")
    charges_at = seconds_of(call.payload["timestamp"])
    if problem is None or not is_charging or charges_at is None or charges_at < problem.happened_at:
        return None
    del known[ConnectorEvents].lock_problems[info["transactionId"]]
    return Broken(
        f"the transaction {short(info['transactionId'])} charges although the lock of connector "
        f"{problem.connector[1]} of EVSE {problem.connector[0]} has a problem; it must not start to charge",
        (problem.frame,),
    )


@CHARGING_WITH_LOCK_PROBLEM.on_event("G05.FR.01", types=("Ended",))
def _judge_end(call: StationCall, known: Known201) -> Outcome:
    """Return MET for a transaction that has a lock problem and ends without charging."""
    transaction_id = call.payload["transactionInfo"]["transactionId"]
    return MET if known[ConnectorEvents].lock_problems.pop(transaction_id, None) else None
