"""Display messages: the cases TC_O_*_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.charge_point import camel_to_snake_case
from ocpp.v201 import call, call_result

from mock_csms.messages import JsonObject
from tests.certification.steps import SessionCase
from tests.support.charging import in_seconds

pytestmark = pytest.mark.asyncio(loop_scope="session")

MESSAGE_ID = 5
CONTENT = {"format": "UTF8", "language": "en", "content": "Welcome"}


def message(priority: str = "NormalCycle", **fields: Any) -> JsonObject:
    """The MessageInfo of a SetDisplayMessage, with these optional fields."""
    return {"id": MESSAGE_ID, "priority": priority, "message": CONTENT, **fields}


# Setting a message (O01, O02, O06)


async def sets(session: SessionCase, wanted: JsonObject, status: str = "Accepted") -> None:
    """Make the mock send a SetDisplayMessage, which the station answers with ``status``.

    If the status is Accepted, the mock must then show only this message, otherwise what it showed before.
    """
    before = await shown(session)
    answer = call_result.SetDisplayMessage(status=status)
    session.station.answers["SetDisplayMessage"] = lambda **_: answer
    payload = {"message": wanted}
    received, given = await session.case.exchange(session.station, "SetDisplayMessage", payload)
    assert received == payload
    assert given == {"status": status}
    assert await shown(session) == ([wanted] if status == "Accepted" else before)


async def shown(session: SessionCase) -> Any:
    """The messages on the display, as the mock shows them."""
    return (await session.case.state())["displayMessages"]


async def test_tc_o_01_csms_message_is_set(session: SessionCase) -> None:
    await sets(session, message(state="Idle"))


async def test_tc_o_25_csms_message_for_a_state_is_set(session: SessionCase) -> None:
    await sets(session, message(state="Charging"))


@pytest.mark.also_covers("O01.FR.05")
async def test_tc_o_13_csms_message_with_a_start_is_set(session: SessionCase) -> None:
    await sets(session, message(startDateTime=in_seconds(60)))


@pytest.mark.also_covers("O01.FR.05")
async def test_tc_o_14_csms_message_with_an_end_is_set(session: SessionCase) -> None:
    await sets(session, message(endDateTime=in_seconds(60)))


async def test_tc_o_12_csms_message_is_replaced(session: SessionCase) -> None:
    await sets(session, message())
    await sets(session, message("AlwaysFront", message={**CONTENT, "content": "Closed"}))


async def test_tc_o_17_csms_priority_that_is_not_supported_is_handled(session: SessionCase) -> None:
    await sets(session, message("InFront"), "NotSupportedPriority")


async def test_tc_o_18_csms_state_that_is_not_supported_is_handled(session: SessionCase) -> None:
    await sets(session, message(state="Faulted"), "NotSupportedState")


async def test_tc_o_19_csms_format_that_is_not_supported_is_handled(session: SessionCase) -> None:
    await sets(session, message(message={**CONTENT, "format": "HTML"}), "NotSupportedMessageFormat")


async def test_tc_o_26_csms_rejected_message_is_handled(session: SessionCase) -> None:
    await sets(session, message(), "Rejected")


# Messages about a transaction (O02)


async def sets_for_transaction(session: SessionCase, status: str = "Accepted", **fields: Any) -> None:
    """Start a transaction, and make the mock set a message that the station shows during it."""
    await session.transfer_energy()
    await sets(session, message(**{"transactionId": session.transaction_id, **fields}), status)


async def test_tc_o_06_csms_message_for_a_transaction_is_set(session: SessionCase) -> None:
    await sets_for_transaction(session)
    await session.disconnect_vehicle()
    assert (await session.stored())["ended"]


async def test_tc_o_10_csms_message_for_an_unknown_transaction_is_handled(session: SessionCase) -> None:
    await sets_for_transaction(session, "UnknownTransaction", transactionId="tx-unknown")


async def test_tc_o_27_csms_message_for_a_transaction_with_a_start_is_set(session: SessionCase) -> None:
    await sets_for_transaction(session, startDateTime=in_seconds(60))


async def test_tc_o_28_csms_message_for_a_transaction_with_an_end_is_set(session: SessionCase) -> None:
    await sets_for_transaction(session, endDateTime=in_seconds(60))


# Reports of messages (O03, O04)


async def requests(session: SessionCase, status: str = "Accepted", **criteria: Any) -> None:
    """Make the mock send a GetDisplayMessages, which the station answers with ``status``."""
    answer = call_result.GetDisplayMessages(status=status)
    session.station.answers["GetDisplayMessages"] = lambda **_: answer
    payload = {"requestId": 1, **criteria}
    received, given = await session.case.exchange(session.station, "GetDisplayMessages", payload)
    assert received == payload
    assert given == {"status": status}


async def are_reported(session: SessionCase, **criteria: Any) -> None:
    """Make the mock request messages; the station reports one, which the mock then shows."""
    reported = message("InFront", state="Charging")
    await requests(session, **criteria)
    answer = await session.station.send(
        call.NotifyDisplayMessages(request_id=1, message_info=[camel_to_snake_case(reported)])
    )
    assert answer == call_result.NotifyDisplayMessages()
    assert await shown(session) == [reported]


async def test_tc_o_02_csms_all_messages_are_reported(session: SessionCase) -> None:
    await are_reported(session)


async def test_tc_o_03_csms_station_without_messages_is_handled(session: SessionCase) -> None:
    await requests(session, "Unknown")
    assert await shown(session) == []


async def test_tc_o_07_csms_message_with_an_id_is_reported(session: SessionCase) -> None:
    await are_reported(session, id=[MESSAGE_ID])


async def test_tc_o_08_csms_messages_with_a_priority_are_reported(session: SessionCase) -> None:
    await are_reported(session, priority="InFront")


async def test_tc_o_09_csms_messages_for_a_state_are_reported(session: SessionCase) -> None:
    await are_reported(session, state="Charging")


async def test_tc_o_11_csms_request_for_an_unknown_message_is_handled(session: SessionCase) -> None:
    await sets(session, message())
    await requests(session, "Unknown", id=[MESSAGE_ID + 1])
    assert await shown(session) == [message()]


# Clearing a message (O05)


async def clears(session: SessionCase, message_id: int, status: str) -> None:
    """Make the mock send a ClearDisplayMessage, which the station answers with ``status``."""
    answer = call_result.ClearDisplayMessage(status=status)
    session.station.answers["ClearDisplayMessage"] = lambda **_: answer
    received, given = await session.case.exchange(session.station, "ClearDisplayMessage", {"id": message_id})
    assert received == {"id": message_id}
    assert given == {"status": status}


async def test_tc_o_04_csms_message_is_cleared(session: SessionCase) -> None:
    await sets(session, message())
    await clears(session, MESSAGE_ID, "Accepted")
    assert await shown(session) == []


async def test_tc_o_05_csms_clearing_of_an_unknown_message_is_handled(session: SessionCase) -> None:
    await sets(session, message())
    await clears(session, MESSAGE_ID + 1, "Unknown")
    assert await shown(session) == [message()]
