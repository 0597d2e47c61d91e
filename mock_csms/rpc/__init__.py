"""OCPP-J on one connection: the edge between the network and what answers."""

from mock_csms.rpc.connection import Exchange, Pending, StationConnection
from mock_csms.rpc.entrance import Entrance
from mock_csms.rpc.failures import (
    CallErrorReceived,
    CallFailed,
    CallTimedOut,
    Disconnected,
    InvalidAnswer,
    InvalidRequest,
)
from mock_csms.rpc.routes import Consequence, Readers, Route, payload_of, route

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
