"""Undocumented names of `fastapi` that this project uses.

- ``APIRoute.dependant``: the parameters that a route reads from its query.
"""

from fastapi.routing import APIRoute


def query_parameters(route: APIRoute) -> list[str]:
    """Names of the parameters that a route takes in its query."""
    return [parameter.alias for parameter in route.dependant.query_params]
