"""Cases of block O about messages by priority, time, state and transaction (O01, O02)."""

from collections.abc import Awaitable, Callable
from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.o_steps import (
    DisplayMessage,
    ends_with_transaction,
    is_not_shown,
    is_reported,
    is_shown,
    is_unknown,
    message_for_transaction,
    message_of,
    second_of,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verbs.texts import time_from_now

CASES: Final = CaseList()

LANGUAGE: Final = "en"
type MessageMaker = Callable[..., Awaitable[DisplayMessage]]


async def time_comes(run: CaseRun) -> None:
    """Wait until the start or end time of a message is past; it was set ``times.schedule`` seconds ahead."""
    await run.waits(run.times.schedule + run.times.deviation)


@CASES.case("TC_O_20_CS", "Keep a message over a restart")
async def survives_restart(run: CaseRun) -> None:
    message = await message_of(run)
    await run.state.display_message(message)
    await run.state.booted()
    await is_reported(run, message)


@CASES.case("TC_O_15_CS", "Show a message in the language that the driver prefers")
async def is_shown_in_language(run: CaseRun) -> None:
    await run.given.variables_if_implemented(AuthCtrlr__LocalPreAuthorize=False)
    await run.given.ev_connected()
    await run.csms.answers("Authorize", {"idTokenInfo": {"status": "Accepted", "language1": LANGUAGE}})
    await run.state.authorized(by="local", asks=True)
    await run.state.energy_transfer_started()
    message = await message_of(run)
    content = {**message["message"], "language": LANGUAGE}
    await run.state.display_message({**message, "message": content})
    await is_shown(run, message)


# In front


@CASES.family(
    {
        ("TC_O_22_CS", "Show two InFront messages in turn"): (message_of,),
        ("TC_O_30_CS", "Show two InFront messages in turn until their transaction ends"): (
            message_for_transaction,
        ),
    }
)
async def takes_turns_in_front(run: CaseRun, made: MessageMaker) -> None:
    first = await made(run, priority="InFront")
    second = second_of(first)
    await run.state.display_message(first)
    await run.state.display_message(second)
    await is_shown(run, first, second)
    await is_reported(run, first)
    await is_reported(run, second)
    if made is message_for_transaction:
        await ends_with_transaction(run, first, second)


@CASES.family(
    {
        ("TC_O_24_CS", "Replace an AlwaysFront message with the next one"): (message_of,),
        ("TC_O_32_CS", "Replace an AlwaysFront message with the next one during a transaction"): (
            message_for_transaction,
        ),
    }
)
async def replaces_always_in_front(run: CaseRun, made: MessageMaker) -> None:
    first = await made(run, priority="AlwaysFront")
    second = second_of(first)
    await run.state.display_message(first)
    await is_shown(run, first)
    await run.state.display_message(second)
    await is_not_shown(run, first)
    await is_shown(run, second)
    await is_unknown(run, number=first["id"])
    await is_reported(run, second)
    if made is message_for_transaction:
        await ends_with_transaction(run, first, second)


# Times


@CASES.case("TC_O_13_CS", "Show a message from its start time on")
async def starts_at_time(run: CaseRun) -> None:
    message = await message_of(run, startDateTime=time_from_now(run.times.schedule))
    await run.state.display_message(message)
    await is_reported(run, message)
    await time_comes(run)
    await is_shown(run, message)


@CASES.case("TC_O_14_CS", "Remove a message at its end time")
async def ends_at_time(run: CaseRun) -> None:
    message = await message_of(run, endDateTime=time_from_now(run.times.schedule))
    await run.state.display_message(message)
    await is_reported(run, message)
    await is_shown(run, message)
    await time_comes(run)
    await is_not_shown(run, message)
    await is_unknown(run)


# Transactions


@CASES.case("TC_O_06_CS", "Remove a message for a transaction when the transaction ends")
async def ends_with_its_transaction(run: CaseRun) -> None:
    message = await message_for_transaction(run)
    await run.state.display_message(message)
    await is_shown(run, message)
    await ends_with_transaction(run, message)


@CASES.case("TC_O_27_CS", "Show a message for a transaction from its start time on")
async def starts_at_time_in_transaction(run: CaseRun) -> None:
    message = await message_for_transaction(run, startDateTime=time_from_now(run.times.schedule))
    await run.state.display_message(message)
    await is_not_shown(run, message)
    await time_comes(run)
    await is_shown(run, message)
    await ends_with_transaction(run, message)


@CASES.case("TC_O_28_CS", "Remove a message for a transaction at its end time")
async def ends_at_time_in_transaction(run: CaseRun) -> None:
    message = await message_for_transaction(run, endDateTime=time_from_now(run.times.schedule))
    await run.state.display_message(message)
    await is_shown(run, message)
    await time_comes(run)
    await is_not_shown(run, message)
    await is_unknown(run)


# States


@CASES.case("TC_O_36_CS", "Show a message for the state Charging while energy flows")
async def is_shown_while_charging(run: CaseRun) -> None:
    message = await message_of(run, state="Charging")
    await run.state.display_message(message)
    await is_not_shown(run, message)
    await run.state.energy_transfer_started()
    await is_shown(run, message)
    await run.state.parking_bay_unoccupied()
    await is_not_shown(run, message)
    await is_reported(run, message)


@CASES.case("TC_O_37_CS", "Show a message for the state Idle while no energy flows")
async def is_shown_while_idle(run: CaseRun) -> None:
    message = await message_of(run, state="Idle")
    await run.state.display_message(message)
    await is_shown(run, message)
    await run.state.energy_transfer_started()
    await is_not_shown(run, message)
    await run.state.parking_bay_unoccupied()
    await is_shown(run, message)
    await is_reported(run, message)


@CASES.case("TC_O_38_CS", "Show a message for the state Unavailable while the station is unavailable")
async def is_shown_while_unavailable(run: CaseRun) -> None:
    message = await message_of(run, state="Unavailable")
    await run.state.display_message(message)
    await is_not_shown(run, message)
    await run.state.unavailable()
    await is_shown(run, message)
    await run.csms.sends("ChangeAvailability", operationalStatus="Operative", expect="Accepted")
    await run.station.reports_all("Available")
    await is_not_shown(run, message)
    await is_reported(run, message)


@CASES.case("TC_O_39_CS", "Show a message for the state Faulted while there is a fault")
async def is_shown_while_faulted(run: CaseRun) -> None:
    message = await message_of(run, state="Faulted")
    await run.state.display_message(message)
    await is_not_shown(run, message)
    await run.rig.breaks()
    await run.station.reports({"Faulted", "Unavailable"})
    await is_shown(run, message)
    await run.rig.repairs()
    await run.station.reports("Available")
    await is_not_shown(run, message)
    await is_reported(run, message)
