"""How a misbehaving station causes the findings about remote control."""

from collections.abc import Mapping
from datetime import UTC, datetime

from mock_csms.text import timestamp
from tests.support.observed_station import TOKEN, ObservedStation
from tests.support.talk import profile
from tests.v201.findings.checks.plays.block_e import report_inventory
from tests.v201.findings.checks.scenes import Scene


def set_variables(observed: ObservedStation, values: Mapping[str, str]) -> None:
    """Set variables, named as ``Component.Variable``."""
    items = [
        {
            "component": {"name": name.split(".")[0]},
            "variable": {"name": name.split(".")[1]},
            "attributeValue": value,
        }
        for name, value in values.items()
    ]
    observed.command("SetVariables", {"setVariableData": items})


def start_remotely(observed: ObservedStation, **fields: object) -> None:
    request = {"remoteStartId": 9, "idToken": TOKEN, "evseId": 1, **fields}
    observed.command("RequestStartTransaction", request)
    observed.advance(2)


def charge(observed: ObservedStation) -> str:
    """Begin to charge at EVSE 1, and return the transactionId."""
    observed.station.plug_in()
    observed.station.present(TOKEN, 1)
    observed.advance(5)
    return str(observed.calls("TransactionEvent")[-1]["transactionInfo"]["transactionId"])


def show_that_transaction_goes_on(observed: ObservedStation) -> None:
    observed.advance(10)
    observed.command("TriggerMessage", {"requestedMessage": "TransactionEvent", "evse": {"id": 1}})
    observed.advance(2)


def stop_remotely(observed: ObservedStation, transaction_id: str) -> None:
    observed.command("RequestStopTransaction", {"transactionId": transaction_id})
    observed.advance(5)


def start_while_in_use(observed: ObservedStation) -> None:
    charge(observed)
    start_remotely(observed)
    show_that_transaction_goes_on(observed)


def start_while_unusable(observed: ObservedStation) -> None:
    observed.command("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})
    observed.advance(2)
    start_remotely(observed)
    observed.advance(6)


def start_while_reserved(observed: ObservedStation) -> None:
    expiry = timestamp(datetime.fromtimestamp(observed.host.time() + 3600, UTC))
    observed.command("ReserveNow", {"id": 3, "expiryDateTime": expiry, "idToken": TOKEN, "evseId": 1})
    observed.advance(2)
    start_remotely(observed, idToken={"idToken": "EEFF0011", "type": "ISO14443"})
    observed.advance(6)


def start_with_wrong_profile(observed: ObservedStation) -> None:
    set_variables(observed, {"SmartChargingCtrlr.Enabled": "true"})
    start_remotely(observed, chargingProfile=profile())


def start_after_plug_in(observed: ObservedStation) -> None:
    observed.station.plug_in()
    observed.advance(5)
    start_remotely(observed)
    show_that_transaction_goes_on(observed)


def stop_running_transaction(observed: ObservedStation) -> None:
    transaction_id = charge(observed)
    observed.command("RequestStopTransaction", {"transactionId": transaction_id})
    show_that_transaction_goes_on(observed)


def stop_ended_transaction(observed: ObservedStation) -> None:
    transaction_id = charge(observed)
    observed.station.unplug()
    observed.advance(5)
    stop_remotely(observed, transaction_id)


def unlock_unknown_connector(observed: ObservedStation) -> None:
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(5)
    observed.command("UnlockConnector", {"evseId": 1, "connectorId": 9})


def start_with_authorization(observed: ObservedStation) -> None:
    set_variables(
        observed,
        {
            "AuthCtrlr.AuthorizeRemoteStart": "true",
            "AuthCtrlr.LocalPreAuthorize": "false",
            "TxCtrlr.TxStartPoint": "Authorized",
        },
    )
    start_remotely(observed)


def trigger(observed: ObservedStation, requested: str, **fields: object) -> None:
    observed.command("TriggerMessage", {"requestedMessage": requested, **fields})
    observed.advance(4)


def trigger_event(observed: ObservedStation) -> None:
    charge(observed)
    trigger(observed, "TransactionEvent", evse={"id": 1})


def trigger_readings(observed: ObservedStation) -> None:
    report_inventory(observed)
    set_variables(observed, {"AlignedDataCtrlr.Measurands": "Energy.Active.Import.Register"})
    observed.advance(61)
    trigger(observed, "MeterValues", evse={"id": 1})


def trigger_log_status_twice(observed: ObservedStation) -> None:
    trigger(observed, "LogStatusNotification")
    trigger(observed, "LogStatusNotification")


def start_without_cable(observed: ObservedStation) -> None:
    values = {
        "TxCtrlr.EVConnectionTimeOut": "2",
        "TxCtrlr.TxStartPoint": "Authorized",
        "TxCtrlr.TxStopPoint": "EVConnected",
    }
    set_variables(observed, values)
    observed.advance(61)
    start_remotely(observed)
    observed.advance(62)


SCENES = {
    "connection-timeout-missed": Scene(start_without_cable),
    "remote-start-accepted-while-in-use": Scene(start_while_in_use),
    "remote-start-accepted-while-reserved": Scene(start_while_reserved),
    "remote-start-accepted-while-unusable": Scene(start_while_unusable),
    "remote-start-not-authorized": Scene(start_with_authorization),
    "remote-start-profile-accepted": Scene(start_with_wrong_profile),
    "remote-start-token-wrong": Scene(start_remotely),
    "remote-start-transaction-not-named": Scene(start_after_plug_in),
    "remote-stop-accepted-after-end": Scene(stop_ended_transaction),
    "remote-stop-rejected": Scene(stop_running_transaction),
    "triggered-event-incomplete": Scene(trigger_event),
    "triggered-message-before-answer": Scene(trigger_event),
    "triggered-readings-missing": Scene(trigger_readings),
    "triggered-status-wrong": Scene(trigger_log_status_twice),
    "unknown-connector-status-wrong": Scene(unlock_unknown_connector),
}
