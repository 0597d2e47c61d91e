"""OCPP 2.0.1 commands: a builder for each, and the task that sends a station the commands of its settings."""

import asyncio
import math
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ocpp.v201 import call
from ocpp.v201.enums import Action

from mock_csms.csms import CommandBuilder, Csms
from mock_csms.errors import (
    CallErrorReceived,
    CallFailed,
    CallTimedOut,
    Disconnected,
    InvalidAnswer,
    NothingToDo,
)
from mock_csms.log.output import logger
from mock_csms.messages import UNREADABLE_PAYLOAD, JsonObject
from mock_csms.ocppj.session import Session
from mock_csms.settings import Profile, Variable
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import Transaction
from mock_csms.text import timestamp
from mock_csms.v201 import evses, id_tokens
from mock_csms.v201.charging_profiles import (
    EXTERNAL_CONSTRAINTS,
    TX_DEFAULT_PROFILE,
    Place,
    current_profiles,
    default_place,
    usual_limit,
)
from mock_csms.v201.features import missing_feature, reported, reported_list, reported_number
from mock_csms.v201.firmware import firmware_hash, firmware_url, signature_fields
from mock_csms.v201.installed_certificates import ROOT_OF_TYPE, hash_data_to_delete, type_of_certificate
from mock_csms.v201.list_parts import Size, split
from mock_csms.v201.own_mistakes import ONLY_ACCEPTED
from mock_csms.v201.signing import certificate_signed_payload
from mock_csms.v201.variables import last_of_each, may_know, variable_data
from mock_csms.v201.version import OCPP_2_0_1
from mock_csms.versions import CommandParts

if TYPE_CHECKING:
    from mock_csms.pki import Issued

MIN_BOOT_TIMEOUT_S: Final = 5.0
"""If no BootNotification arrives, the mock waits at least this many seconds before it sends commands that
are not periodic.
"""

DEFAULT_VARIABLES: Final = (
    Variable("OCPPCommCtrlr", "HeartbeatInterval"),
    Variable("SecurityCtrlr", "SecurityProfile"),
)
WHOLE_STATION: Final = 0
"""EVSE id that stands for the whole station in SetChargingProfile."""
SECURITY_PROFILES: Final = range(4)
MONITORED: Final = "AvailabilityState"
"""Variable that SetVariableMonitoring monitors: of an EVSE if possible, else of a connector, else of the
station.
"""
NOT_PUBLISHED: Final = frozenset({"DownloadFailed", "InvalidChecksum", "PublishFailed"})
GREETING: Final = "Hello from the mock server"
DISPLAY_FORMATS: Final = ("UTF8", "ASCII", "HTML")
DISPLAY_PRIORITIES: Final = ("NormalCycle", "InFront", "AlwaysFront")


def clear_cache(csms: Csms, station: Station) -> call.ClearCache:
    return call.ClearCache()


def get_base_report(csms: Csms, station: Station) -> call.GetBaseReport:
    return call.GetBaseReport(request_id=next(csms.ids), report_base="FullInventory")


def get_variables(csms: Csms, station: Station) -> call.GetVariables:
    """Ask for the variables of ``--get-variables``. Without the flag, ask for variables that most stations
    have.
    """
    variables = csms.profile(station.id).get_variables or may_know(station, DEFAULT_VARIABLES)
    return call.GetVariables(get_variable_data=[variable_data(variable) for variable in variables])


def set_variables(csms: Csms, station: Station) -> call.SetVariables:
    """Set the variables of ``--set-variables``. Without the flag, set HeartbeatInterval to
    ``--heartbeat-interval``.

    If a variable is listed more than once, only its last value is set (B05.FR.13).
    """
    profile = csms.profile(station.id)
    interval = Variable("OCPPCommCtrlr", "HeartbeatInterval", str(profile.heartbeat_interval))
    return call.SetVariables(
        set_variable_data=[
            {**variable_data(variable), "attributeValue": variable.value}
            for variable in last_of_each(profile.set_variables) or may_know(station, [interval])
        ]
    )


def request_start_transaction(csms: Csms, station: Station) -> call.RequestStartTransaction:
    """Start a transaction on an EVSE that may accept it, preferably a free one.

    The idToken is that of ``--id-token``, else an Accepted one.

    Raises NothingToDo if there is no such EVSE or token.
    """
    remote_start_id = next(csms.ids)
    try:
        id_token, evse_id = _token_and_evse(csms, station)
    except NothingToDo as reason:
        usual = call.RequestStartTransaction(
            remote_start_id=remote_start_id,
            id_token=id_tokens.USUAL_TOKEN,
            evse_id=evses.evse_ids(station)[0],
        )
        raise NothingToDo(str(reason), instead=usual) from None
    return call.RequestStartTransaction(remote_start_id=remote_start_id, id_token=id_token, evse_id=evse_id)


def request_stop_transaction(csms: Csms, station: Station) -> call.RequestStopTransaction:
    """Stop the newest running transaction; raises NothingToDo if none is running."""
    return call.RequestStopTransaction(transaction_id=_running_transaction(station).id)


def reset(csms: Csms, station: Station) -> call.Reset:
    return call.Reset(type=csms.profile(station.id).reset_type)


def unlock_connector(csms: Csms, station: Station) -> call.UnlockConnector:
    evse_id, connector_id = evses.connectors(station)[0]
    return call.UnlockConnector(evse_id=evse_id, connector_id=connector_id)


def change_availability(csms: Csms, station: Station) -> call.ChangeAvailability:
    return call.ChangeAvailability(operational_status=csms.profile(station.id).availability_status)


def trigger_message(csms: Csms, station: Station) -> call.TriggerMessage:
    """Request the message of ``--trigger-message``, by default a StatusNotification.

    A StatusNotification needs an evse with a connectorId (F06.FR.13).
    """
    requested = csms.profile(station.id).trigger_message or OCPP_2_0_1.default_trigger
    if requested != Action.status_notification:
        return call.TriggerMessage(requested_message=requested)
    evse_id, connector_id = evses.connectors(station)[0]
    return call.TriggerMessage(requested_message=requested, evse={"id": evse_id, "connectorId": connector_id})


def data_transfer(csms: Csms, station: Station) -> call.DataTransfer:
    return call.DataTransfer(vendor_id="org.example.mock", message_id="Hello", data="Hello, station")


def cancel_reservation(csms: Csms, station: Station) -> call.CancelReservation:
    """Cancel the reservation of ``--reservation-id``, else the newest known reservation."""
    configured = csms.profile(station.id).reservation_id
    station.reservations.drop_expired(datetime.now(UTC))
    return call.CancelReservation(reservation_id=configured or _newest(station.reservations, "reservation"))


def certificate_signed(csms: Csms, station: Station) -> call.CertificateSigned:
    """Certify the key of the station's last CSR; without a CSR from the station, certify a new key."""
    request = {"csr": station.csr, "certificateType": station.csr_type}
    payload = certificate_signed_payload(csms, station, request)
    return call.CertificateSigned(
        certificate_chain=payload["certificateChain"], certificate_type=payload.get("certificateType")
    )


def clear_charging_profile(csms: Csms, station: Station) -> call.ClearChargingProfile:
    """Clear the newest known profile that may be cleared (K10.FR.09), else all TxDefaultProfiles."""
    for entry in reversed(list(current_profiles(station, _now_at(csms, station)))):
        profile = entry["chargingProfile"]
        if profile.get("chargingProfilePurpose") != EXTERNAL_CONSTRAINTS:
            return call.ClearChargingProfile(charging_profile_id=profile["id"])
    return call.ClearChargingProfile(charging_profile_criteria={"chargingProfilePurpose": TX_DEFAULT_PROFILE})


def clear_display_message(csms: Csms, station: Station) -> call.ClearDisplayMessage:
    return call.ClearDisplayMessage(id=_newest(station.display_messages, "display message"))


def clear_variable_monitoring(csms: Csms, station: Station) -> call.ClearVariableMonitoring:
    return call.ClearVariableMonitoring(id=[_newest(station.monitors, "monitor")])


def cost_updated(csms: Csms, station: Station) -> call.CostUpdated:
    transaction = _running_transaction(station)
    return call.CostUpdated(
        total_cost=csms.profile(station.id).cost_of(transaction), transaction_id=transaction.id
    )


def customer_information(csms: Csms, station: Station) -> call.CustomerInformation:
    """Identify the customer by the last Accepted idToken alone; a second identifier is not allowed
    (N09.FR.09).
    """
    request = call.CustomerInformation(request_id=next(csms.ids), report=True, clear=False)
    if id_token := _last_id_token(csms, station):
        return replace(request, id_token=id_token)
    raise NothingToDo("no idToken is Accepted; name a customer with --payload", instead=request)


def delete_certificate(csms: Csms, station: Station) -> call.DeleteCertificate:
    """Delete the certificate of ``--delete-certificate``, by default the mock's own root.

    Raises NothingToDo if the station does not have that certificate, unless ``--hash-algorithm`` is set.
    """
    profile = csms.profile(station.id)
    certificate = _certificate(csms, profile.delete_certificate)
    hash_data = hash_data_to_delete(station, certificate, profile.hash_algorithm)
    return call.DeleteCertificate(certificate_hash_data=hash_data)


def get_charging_profiles(csms: Csms, station: Station) -> call.GetChargingProfiles:
    return call.GetChargingProfiles(
        request_id=next(csms.ids), charging_profile={"chargingProfilePurpose": TX_DEFAULT_PROFILE}
    )


def get_composite_schedule(csms: Csms, station: Station) -> call.GetCompositeSchedule:
    return call.GetCompositeSchedule(duration=3600, evse_id=evses.evse_ids(station)[0])


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
        log={"remoteLocation": f"{csms.files_url(station.id)}/uploads"},
    )


def get_monitoring_report(csms: Csms, station: Station) -> call.GetMonitoringReport:
    return call.GetMonitoringReport(request_id=next(csms.ids))


def get_report(csms: Csms, station: Station) -> call.GetReport:
    return call.GetReport(request_id=next(csms.ids), component_criteria=["Available"])


def get_transaction_status(csms: Csms, station: Station) -> call.GetTransactionStatus:
    transaction = next(station.running_transactions, None)
    return call.GetTransactionStatus(transaction_id=transaction.id if transaction else None)


def install_certificate(csms: Csms, station: Station) -> call.InstallCertificate:
    """Install the certificate of ``--install-certificate``, with the certificateType of ``--payload``.

    The default certificate is the mock's root for this certificateType, else its CSMS root. The default
    certificateType is the one that fits the certificate.
    """
    profile = csms.profile(station.id)
    payload = (profile.payload or {}) if profile.command == Action.install_certificate else {}
    kind = payload.get("certificateType")
    name = profile.install_certificate or ROOT_OF_TYPE.get(str(kind), "root")
    certificate = _certificate(csms, name)
    return call.InstallCertificate(
        certificate_type=kind or type_of_certificate(certificate, csms.authority),
        certificate=certificate.certificate_pem,
    )


def publish_firmware(csms: Csms, station: Station) -> call.PublishFirmware:
    """Publish the firmware of ``--firmware``; raises NothingToDo if the file does not exist."""
    checksum = firmware_hash(csms, station, "md5").hex()
    return call.PublishFirmware(
        location=firmware_url(csms, station), checksum=checksum, request_id=next(csms.ids)
    )


def reserve_now(csms: Csms, station: Station) -> call.ReserveNow:
    """Reserve the EVSE of ``--reserve-evse-id``, else the first free one, for 15 minutes."""
    profile = csms.profile(station.id)
    evse_id = profile.reserve_evse_id or evses.free_evse(station)
    reservation = call.ReserveNow(
        id=profile.reservation_id or _new_id(csms, station.reservations),
        expiry_date_time=timestamp(_now_at(csms, station) + timedelta(minutes=15)),
        id_token=id_tokens.USUAL_TOKEN,
        evse_id=evse_id,
    )
    if profile.reserve_id_token:
        id_token = profile.token_book.as_presented(profile.reserve_id_token)
    elif (found := next(id_tokens.accepted_tokens(csms, station, evse_id), None)) is not None:
        id_token = found
    else:
        reason = f"no idToken is Accepted on EVSE {evse_id}; name one with --reserve-id-token"
        raise NothingToDo(reason, instead=reservation)
    return replace(reservation, id_token=id_token)


def send_local_list(csms: Csms, station: Station) -> call.SendLocalList:
    """Send the tokens of ``--local-list-tokens``, else all tokens of the settings, each once (D01.FR.06)."""
    book, clock = csms.profile(station.id).token_book, partial(_now_at, csms, station)
    update = call.SendLocalList(version_number=(station.local_list_version or 0) + 1, update_type="Full")
    tokens = _tokens_in_list(csms, station)
    if not tokens:
        reason = "no idToken is Accepted; name one with --local-list-tokens"
        raise NothingToDo(reason, instead=update)
    entries = [{"idToken": id_token, "idTokenInfo": book.find(id_token).info(clock)} for id_token in tokens]
    return replace(update, local_authorization_list=entries)


def set_charging_profile(csms: Csms, station: Station) -> call.SetChargingProfile:
    """Limit the transactions of the station by a TxDefaultProfile that starts now and has no end.

    The unit and the limit are chosen from what the station has reported. A known TxDefaultProfile is
    replaced. Raises NothingToDo if a new profile would collide with another profile at every stackLevel.
    """
    now = _now_at(csms, station)
    try:
        place = default_place(station, WHOLE_STATION, now)
    except NothingToDo as reason:
        usual = _default_profile(csms, station, now, Place(0, None))
        raise NothingToDo(str(reason), instead=usual) from None
    return _default_profile(csms, station, now, place)


def _default_profile(csms: Csms, station: Station, now: datetime, place: Place) -> call.SetChargingProfile:
    profile_id, limit = place.replaced_id, usual_limit(station, WHOLE_STATION)
    if profile_id is None:
        profile_id = csms.profile_id(station, TX_DEFAULT_PROFILE, WHOLE_STATION, place.stack_level)
    return call.SetChargingProfile(
        evse_id=WHOLE_STATION,
        charging_profile={
            "id": profile_id,
            "stackLevel": place.stack_level,
            "chargingProfilePurpose": TX_DEFAULT_PROFILE,
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {
                    "id": next(csms.ids),
                    "startSchedule": timestamp(now),
                    "chargingRateUnit": limit.unit,
                    "chargingSchedulePeriod": [limit.period],
                }
            ],
        },
    )


def set_display_message(csms: Csms, station: Station) -> call.SetDisplayMessage:
    """Show a message in a format and with a priority that the station supports, according to its reports.

    Raises NothingToDo if the station supports none of the formats or priorities that the mock knows.
    """
    choices = {"SupportedFormats": DISPLAY_FORMATS, "SupportedPriorities": DISPLAY_PRIORITIES}
    chosen = {name: _first_supported(station, name, values) for name, values in choices.items()}
    text = {"format": chosen["SupportedFormats"] or "UTF8", "language": "en", "content": GREETING}
    request = call.SetDisplayMessage(
        message={
            "id": _new_id(csms, station.display_messages),
            "priority": chosen["SupportedPriorities"] or "NormalCycle",
            "message": text,
        }
    )
    for name, choice in chosen.items():
        if choice is None:
            variable = f"DisplayMessageCtrlr/{name}"
            reason = f"the station reports {variable} = {reported(station.device_model, variable)}"
            raise NothingToDo(reason, instead=request)
    return request


def set_monitoring_base(csms: Csms, station: Station) -> call.SetMonitoringBase:
    return call.SetMonitoringBase(monitoring_base="All")


def set_monitoring_level(csms: Csms, station: Station) -> call.SetMonitoringLevel:
    return call.SetMonitoringLevel(severity=9)


def set_network_profile(csms: Csms, station: Station) -> call.SetNetworkProfile:
    """Set a configuration slot to the URL of this server, without the station's identity (Part 2 2.35).

    A listener with the next higher security profile is preferred (A05). Raises NothingToDo if the station
    needs TLS and no listener accepts TLS: a lower security profile is not allowed (B09.FR.04, B09.FR.31).
    """
    lowest = _lowest_security_profile(csms, station)
    host, _ = csms.reached_address(station.id)
    destination = csms.listeners.destination(lowest, host)
    profile = call.SetNetworkProfile(
        configuration_slot=_free_slot(csms, station),
        connection_data={
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": destination.url if destination else csms.listeners.url_from(host),
            "messageTimeout": 30,
            "securityProfile": destination.security_profile if destination else 1,
            "ocppInterface": "Wired0",
        },
    )
    if destination is None:
        raise NothingToDo(f"the station uses security profile {lowest}, which needs TLS", instead=profile)
    return profile


def _free_slot(csms: Csms, station: Station) -> int:
    """Configuration slot that the station is not known to use; the slot in use stays as a fallback (B10)."""
    reported = reported_number(station.device_model, "OCPPCommCtrlr/ActiveNetworkProfile")
    in_use = csms.upgrades.slot_in_use(station.id) if reported is None else reported
    return 1 if in_use == 2 else 2


def _lowest_security_profile(csms: Csms, station: Station) -> int:
    """Lowest security profile that SetNetworkProfile may name for a station.

    It is the maximum of three: the profile that the station reports, that of its port, and that of its
    settings.
    """
    required = csms.profile(station.id).security_profile
    reported = reported_number(station.device_model, "SecurityCtrlr/SecurityProfile")
    session = csms.sessions.get(station.id)
    of_port = session.connection.port.security_profile if session else 0
    return max(required, of_port, reported if reported is not None and reported in SECURITY_PROFILES else 0)


def set_variable_monitoring(csms: Csms, station: Station) -> call.SetVariableMonitoring:
    """Monitor every change of an AvailabilityState that may be known to the station (N04.FR.17).

    If the station is known to have this monitor, the command replaces it and adds no other (N04.FR.10).
    """
    evse_id, connector_id = evses.connectors(station)[0]
    variable = may_know(
        station,
        [
            Variable("EVSE", MONITORED, evse_id=evse_id),
            Variable("Connector", MONITORED, evse_id=evse_id, connector_id=connector_id),
            Variable("ChargingStation", MONITORED),
        ],
    )[0]
    monitor = {"value": 1.0, "type": "Delta", "severity": 5, **variable_data(variable)}
    same = ("type", "severity", "component", "variable")
    for monitor_id, known in station.monitors.items():
        if all(known.get(field) == monitor[field] for field in same):
            monitor["id"] = monitor_id
    return call.SetVariableMonitoring(set_monitoring_data=[monitor])


def unpublish_firmware(csms: Csms, station: Station) -> call.UnpublishFirmware:
    """Unpublish the firmware of the mock.

    Raises NothingToDo if the station has reported that it could not publish the firmware.
    """
    if station.published_firmware_status in NOT_PUBLISHED:
        raise NothingToDo(f"the station reports {station.published_firmware_status}")
    return call.UnpublishFirmware(checksum=firmware_hash(csms, station, "md5").hex())


def update_firmware(csms: Csms, station: Station) -> call.UpdateFirmware:
    """Offer the firmware of ``--firmware``, signed as ``--firmware-signature`` says.

    Raises NothingToDo if a signature is needed and the file does not exist or cannot be hashed.
    """
    firmware = {
        "location": firmware_url(csms, station),
        "retrieveDateTime": timestamp(_now_at(csms, station)),
    }
    try:
        signature = signature_fields(csms, station)
    except NothingToDo as reason:
        usual = call.UpdateFirmware(request_id=next(csms.ids), firmware=firmware)
        raise NothingToDo(str(reason), instead=usual) from None
    return call.UpdateFirmware(request_id=next(csms.ids), firmware=firmware | signature)


def _running_transaction(station: Station) -> Transaction:
    if transaction := next(station.running_transactions, None):
        return transaction
    raise NothingToDo("no transaction is running")


def _token_and_evse(csms: Csms, station: Station) -> tuple[JsonObject, int]:
    """Return an idToken and an EVSE where it may start a transaction; raises NothingToDo."""
    profile = csms.profile(station.id)
    candidates = evses.evses_to_start_on(station)
    tokens: Iterable[JsonObject]
    for evse in candidates:
        if profile.id_token:
            tokens = [profile.token_book.as_presented(profile.id_token)]
        else:
            tokens = id_tokens.accepted_tokens(csms, station, evse.id)
        if id_token := next((token for token in tokens if evses.may_use(station, evse, token)), None):
            return id_token, evse.id
    names = ", ".join(str(evse.id) for evse in candidates[: evses.MAX_REASONS])
    raise NothingToDo(f"no idToken is Accepted on EVSE {names}; name one with --id-token")


def _tokens_in_list(csms: Csms, station: Station) -> list[JsonObject]:
    profile = csms.profile(station.id)
    names = id_tokens.unique(list(profile.local_list_tokens)) or id_tokens.names_in_settings(profile)
    if not names:
        return list(islice(id_tokens.accepted_tokens(csms, station), 1))
    return [profile.token_book.as_presented(name) for name in names]


def _last_id_token(csms: Csms, station: Station) -> JsonObject | None:
    """Return the newest Accepted idToken of the station's transactions, else another Accepted idToken."""
    book = csms.profile(station.id).token_book
    for transaction in reversed(station.transactions.values()):
        token = transaction.id_token
        if token and token["idToken"] and book.find(token).status == "Accepted":
            return token
    return next(id_tokens.accepted_tokens(csms, station), None)


def _newest(known: Mapping[int, Any], noun: str) -> int:
    """Return the id of the object that became known last; raises NothingToDo if no object is known."""
    if known:
        return next(reversed(list(known)))
    raise NothingToDo(f"no {noun} is known")


def _new_id(csms: Csms, known: Mapping[int, Any]) -> int:
    """Return an id not used yet in this run, nor by a known object (which may be from an earlier run)."""
    return next(number for number in csms.ids if number not in known)


def _first_supported(station: Station, variable: str, choices: tuple[str, ...]) -> str | None:
    """Return the first choice that the station supports, or None.

    If the station has not reported the variable, return the first choice.
    """
    supported = reported_list(station.device_model, f"DisplayMessageCtrlr/{variable}") or choices
    return next((choice for choice in choices if choice in supported), None)


def _now_at(csms: Csms, station: Station) -> datetime:
    """Return the current time as the station sees it (clock skew applied)."""
    return datetime.now(UTC) + timedelta(seconds=csms.profile(station.id).clock_skew)


def _certificate(csms: Csms, name: str) -> "Issued":
    """Return a certificate of the mock by name; raises NothingToDo for an unknown name."""
    try:
        return csms.authority.named(name)
    except ValueError as error:
        raise NothingToDo(str(error)) from None


def _if_allowed(command: str, builder: CommandBuilder) -> CommandBuilder:
    """Make a builder raise NothingToDo if its command must not be sent to the station."""

    def build(csms: Csms, station: Station) -> Any:
        reason = _why_not_allowed(command, station)
        if reason is None:
            return _build(builder, csms, station)
        try:
            usual = _build(builder, csms, station)
        except NothingToDo as other:
            usual = other.instead
        raise NothingToDo(reason, instead=usual)

    return build


def _why_not_allowed(command: str, station: Station) -> str | None:
    """Return why a command must not be sent to a station, or None: a Pending boot, or a missing feature."""
    if station.registration == "Pending" and command in ONLY_ACCEPTED:
        return "the boot of the station is Pending"
    if variable := missing_feature(command, station.device_model):
        return f"the station reports {variable} = {reported(station.device_model, variable)}"
    return None


def _build(builder: CommandBuilder, csms: Csms, station: Station) -> Any:
    """Call a builder; raises NothingToDo.

    An unreadable report of the station also raises NothingToDo, unless validation is strict.
    """
    try:
        return builder(csms, station)
    except UNREADABLE_PAYLOAD as error:
        if csms.profile(station.id).validation == "strict":
            raise
        raise NothingToDo(f"a report of the station has an invalid value: {error!r}") from None


BUILDERS: Final[Mapping[str, CommandBuilder]] = {
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

COMMANDS: Final[Mapping[str, CommandBuilder]] = {
    command: _if_allowed(command, builder) for command, builder in BUILDERS.items()
}
"""The builders, changed to raise NothingToDo if the command must not be sent (see `_why_not_allowed`)."""


def split_command(command: str, payload: JsonObject, csms: Csms, session: Session) -> CommandParts:
    """Split a payload into several if its list is longer than the station accepts.

    The maximum number of items is that of the settings, else the number that the station has reported.
    """
    limit = session.version.list_limits.get(command)
    if limit is None:
        return CommandParts([payload])
    model = session.station.device_model
    configured = getattr(session.profile, limit.setting) if limit.setting else None
    size = Size(
        configured or reported_number(model, limit.max_items) or None,
        reported_number(model, limit.max_bytes) or None,
    )
    payloads = split(command, payload, limit.property, size, csms.ids)
    if len(payloads) == 1:
        return CommandParts(payloads)
    maxima = [f"{size.items} items of {limit.property}"] if size.items else []
    maxima += [f"{size.bytes} bytes"] if size.bytes else []
    in_words = f"at most {' and '.join(maxima)} in a {command} ({limit.requirement})"
    return CommandParts(payloads, in_words, end_at_refusal=command == Action.send_local_list)


async def send(command: str, csms: Csms, session: Session) -> None:
    """Send one command and log its outcome; raises Disconnected.

    If one message of a split command fails, the remaining messages are still sent. A SendLocalList stops
    instead: its remaining messages would add to a list that the station does not have.
    """
    station = session.station
    try:
        payload = csms.served(session).build(command, csms, station)
    except NothingToDo as reason:
        logger.info("%s  %s skipped: %s", station.id, command, reason)
        return
    parts = split_command(command, payload, csms, session)
    count = len(parts.payloads)
    for number, part in enumerate(parts.payloads, 1):
        is_accepted = await _send_one(command, part, session)
        if not is_accepted and parts.end_at_refusal and number < count:
            logger.warning(
                "%s  %s stopped: message %d of %d was not accepted", station.id, command, number, count
            )
            return


async def _send_one(command: str, payload: JsonObject, session: Session) -> bool:
    """Send one message and return whether the station accepted it; raises Disconnected."""
    try:
        answer = await session.call(command, payload)
    except Disconnected:
        raise
    except (CallErrorReceived, CallTimedOut, InvalidAnswer):
        return False  # the session has logged the outcome
    except CallFailed as failure:
        logger.warning("%s  %s failed: %s", session.station.id, command, failure)
        return False
    return not session.version.is_refusal(answer)


def start(csms: Csms, session: Session) -> None:
    """If ``--station`` selects the station, start the task that sends it the commands of its settings."""
    profile = session.profile
    is_selected = fnmatchcase(session.station.id, csms.settings.station)
    if is_selected and (profile.command or profile.commands):
        session.connection.spawn(run_plan(csms, session))


async def run_plan(csms: Csms, session: Session) -> None:
    """Send a station the commands of its settings until the connection ends.

    By default, a single command is sent once per station, and a sequence continues where a lost connection
    interrupted it. With ``--repeat``, commands are sent on every connection or after every boot. A periodic
    command resumes after every reconnect.
    """
    profile, station = session.profile, session.station
    if profile.repeat != "once":
        station.steps_done = 0
    due = await _wait_for_start(session)
    while await _until_next_boot(_run_steps(due, csms, session), session):
        station.steps_done = 0
        due = _now()


async def _until_next_boot(plan: Coroutine[Any, Any, None], session: Session) -> bool:
    """Run a plan to its end and return False.

    With ``--repeat boot``, run it until the next boot, cancel it, and return True: it has to begin again.
    """
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
    """Send the commands of the steps not done yet, then repeat the periodic command, if there is one."""
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
    """Wait for a boot if the settings ask for it, at most for the boot timeout.

    Return the event loop's time from which the delays of the commands count.
    """
    connected_at, profile = _now(), session.profile
    may_boot = profile.repeat == "boot" or session.station.registration is None
    if profile.start == "boot" and may_boot and not session.is_registered:
        with suppress(TimeoutError):
            async with asyncio.timeout(_boot_timeout_s(profile)):
                await session.wait_registered()
                return _now()
    return connected_at


def _boot_timeout_s(profile: Profile) -> float | None:
    """Seconds to wait for a boot before the commands are sent without one; None for no limit."""
    if profile.repeat == "boot":
        return None
    if profile.steps or profile.period is None:
        return max(MIN_BOOT_TIMEOUT_S, profile.steps[0].after)
    return profile.period


async def _wait_until(due: float, session: Session) -> None:
    """Wait until ``due`` on the event loop's clock; after a Rejected boot, wait for another boot, too."""
    await asyncio.sleep(due - _now())
    if session.station.registration == "Rejected":
        await session.wait_registered()


async def _repeat(command: str, period: float, due: float, csms: Csms, session: Session) -> None:
    """Send a command every ``period`` seconds after ``due``.

    If an answer takes longer than a period, the missed periods are skipped.
    """
    while True:
        due += period * max(1, math.ceil((_now() - due) / period))
        await _wait_until(due, session)
        await send(command, csms, session)


def _now() -> float:
    return asyncio.get_running_loop().time()
