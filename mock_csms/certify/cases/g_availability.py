"""Cases of block G, availability."""

from typing import Final, Literal

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.certify.states import at_place

CASES: Final = CaseList()

LOCK_PROBLEM: Final = {
    "trigger": "Delta",
    "actualValue": "true",
    "component": {"name": "ConnectorPlugRetentionLock"},
    "variable": {"name": "Problem"},
}

type Scope = Literal["station", "EVSE", "connector"]


def place(run: CaseRun, scope: Scope) -> tuple[int | None, int | None]:
    """Return the EVSE and the connector that a ChangeAvailability of this scope names."""
    evse = None if scope == "station" else run.evse
    return evse, run.file.connector if scope == "connector" else None


@CASES.case("TC_G_01_CS", "A connector is reported Occupied when a vehicle is plugged in")
async def plugged_in(run: CaseRun) -> None:
    await run.state.ev_connected()


@CASES.case("TC_G_02_CS", "A connector is reported Available when the vehicle is unplugged")
async def unplugged(run: CaseRun) -> None:
    await run.given.ev_connected()
    await run.rig.unplugs()
    await run.station.reports("Available")


@CASES.family(
    {
        ("TC_G_03_CS", "An EVSE made inoperative reports its connectors Unavailable"): ("EVSE",),
        ("TC_G_05_CS", "A station made inoperative reports all connectors Unavailable"): ("station",),
        ("TC_G_07_CS", "A connector made inoperative is reported Unavailable"): ("connector",),
    }
)
async def becomes_unavailable(run: CaseRun, scope: Scope) -> None:
    await run.state.unavailable(*place(run, scope))


@CASES.family(
    {
        ("TC_G_04_CS", "An EVSE made operative again reports its connectors Available"): ("EVSE",),
        ("TC_G_06_CS", "A station made operative again reports all connectors Available"): ("station",),
        ("TC_G_08_CS", "A connector made operative again is reported Available"): ("connector",),
    }
)
async def becomes_available(run: CaseRun, scope: Scope) -> None:
    there = place(run, scope)
    await run.given.unavailable(*there)
    await run.csms.sends(
        "ChangeAvailability", operationalStatus="Operative", **at_place(*there), expect="Accepted"
    )
    await run.station.reports("Available", *run.file.connectors_at(*there))


@CASES.family(
    {
        ("TC_G_09_CS", "An operative EVSE accepts to become operative"): ("EVSE",),
        ("TC_G_12_CS", "An operative station accepts to become operative"): ("station",),
        ("TC_G_15_CS", "An operative connector accepts to become operative"): ("connector",),
    }
)
async def stays_operative(run: CaseRun, scope: Scope) -> None:
    at = at_place(*place(run, scope))
    await run.csms.sends("ChangeAvailability", operationalStatus="Operative", **at, expect="Accepted")
    await run.station.never_reports({"Occupied", "Unavailable", "Faulted", "Reserved"})


@CASES.family(
    {
        ("TC_G_10_CS", "An inoperative EVSE accepts to become inoperative"): ("EVSE",),
        ("TC_G_13_CS", "An inoperative station accepts to become inoperative"): ("station",),
        ("TC_G_16_CS", "An inoperative connector accepts to become inoperative"): ("connector",),
    }
)
async def stays_inoperative(run: CaseRun, scope: Scope) -> None:
    there = place(run, scope)
    await run.given.unavailable(*there)
    at = at_place(*there)
    await run.csms.sends("ChangeAvailability", operationalStatus="Inoperative", **at, expect="Accepted")
    await run.station.never_reports(
        {"Available", "Occupied", "Faulted", "Reserved"}, *run.file.connectors_at(*there)
    )


@CASES.family(
    {
        ("TC_G_11_CS", "An EVSE becomes Unavailable once its transaction has ended"): ("EVSE",),
        ("TC_G_17_CS", "A connector becomes Unavailable once its transaction has ended"): ("connector",),
    }
)
async def becomes_unavailable_after_the_transaction(run: CaseRun, scope: Scope) -> None:
    there = place(run, scope)
    await run.given.energy_transfer_started()
    await run.state.inoperative(*there, expect="Scheduled")
    await run.state.transaction_ended(unplugged=None)
    await run.station.at_last_reports("Unavailable", *run.file.connectors_at(*there))


@CASES.case(
    "TC_G_14_CS", "A station made inoperative closes idle EVSEs at once, the others after their transactions"
)
async def station_becomes_unavailable_in_a_transaction(run: CaseRun) -> None:
    busy = run.file.connectors_at(run.evse)
    idle = [each for each in run.file.connectors if each not in busy]
    await run.given.energy_transfer_started()
    await run.state.inoperative(expect="Scheduled")
    await run.station.at_last_reports("Unavailable", *idle)
    await run.state.transaction_ended(unplugged=None)
    await run.station.at_last_reports("Unavailable", *busy)


@CASES.family(
    {
        ("TC_G_18_CS", "An EVSE made inoperative is still Unavailable after a restart"): ("EVSE",),
        ("TC_G_19_CS", "A connector made inoperative is still Unavailable after a restart"): ("connector",),
        ("TC_G_21_CS", "A station made inoperative is still Unavailable after a restart"): ("station",),
    }
)
async def stays_unavailable_over_a_restart(run: CaseRun, scope: Scope) -> None:
    there = place(run, scope)
    await run.given.unavailable(*there)
    closed = dict.fromkeys(run.file.connectors_at(*there), "Unavailable")
    await run.state.booted(status=closed)


@CASES.case("TC_G_20_CS", "A plug that cannot be locked is reported, and no energy flows")
async def lock_fails(run: CaseRun) -> None:
    lock = {"connector": run.file.connector}
    run.undo_with("the lock", lambda: run.rig.does("free-lock", **lock))
    await run.rig.does("jam-lock", **lock)
    await run.given.ev_connected()
    await run.state.authorized()
    await run.station.at_last_sends("NotifyEvent", {"eventData": {0: LOCK_PROBLEM}})
    await run.station.is_silent("TransactionEvent", transactionInfo__chargingState="Charging")
    await run.station.has_not_sent("TransactionEvent", transactionInfo__chargingState="Charging")
