"""OCPP 2.0.1 commands: a builder for each, and the plan that sends the selected ones."""

import asyncio
import math
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from itertools import batched
from typing import Any, Final

from ocpp.v201 import call
from ocpp.v201.enums import Action

from mock_csms.control.firmware import FIRMWARE_MD5, FIRMWARE_NAME
from mock_csms.csms import CommandBuilder, Csms
from mock_csms.errors import CallErrorReceived, CallFailed, Disconnected, InvalidAnswer, NothingToDo
from mock_csms.log.output import logger
from mock_csms.messages import JsonObject
from mock_csms.ocppj.session import Session
from mock_csms.settings import Profile, Variable
from mock_csms.stations.station import Connector, Station
from mock_csms.stations.transactions import Transaction
from mock_csms.text import timestamp
from mock_csms.v201.version import OCPP_2_0_1
from mock_csms.versions import ListLimit

MIN_BOOT_TIMEOUT_S: Final = 5.0
"""Minimum seconds to wait for a boot before a command that is sent only once."""

ID_TOKEN: Final = {"idToken": "0123456789ABCD", "type": "ISO14443"}
DEFAULT_VARIABLES: Final = (
    Variable("OCPPCommCtrlr", "HeartbeatInterval"),
    Variable("SecurityCtrlr", "SecurityProfile"),
)


def clear_cache(csms: Csms, station: Station) -> call.ClearCache:
    return call.ClearCache()


def get_base_report(csms: Csms, station: Station) -> call.GetBaseReport:
    return call.GetBaseReport(request_id=next(csms.ids), report_base="FullInventory")


def get_variables(csms: Csms, station: Station) -> call.GetVariables:
    """Ask for the variables of ``--get-variables``."""
    variables = csms.profile(station.id).get_variables or DEFAULT_VARIABLES
    return call.GetVariables(get_variable_data=[_variable_data(variable) for variable in variables])


def set_variables(csms: Csms, station: Station) -> call.SetVariables:
    """Set the variables of ``--set-variables``, else the HeartbeatInterval to ``--heartbeat-interval``."""
    profile = csms.profile(station.id)
    interval = Variable("OCPPCommCtrlr", "HeartbeatInterval", str(profile.heartbeat_interval))
    return call.SetVariables(
        set_variable_data=[
            {**_variable_data(variable), "attributeValue": variable.value}
            for variable in profile.set_variables or [interval]
        ]
    )


def request_start_transaction(csms: Csms, station: Station) -> call.RequestStartTransaction:
    """Start on the first EVSE with an Available connector, otherwise on the first known EVSE."""
    return call.RequestStartTransaction(
        remote_start_id=next(csms.ids), id_token=ID_TOKEN, evse_id=_free_evse(station)
    )


def request_stop_transaction(csms: Csms, station: Station) -> call.RequestStopTransaction:
    """Stop the newest running transaction; raises NothingToDo if none is running."""
    return call.RequestStopTransaction(transaction_id=_running_transaction(station).id)


def reset(csms: Csms, station: Station) -> call.Reset:
    return call.Reset(type=csms.profile(station.id).reset_type)


def unlock_connector(csms: Csms, station: Station) -> call.UnlockConnector:
    evse_id, connector_id = _connector(station)
    return call.UnlockConnector(evse_id=evse_id, connector_id=connector_id)


def change_availability(csms: Csms, station: Station) -> call.ChangeAvailability:
    return call.ChangeAvailability(operational_status=csms.profile(station.id).availability_status)


def trigger_message(csms: Csms, station: Station) -> call.TriggerMessage:
    """Request a message; a StatusNotification needs an evse with a connectorId (F06.FR.13)."""
    requested = csms.profile(station.id).trigger_message or OCPP_2_0_1.default_trigger
    if requested != Action.status_notification:
        return call.TriggerMessage(requested_message=requested)
    evse_id, connector_id = _connector(station)
    return call.TriggerMessage(requested_message=requested, evse={"id": evse_id, "connectorId": connector_id})


def data_transfer(csms: Csms, station: Station) -> call.DataTransfer:
    return call.DataTransfer(vendor_id="org.example.mock", message_id="Hello", data="Hello, station")


def cancel_reservation(csms: Csms, station: Station) -> call.CancelReservation:
    configured = csms.profile(station.id).reservation_id
    return call.CancelReservation(reservation_id=configured or next(reversed(station.reservations), 1))


def certificate_signed(csms: Csms, station: Station) -> call.CertificateSigned:
    return call.CertificateSigned(certificate_chain=csms.chain_for(station))


def clear_charging_profile(csms: Csms, station: Station) -> call.ClearChargingProfile:
    profile_id = next(reversed(station.charging_profiles), None)
    if profile_id is not None:
        return call.ClearChargingProfile(charging_profile_id=profile_id)
    return call.ClearChargingProfile(charging_profile_criteria={"chargingProfilePurpose": "TxDefaultProfile"})


def clear_display_message(csms: Csms, station: Station) -> call.ClearDisplayMessage:
    return call.ClearDisplayMessage(id=next(reversed(station.display_messages), 1))


def clear_variable_monitoring(csms: Csms, station: Station) -> call.ClearVariableMonitoring:
    return call.ClearVariableMonitoring(id=[next(reversed(station.monitors), 1)])


def cost_updated(csms: Csms, station: Station) -> call.CostUpdated:
    transaction = _running_transaction(station)
    return call.CostUpdated(
        total_cost=csms.profile(station.id).cost_of(transaction), transaction_id=transaction.id
    )


def customer_information(csms: Csms, station: Station) -> call.CustomerInformation:
    """Identify the customer by exactly one identifier (errata 2.13.2)."""
    return call.CustomerInformation(
        request_id=next(csms.ids), report=True, clear=False, id_token=_last_id_token(station)
    )


def delete_certificate(csms: Csms, station: Station) -> call.DeleteCertificate:
    """Delete the mock's own root, which InstallCertificate installs, so that no other certificate is lost."""
    return call.DeleteCertificate(certificate_hash_data=csms.authority.root_hash_data)


def get_charging_profiles(csms: Csms, station: Station) -> call.GetChargingProfiles:
    return call.GetChargingProfiles(
        request_id=next(csms.ids), charging_profile={"chargingProfilePurpose": "TxDefaultProfile"}
    )


def get_composite_schedule(csms: Csms, station: Station) -> call.GetCompositeSchedule:
    return call.GetCompositeSchedule(duration=3600, evse_id=_connector(station)[0])


def get_display_messages(csms: Csms, station: Station) -> call.GetDisplayMessages:
    return call.GetDisplayMessages(request_id=next(csms.ids))


def get_installed_certificate_ids(csms: Csms, station: Station) -> call.GetInstalledCertificateIds:
    return call.GetInstalledCertificateIds()


def get_local_list_version(csms: Csms, station: Station) -> call.GetLocalListVersion:
    return call.GetLocalListVersion()


def get_log(csms: Csms, station: Station) -> call.GetLog:
    return call.GetLog(
        log_type="DiagnosticsLog",
        request_id=next(csms.ids),
        log={"remoteLocation": f"{csms.files_url}/uploads"},
    )


def get_monitoring_report(csms: Csms, station: Station) -> call.GetMonitoringReport:
    return call.GetMonitoringReport(request_id=next(csms.ids))


def get_report(csms: Csms, station: Station) -> call.GetReport:
    return call.GetReport(request_id=next(csms.ids), component_criteria=["Available"])


def get_transaction_status(csms: Csms, station: Station) -> call.GetTransactionStatus:
    transaction = next(station.running_transactions, None)
    return call.GetTransactionStatus(transaction_id=transaction.id if transaction else None)


def install_certificate(csms: Csms, station: Station) -> call.InstallCertificate:
    return call.InstallCertificate(
        certificate_type="CSMSRootCertificate", certificate=csms.authority.root_pem
    )


def publish_firmware(csms: Csms, station: Station) -> call.PublishFirmware:
    return call.PublishFirmware(location=_firmware(csms), checksum=FIRMWARE_MD5, request_id=next(csms.ids))


def reserve_now(csms: Csms, station: Station) -> call.ReserveNow:
    profile = csms.profile(station.id)
    token = profile.reserve_id_token
    return call.ReserveNow(
        id=profile.reservation_id or next(csms.ids),
        expiry_date_time=timestamp(datetime.now(UTC) + timedelta(minutes=15)),
        id_token=_iso14443(token) if token else ID_TOKEN,
        evse_id=profile.reserve_evse_id or _free_evse(station),
    )


def send_local_list(csms: Csms, station: Station) -> call.SendLocalList:
    """Send the tokens listed in the settings, each with its idTokenInfo."""
    profile = csms.profile(station.id)
    book, clock = profile.token_book, partial(datetime.now, UTC)
    id_tokens = [book.as_presented(name) for name in profile.local_list_tokens] or [ID_TOKEN]
    return call.SendLocalList(
        version_number=(station.local_list_version or 0) + 1,
        update_type="Full",
        local_authorization_list=[
            {"idToken": id_token, "idTokenInfo": book.find(id_token).info(clock)} for id_token in id_tokens
        ],
    )


def set_charging_profile(csms: Csms, station: Station) -> call.SetChargingProfile:
    """Limit the station's transactions to 16 A with a TxDefaultProfile that starts now."""
    return call.SetChargingProfile(
        evse_id=0,
        charging_profile={
            "id": next(csms.ids),
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {
                    "id": next(csms.ids),
                    "startSchedule": csms.now(),
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
                }
            ],
        },
    )


def set_display_message(csms: Csms, station: Station) -> call.SetDisplayMessage:
    return call.SetDisplayMessage(
        message={
            "id": next(csms.ids),
            "priority": "NormalCycle",
            "message": {"format": "UTF8", "language": "en", "content": "Hello from the mock server"},
        }
    )


def set_monitoring_base(csms: Csms, station: Station) -> call.SetMonitoringBase:
    return call.SetMonitoringBase(monitoring_base="All")


def set_monitoring_level(csms: Csms, station: Station) -> call.SetMonitoringLevel:
    return call.SetMonitoringLevel(severity=9)


def set_network_profile(csms: Csms, station: Station) -> call.SetNetworkProfile:
    """Point slot 2 at this server; the URL does not include the station's identity (errata 2.15.3)."""
    return call.SetNetworkProfile(
        configuration_slot=2,
        connection_data={
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": f"ws://{csms.address}",
            "messageTimeout": 30,
            "securityProfile": 1,
            "ocppInterface": "Wired0",
        },
    )


def set_variable_monitoring(csms: Csms, station: Station) -> call.SetVariableMonitoring:
    return call.SetVariableMonitoring(
        set_monitoring_data=[
            {
                "value": 1.0,
                "type": "Delta",
                "severity": 5,
                "component": {"name": "EVSE", "evse": {"id": _connector(station)[0]}},
                "variable": {"name": "AvailabilityState"},
            }
        ]
    )


def unpublish_firmware(csms: Csms, station: Station) -> call.UnpublishFirmware:
    return call.UnpublishFirmware(checksum=FIRMWARE_MD5)


def update_firmware(csms: Csms, station: Station) -> call.UpdateFirmware:
    return call.UpdateFirmware(
        request_id=next(csms.ids),
        firmware={"location": _firmware(csms), "retrieveDateTime": csms.now()},
    )


def _variable_data(variable: Variable) -> JsonObject:
    return {"component": {"name": variable.component}, "variable": {"name": variable.name}}


def _iso14443(token: str) -> JsonObject:
    return {"idToken": token, "type": "ISO14443"}


def _running_transaction(station: Station) -> Transaction:
    if transaction := next(station.running_transactions, None):
        return transaction
    raise NothingToDo("no transaction is running")


def _connector(station: Station) -> Connector:
    """Return the lowest known connector, or EVSE 1 connector 1, which every station has."""
    return min(station.connectors, default=(1, 1))


def _free_evse(station: Station) -> int:
    """Return the lowest EVSE with an Available connector, or the lowest known EVSE."""
    free = (connector for connector, status in station.connectors.items() if status == "Available")
    return min(free, default=_connector(station))[0]


def _last_id_token(station: Station) -> JsonObject:
    """IdToken of the station's last transaction that has one, else ``ID_TOKEN``."""
    id_tokens = (transaction.id_token for transaction in reversed(station.transactions.values()))
    return next(filter(None, id_tokens), ID_TOKEN)


def _firmware(csms: Csms) -> str:
    return f"{csms.files_url}/{FIRMWARE_NAME}"


COMMANDS: Final[Mapping[str, CommandBuilder]] = {
    Action.clear_cache: clear_cache,
    Action.get_base_report: get_base_report,
    Action.get_variables: get_variables,
    Action.set_variables: set_variables,
    Action.request_start_transaction: request_start_transaction,
    Action.request_stop_transaction: request_stop_transaction,
    Action.reset: reset,
    Action.unlock_connector: unlock_connector,
    Action.change_availability: change_availability,
    Action.trigger_message: trigger_message,
    Action.data_transfer: data_transfer,
    Action.cancel_reservation: cancel_reservation,
    Action.certificate_signed: certificate_signed,
    Action.clear_charging_profile: clear_charging_profile,
    Action.clear_display_message: clear_display_message,
    Action.clear_variable_monitoring: clear_variable_monitoring,
    Action.cost_updated: cost_updated,
    Action.customer_information: customer_information,
    Action.delete_certificate: delete_certificate,
    Action.get_charging_profiles: get_charging_profiles,
    Action.get_composite_schedule: get_composite_schedule,
    Action.get_display_messages: get_display_messages,
    Action.get_installed_certificate_ids: get_installed_certificate_ids,
    Action.get_local_list_version: get_local_list_version,
    Action.get_log: get_log,
    Action.get_monitoring_report: get_monitoring_report,
    Action.get_report: get_report,
    Action.get_transaction_status: get_transaction_status,
    Action.install_certificate: install_certificate,
    Action.publish_firmware: publish_firmware,
    Action.reserve_now: reserve_now,
    Action.send_local_list: send_local_list,
    Action.set_charging_profile: set_charging_profile,
    Action.set_display_message: set_display_message,
    Action.set_monitoring_base: set_monitoring_base,
    Action.set_monitoring_level: set_monitoring_level,
    Action.set_network_profile: set_network_profile,
    Action.set_variable_monitoring: set_variable_monitoring,
    Action.unpublish_firmware: unpublish_firmware,
    Action.update_firmware: update_firmware,
}
"""Builder of each of the 40 commands, the eleven most used first."""


def split(command: str, payload: JsonObject, csms: Csms, session: Session) -> list[JsonObject]:
    """Split a payload whose list is longer than the station accepts (B05, B06, errata 5.1.1).

    The limit is the one in the station's profile, or else the one the station has reported. Each part of a
    GetReport has its own requestId.
    """
    limit = session.version.list_limits.get(command)
    if limit is None:
        return [payload]
    items, max_items = payload.get(limit.property, []), _items_per_message(limit, session)
    if max_items is None or len(items) <= max_items:
        return [payload]
    parts = [{**payload, limit.property: list(part)} for part in batched(items, max_items)]
    if "requestId" in payload:
        parts[1:] = [{**part, "requestId": next(csms.ids)} for part in parts[1:]]
    return parts


def _items_per_message(limit: ListLimit, session: Session) -> int | None:
    configured: int | None = getattr(session.profile, limit.setting)
    if configured:
        return configured
    reported = session.station.device_model.get(limit.variable, {})
    value = str(reported.get("attributes", {}).get("Actual"))
    return int(value) if value.isdecimal() and int(value) > 0 else None


async def send(command: str, csms: Csms, session: Session) -> None:
    """Send one command and log its outcome; raises Disconnected.

    If one message of a split command fails, the remaining ones are still sent.
    """
    station = session.station
    try:
        payload = csms.served(session).build(command, csms, station)
    except NothingToDo as reason:
        logger.info("%s  %s skipped: %s", station.id, command, reason)
        return
    for part in split(command, payload, csms, session):
        await _send_one(command, part, session)


async def _send_one(command: str, payload: JsonObject, session: Session) -> None:
    try:
        await session.call(command, payload)
    except Disconnected:
        raise
    except (CallErrorReceived, InvalidAnswer):
        return  # the session has logged the answer
    except CallFailed as failure:
        logger.warning("%s  %s failed: %s", session.station.id, command, failure)


def start(csms: Csms, session: Session) -> None:
    """Start a task that sends the commands of the station's profile while the station is connected."""
    profile = session.profile
    is_selected = fnmatchcase(session.station.id, csms.settings.station)
    if is_selected and (profile.command or profile.commands):
        session.connection.spawn(run_plan(csms, session))


async def run_plan(csms: Csms, session: Session) -> None:
    """Send the command or commands of the station's profile until the connection ends.

    A single command is sent once per station, and a sequence continues where a lost connection interrupted
    it, unless the profile repeats them on every connection or after every boot. A periodic command resumes
    after every reconnect.
    """
    profile, station = session.profile, session.station
    if profile.repeat != "once":
        station.steps_done = 0
    due = await _wait_for_start(session)
    while await _until_next_boot(_run_steps(due, csms, session), session):
        station.steps_done = 0
        due = _now()


async def _until_next_boot(plan: Coroutine[Any, Any, None], session: Session) -> bool:
    """Run a plan; if it repeats after every boot, cancel it at the next boot and return True."""
    if session.profile.repeat != "boot":
        await plan
        return False
    booted = asyncio.Event()
    session.on_registered = booted.set
    task = asyncio.ensure_future(plan)
    try:
        await booted.wait()
    finally:
        task.cancel()
    return True


async def _run_steps(due: float, csms: Csms, session: Session) -> None:
    """Send the remaining steps, then the periodic command."""
    profile, station = session.profile, session.station
    with suppress(Disconnected):
        for step in profile.steps[station.steps_done :]:
            await _wait_until(due + step.after, session)
            station.steps_done += 1
            await send(step.command, csms, session)
            due = _now()
        if profile.command and profile.period:
            await _repeat(profile.command, profile.period, due, csms, session)


async def _wait_for_start(session: Session) -> float:
    """Wait for a boot, at most for the boot timeout; return the loop time from which delays count."""
    connected_at, profile = _now(), session.profile
    may_boot = profile.repeat == "boot" or session.station.registration is None
    if profile.start == "boot" and may_boot and not session.is_registered:
        with suppress(TimeoutError):
            async with asyncio.timeout(_boot_timeout_s(profile)):
                await session.wait_registered()
                return _now()
    return connected_at


def _boot_timeout_s(profile: Profile) -> float | None:
    """Seconds to wait for a boot before sending commands without one; None waits without limit."""
    if profile.repeat == "boot":
        return None
    if profile.steps or profile.period is None:
        return max(MIN_BOOT_TIMEOUT_S, profile.steps[0].after)
    return profile.period


async def _wait_until(due: float, session: Session) -> None:
    """Wait for a loop time, and for another boot if the last one was Rejected."""
    await asyncio.sleep(due - _now())
    if session.station.registration == "Rejected":
        await session.wait_registered()


async def _repeat(command: str, period: float, due: float, csms: Csms, session: Session) -> None:
    """Send a command every ``period`` seconds after ``due``; periods spent awaiting an answer are skipped."""
    while True:
        due += period * max(1, math.ceil((_now() - due) / period))
        await _wait_until(due, session)
        await send(command, csms, session)


def _now() -> float:
    return asyncio.get_running_loop().time()
