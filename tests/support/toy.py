"""A made-up OCPP version with nothing in common with 2.0.1, to expose assumptions in shared code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import websockets
from ocpp.routing import on
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from commands import start
from mock_csms.csms import Csms, ServedVersion
from mock_csms.findings.kinds import SHARED_KINDS
from mock_csms.findings.observer import Observer
from mock_csms.messages import Dialect, ErrorCode
from mock_csms.ocppj.session import Session
from mock_csms.stations.station import Station
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.versions import OcppVersion

TOY_SUBPROTOCOL = Subprotocol("toy1.0")

TOY_VERSION = OcppVersion(
    name="toy",
    subprotocol=TOY_SUBPROTOCOL,
    from_station=frozenset({"Hello", "Measure"}),
    from_csms=frozenset({"Paint", "Wave"}),
    schemas=Path(__file__).parent / "toy_schemas",
    dialect=Dialect(
        error_codes={
            ErrorCode.FORMAT_VIOLATION: "FormationViolation",
            ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION: "TooFewOrTooMany",
        },
        other_spellings={"FormatViolation": "FormationViolation"},
        unreadable_id=None,
    ),
    fulfilled=frozenset({"Done"}),
    finding_kinds=SHARED_KINDS,
)


@dataclass
class HelloAnswer:
    greeting: str
    wait_seconds: int | None = None


@dataclass
class MeasureAnswer:
    """Answer to Measure, which has no fields."""


@dataclass
class Wave:
    times: int


@dataclass
class Paint:
    color: str


class ToyChargePoint(Session):
    """Session of a station that speaks the toy version."""

    version = TOY_VERSION

    def __init__(self, csms: Csms, station: Station, connection: WebSocketConnection) -> None:
        recorder = csms.recorder(station.id, self.version)
        super().__init__(connection, station, recorder, csms.records.guard, csms.disconnect)

    @on("Hello")  # type: ignore[untyped-decorator]  # `ocpp` has no types
    def on_hello(self, name: str = "") -> HelloAnswer:
        return HelloAnswer(f"hello {name}")

    @on("Measure")  # type: ignore[untyped-decorator]
    def on_measure(self, value: int = 0) -> MeasureAnswer:
        return MeasureAnswer()


TOY = ServedVersion(
    version=TOY_VERSION,
    charge_point=ToyChargePoint,
    commands={
        "Wave": lambda csms, station: Wave(times=3),
        "Paint": lambda csms, station: Paint(color="green"),
    },
    observer=Observer,
    start=start,
)


@asynccontextmanager
async def toy_connection(url: str, identity: str = "TOY1") -> AsyncIterator[ClientConnection]:
    """Connect a bare WebSocket that speaks the toy version."""
    async with websockets.connect(f"{url}/{identity}", subprotocols=[TOY_SUBPROTOCOL]) as connection:
        yield connection
