"""Texts of the failures that the client raises."""

from collections.abc import Awaitable

import pytest

from mock_csms.client import StationFailure


async def failure_of(verb: Awaitable[object], kind: type[StationFailure]) -> str:
    """Await a call of a client's method that must raise exactly this exception; return the text."""
    with pytest.raises(StationFailure) as caught:
        await verb
    assert type(caught.value) is kind
    return str(caught.value)
