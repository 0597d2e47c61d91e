"""Failures of the client."""

from collections.abc import Awaitable

import pytest

from mock_csms.client import StationFailure


async def failure_of(verb: Awaitable[object], kind: type[StationFailure]) -> str:
    """Return the text of a failure."""
    with pytest.raises(StationFailure) as caught:
        await verb
    assert type(caught.value) is kind
    return str(caught.value)
