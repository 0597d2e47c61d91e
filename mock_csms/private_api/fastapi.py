"""Undocumented names of `fastapi` that this project uses.

- ``APIRoute.dependant``: lists the query parameters of a route.
- ``APIRoute.body_field``: has the annotation of the body of a route.
"""

from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute


def query_parameters(route: APIRoute) -> list[str]:
    """Names of the query parameters of a route."""
    return [parameter.alias for parameter in route.dependant.query_params]


def body_annotation(request: Request) -> Any:
    """Annotation of the body of the route of a request; None without a body."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return None if field is None else field.field_info.annotation
