"""Authorization of idTokens: the cases TC_C_02 to TC_C_49_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.v201 import call, call_result

from tests.certification.steps import INVALID_TOKEN, VALID_TOKEN, ChargingSession, SessionCase
from tests.support.station import Station

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECOND_TOKEN = {"id_token": "VALID02", "type": "ISO14443"}
MASTER_PASS = {"id_token": "MASTER", "type": "ISO14443"}
FAMILY = {"status": "Accepted", "group_id_token": {"id_token": "FAMILY", "type": "Central"}}
MASTER_PASSES = {"status": "Accepted", "group_id_token": {"id_token": "MASTERS", "type": "Central"}}


async def authorized(station: Station, id_token: dict[str, str]) -> Any:
    """Send an Authorize, and return the idTokenInfo."""
    return (await station.send(call.Authorize(id_token=id_token))).id_token_info


# Status of an idToken (C01, C12)


@pytest.mark.also_covers("C01.FR.07", "C06.FR.04")
async def test_tc_c_02_csms_invalid_token_is_refused(session: SessionCase) -> None:
    assert await authorized(session.station, INVALID_TOKEN) == {"status": "Invalid"}
    assert await authorized(session.station, {**VALID_TOKEN, "type": "Central"}) == {"status": "Unknown"}


async def test_tc_c_06_csms_blocked_token_is_refused(session: SessionCase) -> None:
    await session.case.configure(tokens={"VALID02": {"status": "Blocked"}})
    assert await authorized(session.station, SECOND_TOKEN) == {"status": "Blocked"}


async def test_tc_c_07_csms_expired_token_is_refused(session: SessionCase) -> None:
    await session.case.configure(tokens={"VALID02": {"status": "Expired"}})
    assert await authorized(session.station, SECOND_TOKEN) == {"status": "Expired"}


async def status_in_event(session: SessionCase, id_token: dict[str, str]) -> str:
    """Plug in, and report an idToken that the station has in its cache; return its status in the answer."""
    await session.connect_vehicle()
    answer = await session.event("Authorized", id_token=id_token)
    return str(answer.id_token_info["status"])


@pytest.mark.also_covers("C12.FR.03")
async def test_tc_c_08_csms_token_that_is_valid_in_the_cache_is_accepted(session: SessionCase) -> None:
    assert await status_in_event(session, VALID_TOKEN) == "Accepted"


async def test_tc_c_20_csms_token_that_is_invalid_in_the_cache_is_refused(session: SessionCase) -> None:
    assert await status_in_event(session, INVALID_TOKEN) == "Invalid"


# Clear the cache (C11)


async def clears_cache(session: SessionCase, status: str) -> None:
    """Make the mock send a ClearCache, which the station answers with ``status``."""
    session.station.answers["ClearCache"] = lambda **_: call_result.ClearCache(status=status)
    assert await session.case.result_of("ClearCache") == {"status": status}
    assert await session.station.next("ClearCache") == {}
    assert (await session.station.send(call.Heartbeat())).current_time


async def test_tc_c_37_csms_cache_is_cleared(session: SessionCase) -> None:
    await clears_cache(session, "Accepted")


async def test_tc_c_38_csms_refusal_to_clear_the_cache_is_handled(session: SessionCase) -> None:
    await clears_cache(session, "Rejected")


# Groups (C09)


async def know_group(session: SessionCase) -> None:
    """Put two valid idTokens into the same group."""
    tokens = {name: {"groupIdToken": "FAMILY"} for name in ("VALID01", "VALID02")}
    await session.case.configure(tokens=tokens)


async def starts_in_group(session: SessionCase) -> None:
    """Start charging with the first idToken of the group."""
    answer = await session.event("Authorized", id_token=VALID_TOKEN)
    assert answer.id_token_info == FAMILY
    session.states.add("Authorized")
    await session.transfer_energy()


async def stops_in_group(session: SessionCase) -> None:
    """Stop charging with the second idToken of the group, and unplug, which ends the transaction."""
    answer = await session.event("StopAuthorized", id_token=SECOND_TOKEN)
    assert answer.id_token_info == FAMILY
    session.states.add("StopAuthorized")
    await session.disconnect_vehicle()
    assert (await session.stored())["ended"]


@pytest.mark.also_covers("C01.FR.06", "C09.FR.02", "C09.FR.09", "C09.FR.10", "C09.FR.12", "C09.FR.13")
async def test_tc_c_39_csms_other_token_of_the_group_stops_the_transaction(session: SessionCase) -> None:
    await know_group(session)
    await session.connect_vehicle()
    assert await authorized(session.station, SECOND_TOKEN) == FAMILY
    await starts_in_group(session)
    assert await authorized(session.station, SECOND_TOKEN) == FAMILY
    await stops_in_group(session)


async def test_tc_c_40_csms_tokens_of_a_group_in_the_local_list_are_accepted(session: SessionCase) -> None:
    await know_group(session)
    await session.connect_vehicle()
    await starts_in_group(session)
    await stops_in_group(session)


async def test_tc_c_43_csms_token_of_the_group_is_authorized_to_stop(session: SessionCase) -> None:
    await know_group(session)
    await session.connect_vehicle()
    await starts_in_group(session)
    assert await authorized(session.station, SECOND_TOKEN) == FAMILY
    await stops_in_group(session)


# Master pass (C16)


async def charge_on_two_evses(session: SessionCase) -> list[ChargingSession]:
    """Charge on two EVSEs with two idTokens, with a mock that knows a master pass; return both sessions."""
    tokens = {"VALID01": {}, "VALID02": {}, "MASTER": {"groupIdToken": "MASTERS"}}
    await session.case.configure(tokens=tokens, master_pass_group="MASTERS")
    second = ChargingSession(session.station, SECOND_TOKEN, transaction_id="tx-2", evse_id=2)
    await session.transfer_energy()
    await second.transfer_energy()
    return [session, second]


async def stop_with_master_pass(session: SessionCase, *stopped: ChargingSession) -> None:
    """Authorize the master pass, and end these sessions with it; every answer has to accept it."""
    assert await authorized(session.station, MASTER_PASS) == MASTER_PASSES
    for each in stopped:
        answer = await each.end("StopAuthorized", "MasterPass", id_token=MASTER_PASS)
        assert answer.id_token_info == MASTER_PASSES


async def running(session: SessionCase) -> list[str]:
    """Ids of the running transactions."""
    return [one["transactionId"] for one in (await session.case.state())["running"]]


async def test_tc_c_47_csms_master_pass_stops_all_transactions_of_a_station_with_a_display(
    session: SessionCase,
) -> None:
    await stop_with_master_pass(session, *await charge_on_two_evses(session))
    assert await running(session) == []


async def test_tc_c_48_csms_master_pass_stops_one_transaction(session: SessionCase) -> None:
    _, second = await charge_on_two_evses(session)
    await stop_with_master_pass(session, second)
    assert await running(session) == ["tx-1"]


async def test_tc_c_49_csms_master_pass_stops_all_transactions_of_a_station_without_a_display(
    session: SessionCase,
) -> None:
    """The TransactionEvents have the idTokens that started the transactions, not the master pass."""
    sessions = await charge_on_two_evses(session)
    assert await authorized(session.station, MASTER_PASS) == MASTER_PASSES
    for each in sessions:
        answer = await each.end("StopAuthorized", "MasterPass", id_token=each.id_token)
        assert answer.id_token_info == {"status": "Accepted"}
    assert await running(session) == []
