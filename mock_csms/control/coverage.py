"""Coverage of a station: which requirements it has been seen to meet."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic.alias_generators import to_camel

from mock_csms.control.models.base import answer
from mock_csms.control.models.coverage import StationCoverage
from mock_csms.control.problems import documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import json_response
from mock_csms.control.stations import StationId, known_station
from mock_csms.csms import Csms
from mock_csms.findings.coverage import REQUIREMENT_STATES, RequirementState
from mock_csms.findings.requirements import block_of_requirements, requirements_of
from mock_csms.messages import JsonObject
from mock_csms.versions import OcppVersion

_GENERAL: Final = "General rules"
RequirementStates = Annotated[
    Sequence[RequirementState],
    Query(alias="state", description="only requirements in this state; repeat it for several"),
]


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/stations", tags=["findings"], route_class=StrictRoute)

    @routes.get(
        "/{station_id:name}/coverage",
        responses=documented("unknown-station") | answer(StationCoverage, "The coverage"),
    )
    async def get_coverage(station_id: StationId, states: RequirementStates = ()) -> Response:
        """Show which requirements a station has been seen to meet, which it broke, and which no check has
        applied to yet.

        The answer lists only requirements that some kind of finding is about. The coverage begins with the
        first connection of the station; `POST /v1/reset` clears it.
        """
        station = known_station(csms, csms.spelling(station_id))
        version = next(iter(csms.versions.values())).version
        covered = csms.records.coverage(station.id, version.name)
        return json_response(_view(csms, station.id, version, covered, states))

    return routes


def _view(
    csms: Csms,
    station: str,
    version: OcppVersion,
    covered: Mapping[str, RequirementState],
    states: Sequence[RequirementState],
) -> JsonObject:
    requirements: list[JsonObject] = [
        {
            "id": requirement,
            "state": covered.get(requirement, "not exercised"),
            "findings": kind_ids,
            "cases": version.cases_of(requirement),
        }
        for requirement, kind_ids in requirements_of(version.finding_kinds).items()
    ]
    shown = [one for one in requirements if not states or one["state"] in states]
    return {
        "station": station,
        "version": version.name,
        "observed": csms.records.observing,
        "counts": _counts(requirements),
        "blocks": list(_blocks(version, shown)),
    }


def _blocks(version: OcppVersion, shown: list[JsonObject]) -> Iterator[JsonObject]:
    for letter, name in {"": _GENERAL, **version.blocks}.items():
        if requirements := [one for one in shown if block_of_requirements(one["id"]) == letter]:
            yield {"id": letter, "name": name, "counts": _counts(requirements), "requirements": requirements}


def _counts(requirements: list[JsonObject]) -> JsonObject:
    counts = Counter(requirement["state"] for requirement in requirements)
    return {to_camel(state.replace(" ", "_")): counts[state] for state in REQUIREMENT_STATES}
