"""The mock that serves the page, identities for stations, and payloads for forms."""

import json
from pathlib import Path

import pytest

from mock_csms import Settings
from mock_csms.csms import Csms
from mock_csms.stations.station import Station
from mock_csms.v201.action_tables import CSMS_ACTIONS
from mock_csms.v201.learning import learn_from_answer, learn_from_message
from mock_csms.v201.version import OCPP_2_0_1
from server import VERSIONS
from tests.integration.control.conftest import mock, numbers, station_id
from tests.support.payloads import call, full_payload

__all__ = ["mock", "numbers", "station_id"]


@pytest.fixture(scope="session")
def default_payloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """JSON file with the mock's default payload of every command.

    The payloads are for a station with a transaction, a reservation, a display message and a monitor, because
    some commands name one of these.
    """
    station = Station("CS001")
    started = full_payload("TransactionEvent") | {"eventType": "Started"}
    learn_from_message(station, call("TransactionEvent", started))
    for command in ("ReserveNow", "SetDisplayMessage"):
        learn_from_answer(station, command, full_payload(command), {"status": "Accepted"})
    station.monitors[44] = {"id": 44}
    csms, build = Csms(Settings(), VERSIONS), VERSIONS[OCPP_2_0_1.subprotocol].build
    payloads = {command: build(command, csms, station) for command in sorted(CSMS_ACTIONS)}
    file = tmp_path_factory.mktemp("payloads") / "payloads.json"
    file.write_text(json.dumps(payloads), encoding="utf-8")
    return file
