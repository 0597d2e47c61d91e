"""Sends the answers and commands that the mock holds back from a station."""

from collections import Counter
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import Response

from mock_csms.control.call_outcomes import answer_or_problem, outcome_or_detail
from mock_csms.control.models.base import answer
from mock_csms.control.models.calls import CallRequest, Released, ReleaseRequest
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import in_slices, json_response
from mock_csms.control.sending import exchange
from mock_csms.control.stations import StationId, session_of
from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.ocppj.session import Session


def router(csms: Csms) -> APIRouter:
    """Return the route of this module."""
    routes = APIRouter(prefix="/v1/stations", tags=["commands"], route_class=StrictRoute)

    @routes.post(
        "/{station_id:name}/release",
        responses=documented("unknown-station", "not-connected", "nothing-held")
        | answer(Released, "The released answers, then the released commands with their outcomes"),
    )
    async def release(station_id: StationId, request: ReleaseRequest | None = None) -> Response:
        """Send the held answers and commands of a station, the oldest first.

        The fault `hold` holds answers, and `certificates = "hold"` holds CertificateSigned. First, the
        answers are sent; then the commands, each after the answer to the previous one. If nothing is held,
        this request is answered with a problem (409).
        """
        session, request = session_of(csms, csms.spelling(station_id)), request or ReleaseRequest()
        return json_response(await _released(session, request))

    return routes


async def _released(session: Session, request: ReleaseRequest) -> list[JsonObject]:
    """Send held answers, then held commands, and return them; raises Problem if nothing is held."""
    held_before = Counter(held.action for held in session.held)
    released: list[JsonObject] = [
        {
            "action": held.action,
            "outcome": "sent",
            "messageId": held.message_id,
            "elapsed": round(held.elapsed_s, 6),
        }
        async for held in in_slices(session.held.released(request.action, request.count))
    ]
    while request.count is None or len(released) < request.count:
        if not session.connection.is_open or not (command := session.next_held(request.action)):
            break
        call = CallRequest(action=command.action, payload=command.payload)
        outcome = await answer_or_problem(exchange(session, call, command.payload))
        released.append({"action": command.action, "request": command.payload, **outcome_or_detail(outcome)})
    if not released:
        raise _nothing_held(session.station.id, request.action, held_before)
    return released


def _nothing_held(identity: str, action: str | None, held: Counter[str]) -> Problem:
    detail = f"nothing is held back for {identity}"
    if action is not None and held:
        others = ", ".join(f"{count} {name}" for name, count in held.most_common(10))
        detail = f"no {action} is held back for {identity}; the mock holds back the answers to {others}"
    else:
        detail += (
            '; the fault "hold" holds answers back, and certificates = "hold" holds signed certificates back'
        )
    return Problem(HTTPStatus.CONFLICT, "nothing-held", detail)
