"""Undocumented names of `fastapi` that this project uses.

- ``APIRoute.dependant``: lists the query parameters of a route.
"""

from fastapi.routing import APIRoute


def query_parameters(route: APIRoute) -> list[str]:
    """Names of the query parameters of a route."""
    return [parameter.alias for parameter in route.dependant.query_params]
