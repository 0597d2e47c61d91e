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

type AvailabilityScope = Literal["station", "EVSE", "connector"]


def place(run: CaseRun, scope: AvailabilityScope) -> tuple[int | None, int | None]:
    """Return the EVSE and the connector that a ChangeAvailability of this scope names."""
    evse = None if scope == "station" else run.evse
    return evse, run.file.connector if scope == "connector" else None


@CASES.case("TC_G_01_CS", "Report a connector Occupied when a vehicle is plugged in")
async def plugged_in(run: CaseRun) -> None:
    await run.state.ev_connected()


@CASES.case("TC_G_02_CS", "Report a connector Available when the vehicle is unplugged")
async def unplugged(run: CaseRun) -> None:
    await run.given.ev_connected()
    await run.rig.unplugs()
    await run.station.reports("Available")


@CASES.family(
    {
        ("TC_G_03_CS", "Report the connectors of an EVSE Unavailable when it is made inoperative"): ("EVSE",),
        ("TC_G_05_CS", "Report all connectors Unavailable when the station is made inoperative"): (
            "station",
        ),
        ("TC_G_07_CS", "Report a connector Unavailable when it is made inoperative"): ("connector",),
    }
)
async def becomes_unavailable(run: CaseRun, scope: AvailabilityScope) -> None:
    await run.state.unavailable(*place(run, scope))


@CASES.family(
    {
        ("TC_G_04_CS", "Report the connectors of an EVSE Available when it is made operative again"): (
            "EVSE",
        ),
        ("TC_G_06_CS", "Report all connectors Available when the station is made operative again"): (
            "station",
        ),
        ("TC_G_08_CS", "Report a connector Available when it is made operative again"): ("connector",),
    }
)
async def becomes_available(run: CaseRun, scope: AvailabilityScope) -> None:
    there = place(run, scope)
    await run.given.unavailable(*there)
    await run.csms.sends(
        "ChangeAvailability", operationalStatus="Operative", **at_place(*there), expect="Accepted"
    )
    await run.station.reports("Available", *run.file.connectors_at(*there))


@CASES.family(
    {
        ("TC_G_09_CS", "Accept Operative for an EVSE that is operative"): ("EVSE",),
        ("TC_G_12_CS", "Accept Operative for a station that is operative"): ("station",),
        ("TC_G_15_CS", "Accept Operative for a connector that is operative"): ("connector",),
    }
)
async def stays_operative(run: CaseRun, scope: AvailabilityScope) -> None:
    at = at_place(*place(run, scope))
    await run.csms.sends("ChangeAvailability", operationalStatus="Operative", **at, expect="Accepted")
    await run.station.never_reports({"Occupied", "Unavailable", "Faulted", "Reserved"})


@CASES.family(
    {
        ("TC_G_10_CS", "Accept Inoperative for an EVSE that is inoperative"): ("EVSE",),
        ("TC_G_13_CS", "Accept Inoperative for a station that is inoperative"): ("station",),
        ("TC_G_16_CS", "Accept Inoperative for a connector that is inoperative"): ("connector",),
    }
)
async def stays_inoperative(run: CaseRun, scope: AvailabilityScope) -> None:
    there = place(run, scope)
    await run.given.unavailable(*there)
    at = at_place(*there)
    await run.csms.sends("ChangeAvailability", operationalStatus="Inoperative", **at, expect="Accepted")
    await run.station.never_reports(
        {"Available", "Occupied", "Faulted", "Reserved"}, *run.file.connectors_at(*there)
    )


@CASES.family(
    {
        ("TC_G_11_CS", "Make an EVSE unavailable once its transaction has ended"): ("EVSE",),
        ("TC_G_17_CS", "Make a connector unavailable once its transaction has ended"): ("connector",),
    }
)
async def becomes_unavailable_after_the_transaction(run: CaseRun, scope: AvailabilityScope) -> None:
    there = place(run, scope)
    await run.given.energy_transfer_started()
    await run.state.inoperative(*there, expect="Scheduled")
    await run.state.transaction_ended(unplugged=None)
    await run.station.at_last_reports("Unavailable", *run.file.connectors_at(*there))


@CASES.case("TC_G_14_CS", "Make idle EVSEs unavailable at once, and the others after their transactions")
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
        ("TC_G_18_CS", "Keep an EVSE unavailable over a restart"): ("EVSE",),
        ("TC_G_19_CS", "Keep a connector unavailable over a restart"): ("connector",),
        ("TC_G_21_CS", "Keep the station unavailable over a restart"): ("station",),
    }
)
async def stays_unavailable_over_a_restart(run: CaseRun, scope: AvailabilityScope) -> None:
    there = place(run, scope)
    await run.given.unavailable(*there)
    closed = dict.fromkeys(run.file.connectors_at(*there), "Unavailable")
    await run.state.booted(status=closed)


@CASES.case("TC_G_20_CS", "Report a plug that cannot be locked, and let no energy flow")
async def lock_fails(run: CaseRun) -> None:
    lock = {"connector": run.file.connector}
    run.undo_with("the lock", lambda: run.rig.does("free-lock", **lock))
    await run.rig.does("jam-lock", **lock)
    await run.given.ev_connected()
    await run.state.authorized()
    await run.station.at_last_sends("NotifyEvent", {"eventData": {0: LOCK_PROBLEM}})
    await run.station.is_silent("TransactionEvent", transactionInfo__chargingState="Charging")
    await run.station.has_not_sent("TransactionEvent", transactionInfo__chargingState="Charging")
