"""Steps with display messages that the cases of block O share."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.charging import time_of
from mock_csms.certify.verdicts import Inconclusive, Skipped
from mock_csms.client.fields import differences

type DisplayMessage = Mapping[str, Any]
"""MessageInfoType of SetDisplayMessage."""

FIRST_MESSAGE: Final = 7001
SECOND_MESSAGE: Final = 7002
CONTENTS: Final = {FIRST_MESSAGE: "First message", SECOND_MESSAGE: "Second message"}
MESSAGE_PRIORITIES: Final = ("NormalCycle", "InFront", "AlwaysFront")
MESSAGE_FORMATS: Final = ("UTF8", "ASCII", "HTML", "URI")
MESSAGE_STATES: Final = ("Charging", "Idle", "Unavailable", "Faulted")
TIME_FIELDS: Final = ("startDateTime", "endDateTime")


async def message_of(run: CaseRun, **fields: Any) -> DisplayMessage:
    """Return a message with the id FIRST_MESSAGE, and a priority and a format that the station supports."""
    priority = fields.pop("priority", None) or (await supported_priorities(run))[0]
    content = {"format": (await supported_formats(run))[0], "content": CONTENTS[FIRST_MESSAGE]}
    return {"id": FIRST_MESSAGE, "priority": priority, "message": content, **fields}


async def message_for_transaction(run: CaseRun, **fields: Any) -> DisplayMessage:
    """Begin a transaction in which energy flows, and return a message for it."""
    await run.given.energy_transfer_started()
    return await message_of(run, **fields, transactionId=run.transaction_id)


def second_of(message: DisplayMessage, **fields: Any) -> DisplayMessage:
    """Return a copy of a message, with the id SECOND_MESSAGE and the text that `CONTENTS` has for this id."""
    return {**with_content(message, CONTENTS[SECOND_MESSAGE]), "id": SECOND_MESSAGE, **fields}


def with_content(message: DisplayMessage, content: str) -> DisplayMessage:
    """Return a message with another text."""
    return {**message, "message": {**message["message"], "content": content}}


async def supported_priorities(run: CaseRun) -> list[str]:
    """Return the priorities that the station supports."""
    return await _supported(run, "SupportedPriorities", MESSAGE_PRIORITIES)


async def supported_formats(run: CaseRun) -> list[str]:
    """Return the formats of display messages that the station supports."""
    return await _supported(run, "SupportedFormats", MESSAGE_FORMATS)


async def _supported(run: CaseRun, variable: str, values: Sequence[str]) -> list[str]:
    """Return the values that the station supports; raises Inconclusive if it supports none of them."""
    text = await run.variable("DisplayMessageCtrlr", variable) or ""
    members = {each.strip() for each in text.split(",")}
    if not members.intersection(values):
        raise Inconclusive(f"DisplayMessageCtrlr.{variable} has none of {', '.join(values)}")
    return [each for each in values if each in members]


def first_missing(supported: Sequence[str], values: Sequence[str]) -> str:
    """Return a value that the station does not support; raises Skipped if it supports all."""
    missing = [each for each in values if each not in supported]
    if not missing:
        raise Skipped(f"the station supports all of {', '.join(values)}")
    return missing[-1]


async def two_priorities(run: CaseRun) -> Sequence[str]:
    """Return two priorities that the station supports; raises Skipped if it has one only."""
    supported = await supported_priorities(run)
    if len(supported) == 1:
        raise Skipped(f"the station supports the priority {supported[0]} only")
    return supported[:2]


async def given_another(run: CaseRun, first: DisplayMessage, **fields: Any) -> None:
    """Set a second message, unless it would replace the first one (O01.FR.16)."""
    second = second_of(first, **fields)
    if not first["priority"] == second["priority"] == "AlwaysFront":
        await run.given.display_message(second)


async def is_reported(run: CaseRun, message: DisplayMessage) -> None:
    """Ask for a message by its id; the report has to have it as it was set."""
    await reports(run, message, id=[message["id"]])


async def reports(run: CaseRun, message: DisplayMessage, **criteria: Any) -> None:
    """Ask for the messages that meet criteria; the report has to have this one as it was set."""
    number = message["id"]
    found = await run.state.display_messages(number, **criteria)
    reported = next((each for each in found if each.get("id") == number), {})
    wrong = differences(_as_reported(message), reported)
    run.check_each(f"message {number} is reported as it was set", [str(each) for each in wrong])
    others = [str(each.get("id")) for each in found if not _meets(each, criteria)]
    run.check_each("all reported messages meet the criteria", others)


def _as_reported(message: DisplayMessage) -> dict[str, Any]:
    """Return the fields that a report of a message has to have; the station may write times differently."""
    return {name: _same_time(value) if name in TIME_FIELDS else value for name, value in message.items()}


def _same_time(text: str) -> Any:
    moment = time_of(text)

    def same_time(other: Any) -> bool:
        return abs((time_of(other) - moment).total_seconds()) < 1

    return same_time


def _meets(message: DisplayMessage, criteria: Mapping[str, Any]) -> bool:
    return all(
        message.get(name) in (value if isinstance(value, list) else [value])
        for name, value in criteria.items()
    )


async def is_unknown(run: CaseRun, *, number: int = FIRST_MESSAGE, **criteria: Any) -> None:
    """Ask for a message by its id and further criteria; the station has to answer that it has none."""
    await run.csms.sends("GetDisplayMessages", requestId=number, id=[number], **criteria, expect="Unknown")


async def is_shown(run: CaseRun, *messages: DisplayMessage) -> None:
    """Ask the rig to confirm that messages are shown on the display; several messages have to take turns."""
    names = " and ".join(each["message"]["content"] for each in messages)
    await run.rig.confirms(f"{names} {'take turns on the display' if messages[1:] else 'is shown'}")


async def is_not_shown(run: CaseRun, *messages: DisplayMessage) -> None:
    """Ask the rig to confirm that messages are not shown on the display."""
    for message in messages:
        await run.rig.confirms(f"{message['message']['content']} is not shown")


async def ends_with_transaction(run: CaseRun, *messages: DisplayMessage) -> None:
    """End the transaction; its messages have to be removed."""
    await run.state.parking_bay_unoccupied()
    await is_not_shown(run, *messages)
    for message in messages:
        await is_unknown(run, number=message["id"])
