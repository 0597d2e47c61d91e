"""Availability of idle EVSEs while a firmware update waits for transactions (L01.FR.07, L02.FR.04)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.log.summary import short
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S
from mock_csms.v201.findings.facts.connector_events import once_each_is
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.firmware import FirmwareUpdate, on_new_status
from mock_csms.v201.findings.known import Known201

_UNAVAILABLE_WITHIN_S: Final = 60.0
_ALLOW_NEW_SESSIONS: Final = ("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate")

_IN_USE: Final = frozenset({"Occupied", "Reserved"})
"""Statuses of a connector whose EVSE may be in use."""

AVAILABLE_DURING_FIRMWARE_UPDATE: Final = CHECKS.kind(
    "available-during-firmware-update",
    "error",
    "connectors of idle EVSEs stay Available while a firmware update waits for a transaction",
    "that ChargingStation.AllowNewSessionsPendingFirmwareUpdate is false or missing in a complete "
    "FullInventory, the EVSE of the transaction, the status InstallScheduled of an update whose "
    "installDateTime is not in the future, and that none of this has changed for a minute",
)


def _is_waiting(update: FirmwareUpdate, at: float, known: Known201) -> bool:
    """Return whether an update certainly waits for the end of transactions while no new transactions are
    allowed.
    """
    model, running = known[DeviceModelFacts], known.running.certain_on_evse(None)
    allows = model.is_true(*_ALLOW_NEW_SESSIONS)
    is_forbidden = allows is False or (allows is None and model.is_complete)
    is_due = update.install_at is None or update.install_at <= at - CLOCK_ERROR_S
    is_known = bool(running) and all(transaction.evse_id is not None for _, transaction in running)
    return is_forbidden and is_due and is_known and len(running) == len(known.running.by_id)


def _idle_connectors(known: Known201, status: str) -> list[Connector]:
    in_use = {transaction.evse_id for transaction in known.running.by_id.values()}
    in_use |= {connector[0] for connector, reported in known.connectors.status.items() if reported in _IN_USE}
    return [
        connector
        for connector, reported in known.connectors.status.items()
        if reported == status and connector[0] not in in_use
    ]


@on_new_status(AVAILABLE_DURING_FIRMWARE_UPDATE, signed="L01.FR.07", unsigned="L02.FR.04")
def _judge_wait(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Expect that idle EVSEs become Unavailable while the update waits."""
    if call.payload["status"] != "InstallScheduled" or not _is_waiting(update, call.at, known):
        return None
    available = _idle_connectors(known, "Available")
    if not available:
        return MET if _idle_connectors(known, "Unavailable") else None
    evse_id, connector_id = available[0]
    known.expectations.add(
        ExpectedMessage(
            AVAILABLE_DURING_FIRMWARE_UPDATE.id,
            ("L01.FR.07" if update.is_signed else "L02.FR.04",),
            since=call.at,
            within_s=_UNAVAILABLE_WITHIN_S,
            actions=frozenset({Action.status_notification.value, Action.notify_event.value}),
            is_fulfilled_by=once_each_is(available, lambda status: status == "Unavailable"),
            sentence=f"connector {connector_id} of EVSE {evse_id} is still Available "
            f"{_UNAVAILABLE_WITHIN_S:g} s after InstallScheduled of the update with requestId "
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
