"""Undocumented names of fastapi that mock_csms/private_api/fastapi.py uses."""

from typing import Annotated

from fastapi import Body, Query
from fastapi.routing import APIRoute


async def endpoint(
    station: str, limit: int = 1, kind: Annotated[str, Query(alias="type")] = "call"
) -> None: ...


def test_body_field_has_annotation_of_body() -> None:
    async def with_body(body: Annotated[dict[str, int], Body()]) -> None: ...

    field = getattr(APIRoute("/", with_body), "body_field", None)

    assert field is not None, "fastapi has removed APIRoute.body_field"
    assert field.field_info.annotation == dict[str, int]


def test_dependant_has_query_parameters_of_route() -> None:
    dependant = getattr(APIRoute("/{station}", endpoint), "dependant", None)

    assert dependant is not None, "fastapi has removed APIRoute.dependant"
    names = [parameter.alias for parameter in dependant.query_params]
    assert names == ["limit", "type"], (
        "APIRoute.dependant.query_params no longer lists the query parameters of a route"
    )
