"""A check of the failures that the Python client of the control API raises."""

from collections.abc import Awaitable

import pytest

from mock_csms.client import StationFailure


async def failure_of(verb: Awaitable[object], kind: type[StationFailure]) -> str:
    """Await a call of a client method, assert that it raises exactly ``kind``, and return the text."""
    with pytest.raises(StationFailure) as caught:
        await verb
    assert type(caught.value) is kind
    return str(caught.value)
