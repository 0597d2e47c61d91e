"""Stations that prove their identity with a password (OCPP 2.0.1 A00)."""

import base64
from typing import Any

import pytest
import websockets

from tests.support.station import OCPP_2_0_1, PATIENCE


def basic_authorization(user: str, password: str) -> dict[str, str]:
    """Header with Basic credentials (RFC 7617)."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def with_password(password: str, user: str = "CS1", **options: Any) -> dict[str, Any]:
    """Options to connect a station with Basic credentials."""
    return {"additional_headers": basic_authorization(user, password), **options}


async def refused_status(base_url: str, identity: str = "CS1", **options: Any) -> int:
    """Connect a station whose opening handshake is refused, and return the HTTP status."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(
            f"{base_url}/{identity}", subprotocols=[OCPP_2_0_1], open_timeout=PATIENCE, **options
        )
    return caught.value.response.status_code
