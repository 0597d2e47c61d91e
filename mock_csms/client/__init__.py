"""A client of the control API, for tests: `Client`, and `AsyncClient` for asyncio.

    with Client("http://127.0.0.1:9001") as csms:
        station = csms.station("CS1")
        station.waits_for("BootNotification")
        station.call("Reset", type="Immediate").is_("Accepted")
        station.waits_for("BootNotification", reason="RemoteReset", within=60)
        csms.has_no_findings()

The client needs only `httpx`: ``pip install httpx``, or the extra `client` of this project.
"""

from mock_csms.client.answers import CommandAnswer
from mock_csms.client.async_client import AsyncClient
from mock_csms.client.async_station import AsyncStationHandle
from mock_csms.client.client import Client
from mock_csms.client.entries import (
    KnownStation,
    ListenerAddress,
    RefusedConnection,
    StationFinding,
    TranscriptEntry,
    VersionActions,
)
from mock_csms.client.failures import (
    ApiError,
    ClientError,
    NotReachable,
    NotSeen,
    NotVerified,
    StationFailure,
    StreamLost,
    UnwantedFindings,
    UnwantedMessage,
    WrongAnswer,
    WrongArgument,
    WrongMessage,
)
from mock_csms.client.fields import ABSENT, ANY, PayloadDifference
from mock_csms.client.patterns import Pattern
from mock_csms.client.station import StationHandle

__all__ = [
    "ABSENT",
    "ANY",
    "ApiError",
    "AsyncClient",
    "AsyncStationHandle",
    "Client",
    "ClientError",
    "CommandAnswer",
    "KnownStation",
    "ListenerAddress",
    "NotReachable",
    "NotSeen",
    "NotVerified",
    "Pattern",
    "PayloadDifference",
    "RefusedConnection",
    "StationFailure",
    "StationFinding",
    "StationHandle",
    "StreamLost",
    "TranscriptEntry",
    "UnwantedFindings",
    "UnwantedMessage",
    "VersionActions",
    "WrongAnswer",
    "WrongArgument",
    "WrongMessage",
]
