"""What a central system does by itself: the commands that follow from what a station says."""

from collections.abc import Iterator
from typing import Any, Final

from ocpp.v201.enums import Action

from mock_csms.csms import Csms
from mock_csms.messages import Command, JsonObject
from mock_csms.settings import Profile
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import Transaction

USUAL: Final = {"A": 16.0, "W": 11_000.0}


def after_boot(profile: Profile) -> Iterator[Command]:
    """What a station is told when its boot was Accepted."""
    if profile.master_pass_group is not None:
        yield Command(Action.set_variables, {"setVariableData": [_master_pass(profile.master_pass_group)]})


def _master_pass(group: str) -> JsonObject:
    return {
        "component": {"name": "AuthCtrlr"},
        "variable": {"name": "MasterPassGroupId"},
        "attributeValue": group,
    }


def after_csr(csms: Csms, station: Station, request: JsonObject) -> Iterator[Command]:
    """Send the certificate that was asked for, with the type it was asked for (A02, A03)."""
    payload = {"certificateChain": csms.chain_for(station)}
    if "certificateType" in request:
        payload["certificateType"] = request["certificateType"]
    yield Command(Action.certificate_signed, payload)


def after_reconnect(profile: Profile, station: Station) -> Iterator[Command]:
    """Ask for the status of each transaction that was left open (E14)."""
    if profile.check_transactions:
        for transaction in list(station.running_transactions):
            yield Command(Action.get_transaction_status, {"transactionId": transaction.id})


def after_event(profile: Profile, event: Any, answer: JsonObject) -> Iterator[Command]:
    """Stop a transaction that started with an idToken that is not Accepted, where the profile says so.

    The content of the TransactionEvent is looked at by attribute.
    """
    status = answer.get("idTokenInfo", {}).get("status", "Accepted")
    if profile.after_invalid_id == "stop" and status != "Accepted" and event.eventType != "Ended":
        yield Command(Action.request_stop_transaction, {"transactionId": event.transactionInfo.transactionId})


def after_needs(csms: Csms, station: Station, notice: JsonObject) -> Iterator[Command]:
    """Set a charging profile within an EV's needs, and within the limit that the profile gives (K15, K17).

    It is a TxProfile of the transaction on that EVSE, which takes the place of the one of an earlier
    negotiation; where no transaction is known it is the EVSE's TxDefaultProfile.
    """
    evse_id = notice["evseId"]
    transaction = station.transaction_on(evse_id)
    profile_id, schedule_id = _ids(csms, station, evse_id, transaction)
    limit, unit = limit_of(station, notice, csms.profile(station.id).charging_limit)
    profile: JsonObject = {
        "id": profile_id,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile" if transaction else "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": schedule_id,
                "startSchedule": csms.now(csms.profile(station.id).clock_skew),
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
            }
        ],
    }
    if transaction:
        profile["transactionId"] = transaction.id
    yield Command(Action.set_charging_profile, {"evseId": evse_id, "chargingProfile": profile})


def _ids(csms: Csms, station: Station, evse_id: int, transaction: Transaction | None) -> tuple[int, int]:
    """The ids of a charging profile and its schedule: those of the one it takes the place of (K01.FR.39)."""
    if reported := _reported(station, transaction):
        return reported
    place = evse_id, transaction.id if transaction else None
    if place not in station.negotiated:
        station.negotiated[place] = next(csms.ids), next(csms.ids)
    return station.negotiated[place]


def _reported(station: Station, transaction: Transaction | None) -> tuple[int, int] | None:
    for known in station.charging_profiles.values():
        profile = known["chargingProfile"]
        if transaction and profile.get("transactionId") == transaction.id:
            return profile["id"], profile["chargingSchedule"][0]["id"]
    return None


def limit_of(station: Station, notice: JsonObject, most: float | None) -> tuple[float, str]:
    """The most that an EV's needs, the station's own limits and ``most`` leave, and its unit.

    It is in A for AC and in W for DC; where nobody names a limit it is USUAL.
    """
    needs = notice["chargingNeeds"]
    if needs["requestedEnergyTransfer"] == "DC":
        dc = needs.get("dcChargingParameters")
        ev = [dc["evMaxCurrent"] * dc["evMaxVoltage"], dc.get("evMaxPower")] if dc else []
        unit = "W"
    else:
        ev, unit = [needs.get("acChargingParameters", {}).get("evMaxCurrent")], "A"
    limits = [
        limit for limit in (*ev, most, *_own_limits(station, notice["evseId"], unit)) if limit is not None
    ]
    return float(min(limits, default=USUAL[unit])), unit


def _own_limits(station: Station, evse_id: int, unit: str) -> Iterator[float]:
    """The limits that the station has told of by NotifyChargingLimit, for this EVSE or all of it (K12)."""
    for limit in station.charging_limits.values():
        if limit.get("evseId", evse_id) not in {0, evse_id}:
            continue
        for schedule in limit.get("chargingSchedule", []):
            if schedule["chargingRateUnit"] == unit:
                yield min(period["limit"] for period in schedule["chargingSchedulePeriod"])
