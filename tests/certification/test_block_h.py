"""Reservations: the cases TC_H_*_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.v201 import call, call_result

from tests.certification.steps import VALID_TOKEN, SessionCase, report_connector

pytestmark = pytest.mark.asyncio(loop_scope="session")

FAR_FUTURE = "2036-01-01T00:00:00Z"
UNSPECIFIED = {"id": 1, "expiryDateTime": FAR_FUTURE, "idToken": {"idToken": "VALID01", "type": "ISO14443"}}


async def reserve(session: SessionCase) -> int:
    """Reserve EVSE 1 for the valid idToken by the default ReserveNow; return the reservation's id."""
    await session.case.configure(reserve_evse_id=1)
    received = await session.command("ReserveNow")
    assert set(received) == {"id", "expiry_date_time", "id_token", "evse_id"}
    assert (received["evse_id"], received["id_token"]) == (1, VALID_TOKEN)
    await report_connector(session.station, "Reserved")
    assert await reservations(session) == [received["id"]]
    return int(received["id"])


async def reserve_with(session: SessionCase, payload: dict[str, Any]) -> dict[str, Any]:
    """Make the mock send a ReserveNow; return the payload received, without id, idToken and expiry."""
    received = await session.command("ReserveNow", payload)
    assert received.pop("id_token") == VALID_TOKEN
    assert await reservations(session) == list(range(1, received["id"] + 1))
    return {name: received[name] for name in received if name not in {"id", "expiry_date_time"}}


async def reservations(session: SessionCase) -> list[int]:
    """Ids of the reservations as the mock shows them."""
    return [reservation["id"] for reservation in (await session.case.state())["reservations"]]


async def test_tc_h_01_csms_evse_is_reserved(session: SessionCase) -> None:
    await reserve(session)


async def ends(session: SessionCase, status: str, update: str) -> None:
    """Reserve an EVSE; the station reports a new connector status, and the end of the reservation."""
    reservation_id = await reserve(session)
    await report_connector(session.station, status)
    await session.station.send(call.ReservationStatusUpdate(reservation_id, update))
    assert await reservations(session) == []


async def test_tc_h_07_csms_reservation_expires(session: SessionCase) -> None:
    session.expected_findings = {"reservation-expired-early"}  # this station does not wait for the expiry
    await ends(session, "Available", "Expired")


async def test_tc_h_08_csms_evse_is_reserved_without_its_number(session: SessionCase) -> None:
    assert await reserve_with(session, UNSPECIFIED) == {}
    await report_connector(session.station, "Reserved")


async def test_tc_h_14_csms_all_evses_are_reserved_without_their_numbers(session: SessionCase) -> None:
    evse_ids = (1, 2)
    for reservation_id in evse_ids:
        assert await reserve_with(session, {**UNSPECIFIED, "id": reservation_id}) == {}
    for evse_id in evse_ids:
        await report_connector(session.station, "Reserved", evse_id)
    connectors = (await session.case.state())["connectors"]
    assert {connector["connectorStatus"] for connector in connectors} == {"Reserved"}


async def test_tc_h_15_csms_type_of_connector_is_reserved(session: SessionCase) -> None:
    received = await reserve_with(session, {**UNSPECIFIED, "connectorType": "cType2"})
    assert received == {"connector_type": "cType2"}
    await report_connector(session.station, "Reserved")


async def test_tc_h_17_csms_reservation_is_cancelled(session: SessionCase) -> None:
    reservation_id = await reserve(session)
    assert await session.command("CancelReservation") == {"reservation_id": reservation_id}
    assert await reservations(session) == []
    await report_connector(session.station, "Available")


async def test_tc_h_19_csms_evse_is_reserved_for_a_group(session: SessionCase) -> None:
    group = {"idToken": "FAMILY", "type": "Central"}
    received = await reserve_with(session, {**UNSPECIFIED, "evseId": 1, "groupIdToken": group})
    assert received == {"evse_id": 1, "group_id_token": {"id_token": "FAMILY", "type": "Central"}}
    await report_connector(session.station, "Reserved")


async def test_tc_h_20_csms_reservation_of_a_faulted_evse_is_removed(session: SessionCase) -> None:
    await ends(session, "Faulted", "Removed")


async def test_tc_h_22_csms_refused_reservation_is_handled(session: SessionCase) -> None:
    session.station.answers["ReserveNow"] = lambda **_: call_result.ReserveNow(status="Rejected")
    assert await session.case.result_of("ReserveNow") == {"status": "Rejected"}
    assert await reservations(session) == []
