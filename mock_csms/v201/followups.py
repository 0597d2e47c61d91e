"""Automatic behaviour: the commands that follow from a station's messages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ocpp.v201.enums import Action

from mock_csms.csms import Csms
from mock_csms.log.output import logger
from mock_csms.messages import Command, JsonObject
from mock_csms.settings import Profile
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import Transaction, id_token_key
from mock_csms.v201.charging_profiles import (
    TX_DEFAULT_PROFILE,
    TX_PROFILE,
    USUAL_LIMITS,
    convert_limit,
    current_profiles,
    external_limits,
    rate_unit,
    rounded,
)
from mock_csms.v201.signing import certificate_signed_payload


def after_boot(profile: Profile) -> Iterator[Command]:
    """Set the MasterPassGroupId after an Accepted boot, if one is configured (C16)."""
    if profile.master_pass_group is not None:
        yield Command(Action.set_variables, {"setVariableData": [_master_pass(profile.master_pass_group)]})


def inventory(csms: Csms, station: Station) -> Iterator[Command]:
    """If configured, request a FullInventory from a station that has sent no NotifyReport yet, and from any
    station after a firmware update (B07.FR.14).
    """
    if not csms.profile(station.id).request_inventory:
        return
    is_new = not any(action == Action.notify_report for action, _ in station.reports)
    if is_new or (station.boot or {}).get("reason") == "FirmwareUpdate":
        yield Command(Action.get_base_report, {"requestId": next(csms.ids), "reportBase": "FullInventory"})


def _master_pass(group: str) -> JsonObject:
    return {
        "component": {"name": "AuthCtrlr"},
        "variable": {"name": "MasterPassGroupId"},
        "attributeValue": group,
    }


def after_csr(csms: Csms, station: Station, request: JsonObject) -> Iterator[Command]:
    """Send the requested certificate. It has the certificateType of the request, if there is one (A02,
    A03).
    """
    yield Command(Action.certificate_signed, certificate_signed_payload(csms, station, request))


def after_reconnect(profile: Profile, station: Station) -> Iterator[Command]:
    """Request the status of each transaction that has not ended, if configured (E14)."""
    if profile.check_transactions:
        for transaction in station.open_transactions:
            yield Command(Action.get_transaction_status, {"transactionId": transaction.id})


def after_end(profile: Profile, station: Station, transaction_id: str) -> Iterator[Command]:
    """Request the status of an ended transaction that lacks events, if configured (E14, TC_E_31_CSMS)."""
    transaction = station.transaction(transaction_id)
    if profile.check_transactions and transaction is not None and transaction.missing:
        yield Command(Action.get_transaction_status, {"transactionId": transaction_id})


def after_event(profile: Profile, transaction: Transaction, answer: JsonObject) -> Iterator[Command]:
    """Stop a running transaction whose idToken is not Accepted, if configured."""
    status = answer.get("idTokenInfo", {}).get("status", "Accepted")
    if profile.after_invalid_id == "stop" and status != "Accepted" and transaction.is_running:
        yield Command(Action.request_stop_transaction, {"transactionId": transaction.id})


def after_clearing(station: Station, request: JsonObject, answer: JsonObject) -> Iterator[Command]:
    """Remove a customer from the station's local list if the station clears the customer's data
    (N10.FR.02, D01.FR.17).
    """
    if answer["status"] != "Accepted" or not request["clear"] or "idToken" not in request:
        return
    if id_token := station.local_list.get(id_token_key(request["idToken"])):
        update = {
            "versionNumber": (station.local_list_version or 0) + 1,
            "updateType": "Differential",
            "localAuthorizationList": [{"idToken": id_token}],
        }
        yield Command(Action.send_local_list, update)


def after_needs(csms: Csms, station: Station, notification: JsonObject) -> Iterator[Command]:
    """Set a charging profile that fits an EV's needs and the configured charging limit (K15, K17).

    The profile is a TxProfile for the transaction on the EVSE, and replaces the profile of an earlier
    negotiation. If no transaction is known on the EVSE, the profile becomes due when the station reports a
    transaction there (K15.FR.07).
    """
    evse_id = notification["evseId"]
    transaction = station.transaction_on(evse_id)
    if transaction is None:
        station.due_profiles[evse_id] = None
        logger.info(
            "%s  SetChargingProfile waits for the transaction on EVSE %s (K15.FR.07)", station.id, evse_id
        )
        return
    profile_id, schedule_id = _ids(csms, station, evse_id, transaction)
    limit, unit = limit_of(station, notification, csms.profile(station.id).charging_limit)
    profile: JsonObject = {
        "id": profile_id,
        "stackLevel": 0,
        "chargingProfilePurpose": TX_PROFILE,
        "chargingProfileKind": "Absolute",
        "transactionId": transaction.id,
        "chargingSchedule": [
            {
                "id": schedule_id,
                "startSchedule": csms.now(csms.profile(station.id).clock_skew),
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
            }
        ],
    }
    yield Command(Action.set_charging_profile, {"evseId": evse_id, "chargingProfile": profile})


def after_late_transaction(csms: Csms, station: Station, transaction: Transaction) -> Iterator[Command]:
    """Set the charging profile that is due for the EVSE of a transaction, if any (K15.FR.05, K15.FR.07)."""
    evse_id = transaction.evse_id
    if evse_id in station.due_profiles:
        del station.due_profiles[evse_id]
        if needs := station.charging_needs.get(evse_id):
            yield from after_needs(csms, station, {"evseId": evse_id, "chargingNeeds": needs})


def profile_in_force(station: Station, evse_id: int, now: datetime) -> JsonObject | None:
    """Return the charging profile that limits the transaction on an EVSE: its TxProfile; without one, a
    TxDefaultProfile (K01); None if there is neither.
    """
    transaction = station.transaction_on(evse_id)
    profiles = [
        known["chargingProfile"]
        for known in current_profiles(station, now)
        if known["evseId"] in {0, evse_id}
    ]
    own = [profile for profile in profiles if _is_of(profile, transaction)]
    candidates = own or [
        profile for profile in profiles if profile["chargingProfilePurpose"] == TX_DEFAULT_PROFILE
    ]
    return max(candidates, key=lambda profile: int(profile["stackLevel"]), default=None)


def _is_of(profile: JsonObject, transaction: Transaction | None) -> bool:
    """Return whether a profile is the TxProfile of a transaction. None stands for any transaction."""
    if profile["chargingProfilePurpose"] != TX_PROFILE:
        return False
    return transaction is None or profile.get("transactionId") == transaction.id


def after_rejected_schedule(csms: Csms, station: Station, notification: JsonObject) -> Iterator[Command]:
    """After the mock has rejected an EV's charging schedule, send the charging profile in force again, as
    the TxProfile of the transaction (K16).

    Without a profile in force, only a rule can have rejected the schedule; then set a profile that fits the
    EV's last charging needs.
    """
    evse_id = notification["evseId"]
    transaction = station.transaction_on(evse_id)
    now = datetime.now(UTC) + timedelta(seconds=csms.profile(station.id).clock_skew)
    profile = profile_in_force(station, evse_id, now)
    if profile is None:
        unit = notification["chargingSchedule"]["chargingRateUnit"]
        usual = {"requestedEnergyTransfer": "DC" if unit == "W" else "AC_three_phase"}
        needs = station.charging_needs.get(evse_id, usual)
        yield from after_needs(csms, station, {"evseId": evse_id, "chargingNeeds": needs})
        return
    if transaction and profile["chargingProfilePurpose"] != TX_PROFILE:
        profile_id, _ = _ids(csms, station, evse_id, transaction)
        purpose = {"chargingProfilePurpose": TX_PROFILE, "transactionId": transaction.id}
        profile = {**profile, "id": profile_id, **purpose}
    yield Command(Action.set_charging_profile, {"evseId": evse_id, "chargingProfile": profile})


def _ids(csms: Csms, station: Station, evse_id: int, transaction: Transaction | None) -> tuple[int, int]:
    """Return the ids for a charging profile and its schedule: those of the profile that it replaces
    (K01.FR.39), or new ones.
    """
    if reported := _reported(station, transaction):
        return reported
    negotiation_key = evse_id, transaction.id if transaction else None
    if negotiation_key not in station.negotiated:
        station.negotiated[negotiation_key] = next(csms.ids), next(csms.ids)
    return station.negotiated[negotiation_key]


def _reported(station: Station, transaction: Transaction | None) -> tuple[int, int] | None:
    for known_profile in station.charging_profiles.values():
        profile = known_profile["chargingProfile"]
        if transaction and profile.get("transactionId") == transaction.id:
            return profile["id"], profile["chargingSchedule"][0]["id"]
    return None


def limit_of(station: Station, notification: JsonObject, limit_setting: float | None) -> tuple[float, str]:
    """Return the lowest limit and its unit, from the EV's limits, the station's limits and
    ``limit_setting``.

    The unit is A for AC and W for DC, unless the station takes only the other unit. Without any limit, the
    limit comes from USUAL_LIMITS.
    """
    needs = notification["chargingNeeds"]
    if needs["requestedEnergyTransfer"] == "DC":
        dc_parameters = needs.get("dcChargingParameters")
        ev_limits = (
            [dc_parameters["evMaxCurrent"] * dc_parameters["evMaxVoltage"], dc_parameters.get("evMaxPower")]
            if dc_parameters
            else []
        )
        unit = "W"
    else:
        ev_limits, unit = [needs.get("acChargingParameters", {}).get("evMaxCurrent")], "A"
    evse_id, phases = notification["evseId"], _phases(needs)
    limits = [
        limit
        for limit in (*ev_limits, limit_setting, *external_limits(station, evse_id, unit, phases))
        if limit is not None
    ]
    limit = min(limits, default=USUAL_LIMITS[unit])
    wanted = rate_unit(station.device_model, unit)
    return rounded(convert_limit(limit, unit, wanted, phases)), wanted


def _phases(needs: JsonObject) -> int | None:
    """Number of AC phases that an EV requests; None for DC."""
    return {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}.get(
        needs["requestedEnergyTransfer"]
    )
