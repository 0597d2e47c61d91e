"""Undocumented names of fastapi that mock_csms/private_api/fastapi.py uses."""

from typing import Annotated

from fastapi import Query
from fastapi.routing import APIRoute


async def endpoint(
    station: str, limit: int = 1, kind: Annotated[str, Query(alias="type")] = "call"
) -> None: ...


def test_dependant_of_a_route_has_its_query_parameters() -> None:
    dependant = getattr(APIRoute("/{station}", endpoint), "dependant", None)

    assert dependant is not None, "fastapi has no APIRoute.dependant any more"
    names = [parameter.alias for parameter in dependant.query_params]
    assert names == ["limit", "type"], "APIRoute.dependant.query_params is not the query of a route any more"
