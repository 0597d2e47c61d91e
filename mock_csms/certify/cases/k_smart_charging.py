"""Cases of block K about setting charging profiles."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.k_steps import (
    FIRST_PROFILE,
    asks_for_profiles,
    has_reported,
    limit_unit,
    reported_profiles,
    sets_profile,
    unsupported_unit,
)
from mock_csms.certify.charging import STATION_MAX, TX_DEFAULT, TX_ONLY, LimitUnit, charging_profile
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verdicts import Skipped

CASES: Final = CaseList()

EXTERNAL_PURPOSE: Final = "ChargingStationExternalConstraints"
EXTERNAL_LIMIT_A: Final = 10.0
UNKNOWN_TRANSACTION: Final = "no-such-transaction"


@CASES.family(
    {
        ("TC_K_01_CS", "Accept a TxDefaultProfile for an EVSE, and report it"): (TX_DEFAULT, True),
        ("TC_K_03_CS", "Accept a ChargingStationMaxProfile, and report it"): (STATION_MAX, False),
        ("TC_K_10_CS", "Accept a TxDefaultProfile for all EVSEs, and report it"): (TX_DEFAULT, False),
    }
)
async def profile_set(run: CaseRun, purpose: str, is_for_evse: bool) -> None:
    evse = run.evse if is_for_evse else 0
    profile = charging_profile(FIRST_PROFILE, purpose, (await limit_unit(run)).schedule())
    await run.state.charging_profile(evse, profile)
    await asks_for_profiles(run, chargingProfileId=[FIRST_PROFILE])
    await has_reported(run, (evse, profile))


@CASES.case("TC_K_04_CS", "Replace a charging profile with the next one of the same id")
async def profile_replaced(run: CaseRun) -> None:
    unit = await limit_unit(run)
    await run.given.charging_profile(
        run.evse, charging_profile(FIRST_PROFILE, TX_DEFAULT, unit.schedule({0: 6}))
    )
    profile = charging_profile(FIRST_PROFILE, TX_DEFAULT, unit.schedule({0: 10}))
    await sets_profile(run, run.evse, profile, "Accepted")
    await asks_for_profiles(run, chargingProfileId=[FIRST_PROFILE])
    await has_reported(run, (run.evse, profile))


@CASES.case("TC_K_13_CS", "Keep a charging profile over a restart")
async def profile_kept(run: CaseRun) -> None:
    profile = charging_profile(FIRST_PROFILE, TX_DEFAULT, (await limit_unit(run)).schedule())
    await run.state.charging_profile(run.evse, profile)
    await run.state.booted()
    await asks_for_profiles(run, chargingProfileId=[FIRST_PROFILE])
    await has_reported(run, (run.evse, profile))


@CASES.family(
    {
        ("TC_K_02_CS", "Reject a TxProfile without a running transaction"): ("EVSE", False),
        ("TC_K_11_CS", "Reject a TxProfile for the whole station"): ("station", False),
        ("TC_K_16_CS", "Reject a TxProfile for an unknown transaction while another one is running"): (
            "EVSE",
            True,
        ),
    }
)
async def profile_of_unknown_transaction(run: CaseRun, place: str, is_charging: bool) -> None:
    unit = await limit_unit(run)
    if is_charging:
        await run.given.energy_transfer_started()
    profile = charging_profile(FIRST_PROFILE, TX_ONLY, unit.schedule(), transactionId=UNKNOWN_TRANSACTION)
    await sets_profile(run, run.evse if place == "EVSE" else 0, profile, "Rejected")


@CASES.case("TC_K_12_CS", "Reject a charging profile in an unsupported unit")
async def profile_in_unsupported_unit(run: CaseRun) -> None:
    profile = charging_profile(FIRST_PROFILE, TX_DEFAULT, (await unsupported_unit(run)).schedule())
    await sets_profile(run, run.evse, profile, "Rejected")


@CASES.case("TC_K_14_CS", "Reject a charging profile for an unknown EVSE")
async def profile_for_unknown_evse(run: CaseRun) -> None:
    profile = charging_profile(FIRST_PROFILE, TX_DEFAULT, (await limit_unit(run)).schedule())
    await sets_profile(run, max(run.file.station.evses) + 1, profile, "Rejected")


@CASES.case("TC_K_15_CS", "Answer NotSupported to a charging profile if there is no smart charging")
async def profile_without_smart_charging(run: CaseRun) -> None:
    if await run.variable("SmartChargingCtrlr", "Enabled") == "true":
        raise Skipped("SmartChargingCtrlr.Enabled is true")
    profile = charging_profile(FIRST_PROFILE, TX_DEFAULT, LimitUnit().schedule())
    answer = await run.csms.tries("SetChargingProfile", evseId=run.evse, chargingProfile=profile)
    run.check(answer.error_code == "NotSupported", "the answer is a CALLERROR NotSupported", answer.entry)


@CASES.case("TC_K_19_CS", "Accept a Recurring charging profile")
async def recurring_profile(run: CaseRun) -> None:
    unit = await limit_unit(run)
    profile = charging_profile(
        FIRST_PROFILE, TX_DEFAULT, unit.schedule(), chargingProfileKind="Recurring", recurrencyKind="Daily"
    )
    await run.state.charging_profile(run.evse, profile)


@CASES.case("TC_K_60_CS", "Accept a TxProfile for the running transaction, and report it")
async def profile_of_running_transaction(run: CaseRun) -> None:
    unit = await limit_unit(run)
    await run.given.energy_transfer_started()
    profile = charging_profile(FIRST_PROFILE, TX_ONLY, unit.relative(), transactionId=run.transaction_id)
    await run.state.charging_profile(run.evse, profile)
    await asks_for_profiles(run, chargingProfileId=[FIRST_PROFILE])
    await has_reported(run, (run.evse, profile))


@CASES.case("TC_K_37_CS", "Charge with the TxProfile of a remote start, and report it")
async def remote_start_with_profile(run: CaseRun) -> None:
    profile = charging_profile(FIRST_PROFILE, TX_ONLY, (await limit_unit(run)).relative())
    await run.given.ev_connected()
    await run.state.authorized(by="remote", profile=profile)
    await run.state.energy_transfer_started()
    await asks_for_profiles(run, chargingProfileId=[FIRST_PROFILE])
    await has_reported(run, (run.evse, profile))


@CASES.case("TC_K_38_CS", "Ignore the TxProfile of a remote start if there is no smart charging")
async def remote_start_without_smart_charging(run: CaseRun) -> None:
    profile = charging_profile(FIRST_PROFILE, TX_ONLY, LimitUnit().relative())
    await run.given.ev_connected()
    await run.state.authorized(by="remote", profile=profile)
    await run.state.energy_transfer_started()


@CASES.case("TC_K_52_CS", "Report an external limit as a charging profile")
async def external_limit_reported(run: CaseRun) -> None:
    await run.rig.limits_the_site(EXTERNAL_LIMIT_A)
    run.undo_with("the external limit", lambda: run.rig.limits_the_site(None))
    await asks_for_profiles(run, chargingProfilePurpose=EXTERNAL_PURPOSE)
    profiles = (await reported_profiles(run)).values()
    are_external = all(profile["chargingProfilePurpose"] == EXTERNAL_PURPOSE for _, profile in profiles)
    run.check(bool(profiles) and are_external, f"only profiles of purpose {EXTERNAL_PURPOSE} are reported")
