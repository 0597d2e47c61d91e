"""Cases of block B about network connection profiles and reconnecting (B09, B10, OCPP-J 5.3)."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.certificate_steps import (
    CSMS_ROOTS,
    installed_certificates,
    installs_second_root,
    requires_security_profile,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.settling import settle
from mock_csms.certify.variable_steps import sets_variable
from mock_csms.certify.verbs.stage import variable_of
from mock_csms.client import TranscriptEntry

CASES: Final = CaseList()

NO_SLOT: Final = 999


async def url_of_server(run: CaseRun, path: str = "") -> str:
    """Return a placeholder for the URL of the port that the station uses, followed by a path."""
    state = await run.csms.handle.state()
    return f"{{{{listener.{state['listener']}}}}}{path}"


def connection_data(url: str, security_profile: str | None) -> dict[str, Any]:
    """Return the NetworkConnectionProfile for a URL."""
    return {
        "ocppCsmsUrl": url,
        "messageTimeout": 30,
        "ocppInterface": "Wired0",
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "securityProfile": int(security_profile or 0),
    }


def wait_minimum(run: CaseRun) -> int:
    """Return a RetryBackOffWaitMinimum that is longer than the accepted deviation of times."""
    return max(1, round(2.5 * run.times.deviation))


async def is_cut_off(run: CaseRun) -> TranscriptEntry:
    """Make the server close the connection, and return the journal entry of the disconnection."""
    await run.csms.closes_the_connection()
    return await run.station.disconnects()


@CASES.case("TC_B_43_CS", "Reject a network profile for a slot that does not exist")
async def no_such_slot(run: CaseRun) -> None:
    profile = await run.variable("SecurityCtrlr", "SecurityProfile")
    data = connection_data(await url_of_server(run), profile)
    await run.csms.sends(
        "SetNetworkProfile", configurationSlot=NO_SLOT, connectionData=data, expect="Rejected"
    )


@CASES.case("TC_B_57_CS", "Double the time to the next attempt each time a reconnection fails")
async def reconnects(run: CaseRun) -> None:
    wait_s = wait_minimum(run)
    await run.given.variables(
        OCPPCommCtrlr__NetworkProfileConnectionAttempts=3,
        OCPPCommCtrlr__RetryBackOffRepeatTimes=2,
        OCPPCommCtrlr__RetryBackOffRandomRange=0,
        OCPPCommCtrlr__RetryBackOffWaitMinimum=wait_s,
    )
    gone = await is_cut_off(run)
    run.station.at_least(gone, await run.station.connects(), wait_s)
    await run.csms.refuses_connections(times=1)
    gone = await is_cut_off(run)
    refused = await run.station.tries_to_connect()
    back = await run.station.connects()
    first_s, second_s = refused.seconds_since(gone), back.seconds_since(refused)
    is_doubled = second_s >= 2 * first_s - run.times.deviation
    run.check(is_doubled, "the second wait is at least twice as long as the first", back)


# Migration


async def moves_to_other_slot(run: CaseRun) -> int:
    """Store a network profile in a slot that is not active, make it first in priority, and reset the station.

    The profile has a URL of the same server with another path. Returns the slot.
    """
    active = await run.variable("OCPPCommCtrlr", "ActiveNetworkProfile") or "1"
    slot = next(each for each in run.file.station.slots if str(each) != active)
    security_profile = await run.variable("SecurityCtrlr", "SecurityProfile")
    data = connection_data(await url_of_server(run, f"/slot-{slot}"), security_profile)
    await run.csms.sends("SetNetworkProfile", configurationSlot=slot, connectionData=data, expect="Accepted")
    await puts_first(run, slot, active)
    await run.csms.sends("Reset", type="OnIdle", expect="Accepted")
    return slot


async def restarts(run: CaseRun) -> None:
    """Restart the station, and wait until it has connected and is idle; raises StationFailure."""
    await run.csms.sends("Reset", type="Immediate", expect="Accepted")
    await run.station.connects()
    run.check_each("the station is idle", await settle(run.csms.handle, run.rig, run.file))


async def puts_first(run: CaseRun, slot: int, active: str) -> None:
    """Set NetworkConfigurationPriority to ``slot`` followed by ``active``, until the end of the case."""
    run.undo_with("the network profile", lambda: restarts(run))
    await run.given.restores("OCPPCommCtrlr__NetworkConfigurationPriority")
    priority = variable_of("OCPPCommCtrlr", "NetworkConfigurationPriority")
    await sets_variable(run, priority, f"{slot},{active}", {"Accepted", "RebootRequired"})


def is_of_other_slot(path: str) -> bool:
    """Whether a path is that of the network profile which `moves_to_other_slot` has stored."""
    return path.startswith("/slot-")


def is_of_former_slot(path: str) -> bool:
    """Whether a path is that of the network profile which was active before the case."""
    return not is_of_other_slot(path)


@CASES.case("TC_B_45_CS", "Move to the network profile that is first in priority after a reset")
async def migration(run: CaseRun) -> None:
    await moves_to_other_slot(run)
    await run.station.connects(path=is_of_other_slot)
    await run.state.is_in_service()


@CASES.case("TC_B_46_CS", "Take the second network profile if the first cannot be reached")
async def migration_falls_back(run: CaseRun) -> None:
    await run.given.variables(OCPPCommCtrlr__NetworkProfileConnectionAttempts=2)
    await run.csms.refuses_connections(times=2)
    await moves_to_other_slot(run)
    await run.station.tries_to_connect(path=is_of_other_slot)
    await run.station.tries_to_connect(path=is_of_other_slot)
    await run.station.connects(path=is_of_former_slot)
    await run.state.is_in_service()


@CASES.case("TC_B_49_CS", "Keep trying if no network profile can be reached")
async def migration_keeps_trying(run: CaseRun) -> None:
    wait_s = wait_minimum(run)
    await run.given.variables(
        OCPPCommCtrlr__NetworkProfileConnectionAttempts=1,
        OCPPCommCtrlr__RetryBackOffRepeatTimes=0,
        OCPPCommCtrlr__RetryBackOffRandomRange=0,
        OCPPCommCtrlr__RetryBackOffWaitMinimum=wait_s,
    )
    await run.csms.refuses_connections(times=2)
    await moves_to_other_slot(run)
    await run.station.tries_to_connect(path=is_of_other_slot)
    refused = await run.station.tries_to_connect(path=is_of_former_slot)
    run.station.at_least(refused, await run.station.connects(), wait_s)
    await run.state.is_in_service()


# Migration with a new root


@CASES.case(
    "TC_B_47_CS", "Return to the old network profile if the server has no certificate of the new root"
)
async def migration_without_new_root(run: CaseRun) -> None:
    await run.given.variables(OCPPCommCtrlr__NetworkProfileConnectionAttempts=1)
    await requires_security_profile(run, 2, 3)
    old = await installed_certificates(run, CSMS_ROOTS)
    await installs_second_root(run)
    await moves_to_other_slot(run)
    back = await run.station.connects()
    run.check(is_of_former_slot(back["path"]), "the station connects with the former network profile", back)
    await run.state.is_in_service()
    roots = await installed_certificates(run, CSMS_ROOTS)
    run.check(all(root in roots for root in old), "the old root is still installed")


@CASES.case("TC_B_50_CS", "Move to a server with a certificate of the new root")
async def migration_with_new_root(run: CaseRun) -> None:
    await requires_security_profile(run, 2, 3)
    await installs_second_root(run)
    port = (await run.csms.handle.state())["listener"]
    await run.csms.changes_its_port(port, certificate="second-server")
    await moves_to_other_slot(run)
    await run.station.connects(path=is_of_other_slot)
    await run.state.is_in_service()
