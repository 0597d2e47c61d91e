"""Availability of idle EVSEs while a firmware update waits for transactions (L01.FR.07, L02.FR.04)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Outcome, StationCall
from mock_csms.findings.expectations import Expectation
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.firmware import FirmwareUpdate, on_new_status
from mock_csms.v201.findings.known import Known201

UNAVAILABLE_WITHIN_S: Final = 60.0
STATUS: Final = Action.status_notification.value
EVENT: Final = Action.notify_event.value
ALLOW_NEW_SESSIONS: Final = ("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate")

STILL_AVAILABLE: Final = CHECKS.kind(
    "available-during-firmware-update",
    "error",
    "connectors of idle EVSEs stay Available while a firmware update waits for a transaction",
    "AllowNewSessionsPendingFirmwareUpdate or all variables, the EVSE of the transaction, InstallScheduled "
    "without a later installDateTime, and a minute without a change",
)


def _is_waiting(update: FirmwareUpdate, at: float, known: Known201) -> bool:
    """Return whether an update certainly waits for the end of transactions, and new ones are not allowed."""
    model, running = known[DeviceModelFacts], known.running.certain_on_evse(None)
    allows = model.is_true(*ALLOW_NEW_SESSIONS)
    is_forbidden = allows is False or (allows is None and model.is_complete)
    is_due = update.install_at is None or update.install_at <= at
    is_known = bool(running) and all(transaction.evse_id is not None for _, transaction in running)
    return is_forbidden and is_due and is_known and len(running) == len(known.running.by_id)


def _idle_connectors(known: Known201, status: str) -> list[Connector]:
    in_use = {transaction.evse_id for transaction in known.running.by_id.values()}
    return [
        connector
        for connector, reported in known.connectors.status.items()
        if reported == status and connector[0] not in in_use
    ]


@on_new_status(STILL_AVAILABLE, signed="L01.FR.07", unsigned="L02.FR.04")
def judge_wait(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Expect that idle EVSEs become Unavailable while the update waits."""
    if call.payload["status"] != "InstallScheduled" or not _is_waiting(update, call.at, known):
        return None
    available = _idle_connectors(known, "Available")
    if not available:
        return MET if _idle_connectors(known, "Unavailable") else None
    evse_id, connector_id = available[0]
    known.expectations.add(
        Expectation(
            STILL_AVAILABLE.id,
            ("L01.FR.07" if update.is_signed else "L02.FR.04",),
            since=call.at,
            within_s=UNAVAILABLE_WITHIN_S,
            actions=frozenset({STATUS, EVENT}),
            is_fulfilled_by=_become_unavailable(available),
            sentence=f"connector {connector_id} of EVSE {evse_id} is still Available "
            f"{UNAVAILABLE_WITHIN_S:g} s after InstallScheduled of the update with requestId "
            f"{short(str(update.request_id))}, which waits for a transaction; it must be Unavailable",
            frames=(update.frame, call.frame),
            is_excused=lambda: (
                update.status != "InstallScheduled"
                or not _is_waiting(update, call.at, known)
                or not set(available) & set(_idle_connectors(known, "Available"))
            ),
        )
    )
    return None


def _become_unavailable(connectors: list[Connector]) -> Callable[[str, JsonObject], bool]:
    left = set(connectors)

    def is_fulfilled_by(action: str, payload: JsonObject) -> bool:
        for connector, status in _statuses(action, payload):
            if status == "Unavailable":
                left.discard(connector)
        return not left

    return is_fulfilled_by


def _statuses(action: str, payload: JsonObject) -> list[tuple[Connector, str]]:
    if action == STATUS:
        return [((payload["evseId"], payload["connectorId"]), payload["connectorStatus"])]
    found = []
    for event in payload["eventData"]:
        evse = event["component"].get("evse", {})
        if event["variable"]["name"] == "AvailabilityState" and "connectorId" in evse:
            found.append(((evse["id"], evse["connectorId"]), event["actualValue"]))
    return found
