"""OCPP-J on one connection: the edge between the network and what answers."""

from mock_csms.errors import (
    CallErrorReceived,
    CallFailed,
    CallTimedOut,
    Disconnected,
    InvalidAnswer,
    InvalidRequest,
)
from mock_csms.ocppj.routes import Consequence, Readers, Route, payload_of, route
from mock_csms.ocppj.session import Exchange, Pending, StationConnection
from mock_csms.transport.listener import Entrance

__all__ = [
    "CallErrorReceived",
    "CallFailed",
    "CallTimedOut",
    "Consequence",
    "Disconnected",
    "Entrance",
    "Exchange",
    "InvalidAnswer",
    "InvalidRequest",
    "Pending",
    "Readers",
    "Route",
    "StationConnection",
    "payload_of",
    "route",
]
