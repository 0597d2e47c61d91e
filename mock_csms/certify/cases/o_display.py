"""Cases of block O, display messages."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.o_steps import (
    CONTENTS,
    FIRST_MESSAGE,
    MESSAGE_FORMATS,
    MESSAGE_PRIORITIES,
    MESSAGE_STATES,
    SECOND_MESSAGE,
    first_missing,
    given_another,
    is_reported,
    is_shown,
    is_unknown,
    message_of,
    reports,
    supported_formats,
    supported_priorities,
    two_priorities,
    with_content,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verdicts import Skipped

CASES: Final = CaseList()


@CASES.case("TC_O_01_CS", "Set a message, show it and report it")
async def sets_message(run: CaseRun) -> None:
    message = await message_of(run)
    await run.state.display_message(message)
    await is_shown(run, message)
    await is_reported(run, message)


# Reports


@CASES.case("TC_O_02_CS", "Report all messages if there are no criteria")
async def reports_all(run: CaseRun) -> None:
    message = await message_of(run)
    await run.given.display_message(message)
    await reports(run, message)


@CASES.case("TC_O_03_CS", "Answer Unknown when there are no messages")
async def has_nothing_to_report(run: CaseRun) -> None:
    await run.given.no_display_messages()
    await run.csms.sends("GetDisplayMessages", requestId=FIRST_MESSAGE, expect="Unknown")


@CASES.case(
    "TC_O_33_CS", "Answer Unknown when a message is asked for by its id and the station has no messages"
)
async def has_no_message_with_id(run: CaseRun) -> None:
    await run.given.no_display_messages()
    await is_unknown(run)


@CASES.case("TC_O_07_CS", "Report a message by its id")
async def reports_by_id(run: CaseRun) -> None:
    message = await message_of(run)
    await run.given.display_message(message)
    await given_another(run, message)
    await is_reported(run, message)


@CASES.case("TC_O_08_CS", "Report messages by their priority")
async def reports_by_priority(run: CaseRun) -> None:
    first, *others = await supported_priorities(run)
    message = await message_of(run, priority=first)
    await run.given.display_message(message)
    for other in others[:1]:
        await given_another(run, message, priority=other)
    await reports(run, message, priority=first)


@CASES.case("TC_O_09_CS", "Report messages by their state")
async def reports_by_state(run: CaseRun) -> None:
    message = await message_of(run, state="Charging")
    await run.given.display_message(message)
    await given_another(run, message, state="Idle")
    await reports(run, message, state="Charging")


@CASES.case("TC_O_11_CS", "Answer Unknown when a message with an unknown id is asked for")
async def reports_unknown_id(run: CaseRun) -> None:
    await run.given.display_message(await message_of(run))
    await is_unknown(run, number=SECOND_MESSAGE)


@CASES.case("TC_O_34_CS", "Answer Unknown if no message has the state that is asked for")
async def reports_other_state(run: CaseRun) -> None:
    await run.given.display_message(await message_of(run, state="Charging"))
    await is_unknown(run, state="Idle")


@CASES.case("TC_O_35_CS", "Answer Unknown if no message has the priority that is asked for")
async def reports_other_priority(run: CaseRun) -> None:
    first, other = await two_priorities(run)
    await run.given.display_message(await message_of(run, priority=first))
    await is_unknown(run, priority=other)


# Clearing and replacing


@CASES.case("TC_O_04_CS", "Clear a message, and no longer report it")
async def clears_message(run: CaseRun) -> None:
    await run.given.display_message(await message_of(run))
    await run.csms.sends("ClearDisplayMessage", id=FIRST_MESSAGE, expect="Accepted")
    await is_unknown(run)


@CASES.case("TC_O_05_CS", "Answer Unknown when an unknown message is to be cleared")
async def clears_unknown_message(run: CaseRun) -> None:
    await run.csms.sends("ClearDisplayMessage", id=FIRST_MESSAGE, expect="Unknown")


@CASES.case("TC_O_12_CS", "Replace a message with the next one of the same id")
async def replaces_message(run: CaseRun) -> None:
    message = await message_of(run)
    await run.given.display_message(message)
    other = with_content(message, CONTENTS[SECOND_MESSAGE])
    await run.state.display_message(other)
    await is_shown(run, other)
    await is_reported(run, other)


# Refusing


@CASES.case("TC_O_10_CS", "Refuse a message for an unknown transaction")
async def refuses_transaction(run: CaseRun) -> None:
    message = await message_of(run, transactionId="7001")
    await run.state.display_message(message, expect="UnknownTransaction")


@CASES.case("TC_O_17_CS", "Refuse a message with a priority that is not supported")
async def refuses_priority(run: CaseRun) -> None:
    priority = first_missing(await supported_priorities(run), MESSAGE_PRIORITIES)
    message = await message_of(run, priority=priority)
    await run.state.display_message(message, expect="NotSupportedPriority")


@CASES.case("TC_O_19_CS", "Refuse a message in a format that is not supported")
async def refuses_format(run: CaseRun) -> None:
    message = await message_of(run)
    format_ = first_missing(await supported_formats(run), MESSAGE_FORMATS)
    content = {**message["message"], "format": format_}
    await run.state.display_message({**message, "message": content}, expect="NotSupportedMessageFormat")


@CASES.case("TC_O_18_CS", "Refuse a message for a state that is not supported")
async def refuses_state(run: CaseRun) -> None:
    message = await message_of(run)
    answers = [
        await run.state.display_message({**message, "state": state}, expect={"Accepted", "NotSupportedState"})
        for state in MESSAGE_STATES
    ]
    statuses = [answer["status"] for answer in answers]
    run.check("Accepted" in statuses, "the station supports one of the states")
    if "NotSupportedState" not in statuses:
        raise Skipped(f"the station accepts all of {', '.join(MESSAGE_STATES)}")
