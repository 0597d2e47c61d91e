"""Undocumented names of fastapi that mock_csms/private_api/fastapi.py uses."""

from typing import Annotated

from fastapi import Query
from fastapi.routing import APIRoute


async def endpoint(
    station: str, limit: int = 1, kind: Annotated[str, Query(alias="type")] = "call"
) -> None: ...


def test_dependant_has_query_parameters_of_route() -> None:
    dependant = getattr(APIRoute("/{station}", endpoint), "dependant", None)

    assert dependant is not None, "fastapi has removed APIRoute.dependant"
    names = [parameter.alias for parameter in dependant.query_params]
    assert names == ["limit", "type"], (
        "APIRoute.dependant.query_params no longer lists the query parameters of a route"
    )
