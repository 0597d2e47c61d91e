"""Cases of block H, reservation."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.c_groups import answers_with_group
from mock_csms.certify.registry import CaseList
from mock_csms.certify.station_file import CaseToken
from mock_csms.certify.verdicts import Inconclusive

CASES: Final = CaseList()

RESERVATION_ID: Final = 1
HOUR_S: Final = 3600
RESERVATIONS_ENABLED: Final = {"ReservationCtrlr__Enabled": True}


def reservation(
    run: CaseRun,
    token: CaseToken,
    *,
    number: int = RESERVATION_ID,
    seconds: int = HOUR_S,
    **fields: Any,
) -> dict[str, Any]:
    """Return the fields of a ReserveNow for a token; without ``fields``, it is for the EVSE of the case."""
    request = {"id": number, "idToken": token.as_json, "expiryDateTime": f"{{{{now+{seconds}}}}}"}
    target = fields if fields else {"evseId": run.evse}
    return request | {name: value for name, value in target.items() if value is not None}


async def reserves(run: CaseRun, request: dict[str, Any], *, expect: str) -> None:
    """Send a ReserveNow and expect this status; cancel an accepted reservation at the end of the case."""
    if expect == "Accepted":
        cancelled = {"reservationId": request["id"]}
        run.undo_with("the reservation", lambda: run.csms.sends("CancelReservation", cancelled))
    await run.csms.sends("ReserveNow", request, expect=expect)


async def given_reserved(run: CaseRun, **fields: Any) -> None:
    """Before the case, reserve its EVSE for the valid token; ``fields`` replace those of ReserveNow."""
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    request = reservation(run, run.tokens.valid, **fields)
    await run.given.reserved(request, *run.file.connectors_at(run.evse))


async def given_all_reserved(run: CaseRun) -> None:
    """Reserve each EVSE for the valid token before the case begins."""
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    for number, evse in enumerate(run.file.station.evses, start=RESERVATION_ID + 1):
        request = reservation(run, run.tokens.valid, number=number, evseId=evse)
        await run.given.reserved(request, *run.file.connectors_at(evse))


async def uses_reservation(
    run: CaseRun, token: CaseToken, *, is_marked: bool = True, by: str | None = None
) -> None:
    """Charge with the token of a reservation; a connector reported Reserved has to become Available first.

    ``is_marked`` says whether it was reported Reserved. An Authorize is optional for this token.
    """
    await run.state.authorized(token, by=by, asks=False)
    await run.station.optionally_sends("Authorize", within=run.times.silence, idToken=token.as_json)
    if is_marked:
        await run.station.reports("Available")
    await run.state.energy_transfer_started()


@CASES.case("TC_H_01_CS", "Reserve an EVSE, and let the token of the reservation use it")
async def reserves_evse(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    request = reservation(run, run.tokens.valid)
    await run.state.reserved(request, *run.file.connectors_at(run.evse))
    await uses_reservation(run, run.tokens.valid)


@CASES.case("TC_H_02_CS", "Refuse another token at a reserved EVSE")
async def refuses_another_token(run: CaseRun) -> None:
    await given_reserved(run)
    await run.given.ev_connected(status=None)
    await run.rig.presents(run.tokens.second)
    await run.station.is_silent("TransactionEvent", transactionInfo__chargingState="Charging")
    start = {"idToken": run.tokens.second.as_json, "remoteStartId": RESERVATION_ID, "evseId": run.evse}
    await run.csms.sends("RequestStartTransaction", start, expect="Rejected")


@CASES.case("TC_H_03_CS", "Answer Occupied to a reservation of an EVSE that is reserved")
async def reserves_reserved_evse(run: CaseRun) -> None:
    await given_reserved(run)
    request = reservation(run, run.tokens.second, number=RESERVATION_ID + 1, evseId=run.evse)
    await reserves(run, request, expect="Occupied")


@CASES.case("TC_H_04_CS", "Answer Occupied to a reservation of an EVSE that is occupied")
async def reserves_occupied_evse(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    await run.given.energy_transfer_started()
    await reserves(run, reservation(run, run.tokens.second), expect="Occupied")


@CASES.case("TC_H_06_CS", "Answer Unavailable to a reservation of an EVSE that is unavailable")
async def reserves_unavailable_evse(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    await run.given.unavailable(run.evse)
    await reserves(run, reservation(run, run.tokens.second), expect="Unavailable")


@CASES.case("TC_H_07_CS", "Expire a reservation that is not used, and free the EVSE")
async def reservation_expires(run: CaseRun) -> None:
    await given_reserved(run, seconds=run.times.reservation, evseId=run.evse)
    within_s = run.times.reservation + run.times.message
    await run.station.reports("Available", *run.file.connectors_at(run.evse), within=within_s)
    await sends_update(run, "Expired")
    await run.state.authorized(run.tokens.second)
    await run.state.energy_transfer_started()


async def sends_update(run: CaseRun, status: str) -> None:
    """Expect a ReservationStatusUpdate with this status."""
    await run.station.sends(
        "ReservationStatusUpdate", reservationId=RESERVATION_ID, reservationUpdateStatus=status
    )


@CASES.case("TC_H_08_CS", "Reserve an unspecified EVSE, and let the token of the reservation use any EVSE")
async def reserves_any_evse(run: CaseRun) -> None:
    await reserves_somewhere_and_uses_it(run, {"evseId": None}, run.tokens.valid)


async def reserves_somewhere_and_uses_it(run: CaseRun, fields: dict[str, Any], token: CaseToken) -> None:
    """Reserve without naming an EVSE, and charge.

    A station with several EVSEs does not report connectors Reserved after a single reservation (H01.FR.20).
    """
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    await reserves(run, reservation(run, run.tokens.valid, **fields), expect="Accepted")
    is_marked = len(run.file.station.evses) == 1
    if is_marked:
        await run.station.reports_all("Reserved")
    await uses_reservation(run, token, is_marked=is_marked)


@CASES.case("TC_H_09_CS", "Answer Occupied to a reservation of an unspecified EVSE when all are reserved")
async def reserves_any_reserved_evse(run: CaseRun) -> None:
    await given_all_reserved(run)
    await reserves(run, reservation(run, run.tokens.valid, evseId=None), expect="Occupied")


@CASES.case("TC_H_10_CS", "Answer Occupied to a reservation of an unspecified EVSE when all are occupied")
async def reserves_any_occupied_evse(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    await run.given.energy_transfer_started_everywhere()
    await reserves(run, reservation(run, run.tokens.valid, evseId=None), expect="Occupied")


@CASES.case(
    "TC_H_12_CS", "Answer Unavailable to a reservation of an unspecified EVSE when the station is unavailable"
)
async def reserves_unavailable_station(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    await run.given.unavailable()
    await reserves(run, reservation(run, run.tokens.valid, evseId=None), expect="Unavailable")


@CASES.case("TC_H_13_CS", "Reject a reservation of an unspecified EVSE if NonEvseSpecific is false")
async def refuses_any_evse(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    await reserves(run, reservation(run, run.tokens.valid, evseId=None), expect="Rejected")


@CASES.case("TC_H_14_CS", "Report all connectors Reserved once there are as many reservations as EVSEs")
async def reserves_all_evses(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    for number in range(1, len(run.file.station.evses) + 1):
        token = CaseToken(id_token=f"{number:08}", type=run.tokens.valid.type)
        await reserves(run, reservation(run, token, number=number, evseId=None), expect="Accepted")
    await run.station.reports_all("Reserved")


@CASES.case("TC_H_15_CS", "Reserve a connector by its type, and let the token use it")
async def reserves_type(run: CaseRun) -> None:
    fields = {"connectorType": await connector_type(run)}
    await reserves_somewhere_and_uses_it(run, fields, run.tokens.valid)


@CASES.case("TC_H_16_CS", "Answer Occupied to a reservation of a connector type when all EVSEs are reserved")
async def reserves_reserved_type(run: CaseRun) -> None:
    kind = await connector_type(run)
    await given_all_reserved(run)
    await reserves(run, reservation(run, run.tokens.valid, connectorType=kind), expect="Occupied")


async def connector_type(run: CaseRun) -> str:
    """Return the type of the connector of the case."""
    kind = await run.variable(f"Connector@{run.evse}.{run.file.connector}", "ConnectorType")
    if kind is None:
        raise Inconclusive("the station does not say its ConnectorType")
    return kind


@CASES.case("TC_H_17_CS", "Cancel a reservation, and report its connectors Available")
async def cancels(run: CaseRun) -> None:
    await given_reserved(run)
    await run.csms.sends("CancelReservation", reservationId=RESERVATION_ID, expect="Accepted")
    await run.station.reports("Available", *run.file.connectors_at(run.evse))


@CASES.case("TC_H_18_CS", "Refuse to cancel an unknown reservation")
async def cancels_unknown(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    await run.csms.sends("CancelReservation", reservationId=RESERVATION_ID, expect="Rejected")


@CASES.case("TC_H_19_CS", "Let another token of the same group use a reserved EVSE")
async def reserves_evse_for_group(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**RESERVATIONS_ENABLED)
    request = reservation(run, run.tokens.valid, evseId=run.evse, groupIdToken=group(run))
    await run.state.reserved(request, *run.file.connectors_at(run.evse))
    await answers_with_group(run, run.tokens.second)
    await uses_reservation(run, run.tokens.second, by="local")


def group(run: CaseRun) -> dict[str, str]:
    """Return the IdTokenType of the group in the station file."""
    return {"idToken": run.tokens.group, "type": "Central"}


@CASES.case("TC_H_21_CS", "Remove a reservation when its EVSE is made inoperative")
async def reservation_is_removed(run: CaseRun) -> None:
    connectors = run.file.connectors_at(run.evse)
    await given_reserved(run)
    await run.state.inoperative(run.evse)
    await run.station.reports("Unavailable", *connectors)
    await sends_update(run, "Removed")
    operative = {"operationalStatus": "Operative", "evse": {"id": run.evse}}
    await run.csms.sends("ChangeAvailability", operative, expect="Accepted")
    await run.station.reports("Available", *connectors)
    await run.state.authorized(run.tokens.second)
    await run.state.energy_transfer_started()


@CASES.case("TC_H_22_CS", "Reject a reservation while ReservationCtrlr is not enabled")
async def refuses_reservations(run: CaseRun) -> None:
    await run.given.variables_if_implemented(ReservationCtrlr__Enabled=False)
    await reserves(run, reservation(run, run.tokens.valid), expect="Rejected")


@CASES.case("TC_H_23_CS", "Replace a reservation with the next one of the same id")
async def replaces_reservation(run: CaseRun) -> None:
    await given_reserved(run)
    await reserves(run, reservation(run, run.tokens.second), expect="Accepted")
    await uses_reservation(run, run.tokens.second)


@CASES.case("TC_H_24_CS", "Reserve an unspecified EVSE for a group, and let tokens of the group use any EVSE")
async def reserves_any_evse_for_group(run: CaseRun) -> None:
    await answers_with_group(run, run.tokens.second)
    fields = {"evseId": None, "groupIdToken": group(run)}
    await reserves_somewhere_and_uses_it(run, fields, run.tokens.second)
