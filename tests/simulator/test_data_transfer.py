"""Data transfer of a simulated station."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.data_transfer import ECHO, HELLO, VENDOR, DataTransfers
from tests.support.virtual_station import Workbench


@pytest.fixture
def bench() -> Workbench:
    return Workbench(DataTransfers)


@pytest.mark.parametrize("data", ["text", {"a": [1]}, 0, False, [None]], ids=repr)
def test_echo_returns_its_data(bench: Workbench, data: Any) -> None:
    request = {"vendorId": VENDOR, "messageId": ECHO, "data": data}

    assert bench.command("DataTransfer", request) == {"status": "Accepted", "data": data}


def test_echo_without_data_has_none(bench: Workbench) -> None:
    assert bench.command("DataTransfer", {"vendorId": VENDOR, "messageId": ECHO}) == {"status": "Accepted"}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param({"vendorId": "com.example.other", "messageId": ECHO}, "UnknownVendorId", id="P01.FR.05"),
        pytest.param({"vendorId": VENDOR, "messageId": "Other"}, "UnknownMessageId", id="P01.FR.06"),
        pytest.param({"vendorId": VENDOR}, "UnknownMessageId", id="without message"),
    ],
)
def test_unknown_transfer_is_refused(bench: Workbench, request_: JsonObject, status: str) -> None:
    assert bench.command("DataTransfer", request_) == {"status": status}


def test_station_introduces_itself_once(bench: Workbench) -> None:
    bench.core.boot_accepted.emit()
    bench.core.boot_accepted.emit()

    hello = {"vendorId": VENDOR, "messageId": HELLO, "data": {"messages": [ECHO]}}
    assert bench.sent == [("DataTransfer", hello)]
