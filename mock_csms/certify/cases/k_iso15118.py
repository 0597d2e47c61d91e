"""Cases of block K about charging schedules for ISO 15118 vehicles."""

from datetime import timedelta
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.k_steps import FIRST_PROFILE, limit_unit, sets_profile
from mock_csms.certify.charging import (
    LIMIT_TOLERANCE,
    TX_DEFAULT,
    TX_ONLY,
    LimitUnit,
    charging_profile,
    now,
    time_text,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.session_events import not_periodic
from mock_csms.certify.verdicts import preparing
from mock_csms.client import TranscriptEntry

CASES: Final = CaseList()

NEEDS: Final = "NotifyEVChargingNeeds"
SCHEDULE: Final = "NotifyEVChargingSchedule"
CHARGES: Final = {"transactionInfo": {"chargingState": "Charging"}}
BACK_OFF_S: Final = 1


async def vehicle_connected(run: CaseRun, answer_to_needs: str, **vehicle: Any) -> None:
    """Plug in an ISO 15118 vehicle; the server answers NotifyEVChargingNeeds, and sends no profile.

    ``answer_to_needs`` is the status of the answer.
    """
    await run.csms.behaves(charging_profiles=False)
    await run.csms.answers(NEEDS, {"status": answer_to_needs})
    await run.given.ev_connected(iso15118="yes", **vehicle)


async def reports_needs(run: CaseRun) -> None:
    """Expect a NotifyEVChargingNeeds with the parameters for AC or for DC, whichever the vehicle requests."""
    needs = await run.station.sends(NEEDS, evseId=run.evse)
    is_dc = needs["chargingNeeds"]["requestedEnergyTransfer"] == "DC"
    wanted, unwanted = ("dc", "ac") if is_dc else ("ac", "dc")
    has_one = f"{wanted}ChargingParameters" in needs["chargingNeeds"]
    has_other = f"{unwanted}ChargingParameters" in needs["chargingNeeds"]
    run.check(has_one and not has_other, "the needs have the parameters for their energy transfer", needs)


async def gives_schedule(run: CaseRun, unit: LimitUnit, amperes: float) -> None:
    """Set a TxProfile with this limit for the running transaction."""
    schedule = unit.schedule({0: amperes}, duration=None)
    profile = charging_profile(FIRST_PROFILE, TX_ONLY, schedule, transactionId=run.transaction_id)
    await sets_profile(run, run.evse, profile, "Accepted")


def begins_within(run: CaseRun, entry: TranscriptEntry, unit: LimitUnit, amperes: float) -> None:
    """Check that the schedule of the vehicle is for the EVSE, and begins at 0 with at most this limit."""
    run.check(entry["evseId"] == run.evse, "the schedule is for the EVSE of the case", entry)
    first = entry["chargingSchedule"]["chargingSchedulePeriod"][0]
    run.check(first["startPeriod"] == 0, "the first period of the vehicle starts at 0", entry)
    own = LimitUnit(entry["chargingSchedule"]["chargingRateUnit"], unit.phases)
    is_low = first["limit"] <= own.limit(amperes) + LIMIT_TOLERANCE
    run.check(is_low, f"the schedule of the vehicle begins within {amperes:g} A", entry)


def is_within(run: CaseRun, entry: TranscriptEntry, unit: LimitUnit, amperes: float) -> None:
    """Check that the schedule of the vehicle never exceeds a limit."""
    begins_within(run, entry, unit, amperes)
    own = LimitUnit(entry["chargingSchedule"]["chargingRateUnit"], unit.phases)
    limits = [each["limit"] for each in entry["chargingSchedule"]["chargingSchedulePeriod"]]
    keeps = max(limits) <= own.limit(amperes) + LIMIT_TOLERANCE
    run.check(keeps, f"the schedule of the vehicle keeps within {amperes:g} A", entry)


async def optionally_follows(run: CaseRun, unit: LimitUnit, amperes: float) -> None:
    """Check the schedule of the vehicle and the next TransactionEvent, each only if the station sends it.

    The schedule must never exceed a limit; the triggerReason of the event must be ChargingRateChanged.
    """
    if entry := await run.station.optionally_sends(SCHEDULE, within=run.times.silence):
        is_within(run, entry, unit, amperes)
    event = await run.station.optionally_sends(
        "TransactionEvent", within=run.times.silence, triggerReason=not_periodic
    )
    if event is not None:
        is_rate = event["triggerReason"] == "ChargingRateChanged"
        run.check(is_rate, "the next event has triggerReason ChargingRateChanged", event)


async def gets_schedule(run: CaseRun, unit: LimitUnit, amperes: float) -> None:
    """Expect the needs of the vehicle, and set a schedule with this limit for them."""
    await reports_needs(run)
    await gives_schedule(run, unit, amperes)


async def charges_with_schedule(run: CaseRun, unit: LimitUnit, amperes: float) -> None:
    """Set a schedule for the needs of the vehicle, and charge."""
    await gets_schedule(run, unit, amperes)
    await run.state.energy_transfer_started()
    await optionally_follows(run, unit, amperes)


@CASES.case("TC_K_53_CS", "Report the needs of a vehicle, and charge within the schedule for them")
async def schedule_for_needs(run: CaseRun) -> None:
    unit = await limit_unit(run)
    await vehicle_connected(run, "Accepted")
    await run.state.authorized(by="local")
    await gets_schedule(run, unit, 6)
    is_within(run, await run.station.sends(SCHEDULE), unit, 6)
    await run.state.energy_transfer_started()


@CASES.case("TC_K_54_CS", "Charge a vehicle although the server has no schedule for its needs")
async def no_schedule_for_needs(run: CaseRun) -> None:
    await vehicle_connected(run, "Rejected")
    await run.state.authorized(by="local")
    await reports_needs(run)
    if entry := await run.station.optionally_sends(SCHEDULE, within=run.times.silence):
        run.check(entry["evseId"] == run.evse, "the schedule is for the EVSE of the case", entry)
    await run.state.energy_transfer_started()


@CASES.case("TC_K_56_CS", "Charge a vehicle offline within the TxDefaultProfile")
async def default_profile_offline(run: CaseRun) -> None:
    await has_default_profile_for_offline(run, await limit_unit(run))
    await vehicle_connected(run, "Rejected", ready="no")
    await run.given.authorized(by="local")
    await run.csms.goes_offline()
    await run.rig.resumes()
    await run.waits(run.times.transaction)
    await run.csms.comes_back(within=run.times.boot)
    fields = {"triggerReason": "ChargingStateChanged", "offline": True}
    await run.station.sends("TransactionEvent", fields, where=CHARGES)
    if entry := await run.station.optionally_sends(SCHEDULE, within=run.times.silence):
        begins_within(run, entry, await limit_unit(run), 8)


async def has_default_profile_for_offline(run: CaseRun, unit: LimitUnit) -> None:
    """Set a TxDefaultProfile, and a short time that the station waits before it connects again."""
    await run.given.variables(
        OCPPCommCtrlr__RetryBackOffWaitMinimum=BACK_OFF_S, OCPPCommCtrlr__RetryBackOffRandomRange=0
    )
    begin = now() - timedelta(seconds=run.times.deviation)
    end = now() + timedelta(seconds=run.times.deviation + 401)
    schedule = unit.schedule({0: 6}, start=begin, duration=400)
    valid = {"validFrom": time_text(begin), "validTo": time_text(end)}
    await run.given.charging_profile(run.evse, charging_profile(FIRST_PROFILE, TX_DEFAULT, schedule, **valid))


@CASES.case("TC_K_57_CS", "Report the new needs of a vehicle that renegotiates, and take another schedule")
async def renegotiation_by_vehicle(run: CaseRun) -> None:
    unit = await limit_unit(run)
    await vehicle_connected(run, "Accepted")
    await run.given.authorized(by="local")
    with preparing("TC_K_53_CS"):
        await charges_with_schedule(run, unit, 10)
    await run.rig.does("renegotiate")
    await gets_schedule(run, unit, 15)
    await optionally_follows(run, unit, 15)


@CASES.case("TC_K_58_CS", "Follow a schedule that the server changes while the vehicle charges")
async def renegotiation_by_server(run: CaseRun) -> None:
    unit = await limit_unit(run)
    await vehicle_connected(run, "Rejected")
    await run.given.authorized(by="local")
    await run.given.energy_transfer_started()
    await gives_schedule(run, unit, 8)
    await optionally_follows(run, unit, 8)
