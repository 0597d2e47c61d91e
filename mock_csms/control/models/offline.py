"""Models of times in which the mock is offline for a station."""

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, FiniteFloat, WithJsonSchema

from mock_csms.behaviour.faults import LONGEST_DELAY, SendableCloseCode
from mock_csms.control.models.base import Model
from mock_csms.messages import JsonObject
from mock_csms.stations.offline import RefusalKind

REFUSING_STATUSES: Final = [status.value for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST]
DEFAULT_REFUSAL: Final = HTTPStatus.SERVICE_UNAVAILABLE
REFUSALS: Final[JsonObject] = {"enum": [*REFUSING_STATUSES, "hang", "reset"], "default": 503}
"""JSON schema of the ways to refuse a connection."""


def _refusal(value: object) -> RefusalKind:
    if value in ("hang", "reset"):
        return value
    if isinstance(value, int) and value in REFUSING_STATUSES:
        return HTTPStatus(value)
    raise ValueError('use an HTTP status from 400 to 599 such as 503, "hang" or "reset"')


class OfflineRequest(Model):
    """A request to refuse the connections of a station."""

    model_config = ConfigDict(strict=True)

    refuse: Annotated[Any, BeforeValidator(_refusal), WithJsonSchema(REFUSALS)] = DEFAULT_REFUSAL
    """HTTP status (400 to 599) to refuse new connections with, or `hang` or `reset`.

    `hang` accepts the TCP connection and does not answer the opening handshake; after 10 s, it ends the
    connection. `reset` resets the TCP connection.
    """
    for_: Annotated[FiniteFloat | None, Field(alias="for", gt=0, le=LONGEST_DELAY)] = None
    """Seconds until the station may connect again; if omitted, until DELETE or a reset."""
    close: SendableCloseCode | None = None
    """Code of the close frame that ends the connection of the station.

    If omitted, the TCP connection ends without a close frame, as in a loss of the network.
    """


class RefusedAttempt(Model):
    """An attempt to connect that was refused."""

    time: str
    """Time of the opening handshake."""
    remote: str
    """Address and port of the station."""
    listener: str
    """Listener that the station connected to, such as `main`."""


class OfflineSummary(Model):
    """A period in which the mock is offline for a station."""

    active: bool
    """Whether connections of the station are refused now."""
    refuse: int | Literal["hang", "reset"]
    """HTTP status that connections are refused with, or `hang` or `reset`."""
    since: str
    """Time at which the mock went offline."""
    until: str | None
    """Time from which the station may connect again; null if it must wait for DELETE or a reset."""
    count: int
    """Number of refused attempts."""


class OfflineState(OfflineSummary):
    """A period in which the mock is offline for a station, with the station's attempts to connect."""

    attempts: list[RefusedAttempt]
    """The refused attempts, the oldest first; only the newest 1,000 are kept."""
