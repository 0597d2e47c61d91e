"""docs/station-messages.md is right: the simulated station sends or answers each message on the page."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.data_transfer import ECHO, VENDOR
from mock_csms.simulator.metering import Vehicle
from mock_csms.v201.action_tables import CSMS_ACTIONS, STATION_ACTIONS
from mock_csms.v201.version import OCPP_2_0_1
from tests.simulator.test_certificates import STATION, V2G
from tests.support.authority import Authority
from tests.support.driving import set_variable
from tests.support.observed_station import FILES_URL, TOKEN, ObservedStation, file_server
from tests.support.paths import ROOT
from tests.support.virtual_station import START

__all__ = ["file_server"]

PAGE: Final = ROOT / "docs" / "station-messages.md"
STATUS_PROPERTIES: Final = frozenset({"status", "attributeStatus"})
NAMELESS_ANSWERS: Final = frozenset({"CostUpdated", "GetLocalListVersion", "GetTransactionStatus"})
"""Commands whose answer has no status."""


class Row(NamedTuple):
    """A row of a table on the page; ``answer`` is empty in the table of the station's messages."""

    name: str
    answer: str
    test: str


def rows(heading: str) -> Iterator[Row]:
    section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in {"Command", "Message", "---"}:
            yield Row(cells[0], cells[1] if len(cells) == 4 else "", cells[-1].strip("`"))


COMMANDS: Final = list(rows("Commands"))
MESSAGES: Final = list(rows("Messages"))


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / "simulator" / file).read_text())
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def statuses(schema: Any, definitions: JsonObject, name: str = "") -> Iterator[str]:
    """Yield the possible values of the status properties in the schema of an answer."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if name in STATUS_PROPERTIES:
        yield from schema.get("enum", ())
    for key, part in schema.get("properties", {}).items():
        yield from statuses(part, definitions, key)
    if "items" in schema:
        yield from statuses(schema["items"], definitions)


def test_page_has_every_command_and_message_once() -> None:
    assert [row.name for row in COMMANDS] == sorted(CSMS_ACTIONS)
    assert [row.name for row in MESSAGES] == sorted(STATION_ACTIONS)
    assert (len(COMMANDS), len(MESSAGES)) == (40, 25)


@pytest.mark.parametrize("row", [*COMMANDS, *MESSAGES], ids=lambda row: row.name)
def test_named_test_exists(row: Row) -> None:
    file, _, name = row.test.partition("::")

    assert name in names_in(file)


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_named_status_is_in_the_schema(row: Row) -> None:
    schema = OCPP_2_0_1.response(row.name).read()
    named = set(re.findall(r"`(\w+)`", row.answer))

    assert named <= set(statuses(schema, schema.get("definitions", {})))
    assert bool(named) == (row.name not in NAMELESS_ANSWERS)


# Messages


def limit(amperes: float, **fields: Any) -> JsonObject:
    """Charging profile with one limit."""
    periods = [{"startPeriod": 0, "limit": amperes}]
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": periods}],
        **fields,
    }


def in_seconds(observed: ObservedStation, seconds: float) -> str:
    moment = datetime.fromtimestamp(observed.host.time(), UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="seconds")


def accept(observed: ObservedStation, action: str, **payload: Any) -> JsonObject:
    """Send a command that the station accepts, wait for the effect, and return the answer."""
    answer = observed.command(action, payload)
    assert answer is not None
    assert answer.get("status", "Accepted") == "Accepted"
    observed.advance(5)
    return answer


def charge_with_iso_15118(observed: ObservedStation) -> None:
    """Charge an ISO 15118 vehicle with a charging profile, and stop the transaction remotely."""
    observed.station.plug_in(1, vehicle=Vehicle(has_iso_15118=True))
    observed.advance(2)
    observed.station.present(TOKEN, 1)
    observed.advance(5)
    transaction_id = observed.calls("TransactionEvent")[-1]["transactionInfo"]["transactionId"]
    profile = limit(10, chargingProfilePurpose="TxProfile", transactionId=transaction_id)
    accept(observed, "SetChargingProfile", evseId=1, chargingProfile=profile)
    accept(observed, "GetChargingProfiles", requestId=1, chargingProfile={})
    accept(observed, "RequestStopTransaction", transactionId=transaction_id)
    observed.station.unplug(1)
    observed.advance(5)


def limit_externally(observed: ObservedStation) -> None:
    set_variable(observed, "SmartChargingCtrlr.ExternalControlSignalsEnabled", "true")
    observed.station.smart_charging.set_external_limit(10)
    observed.advance(5)
    observed.station.smart_charging.set_external_limit(None)
    observed.advance(5)


def request_reports(observed: ObservedStation) -> None:
    accept(observed, "GetBaseReport", requestId=2, reportBase="SummaryInventory")
    accept(observed, "GetMonitoringReport", requestId=3)
    message = {"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": "Hello"}}
    accept(observed, "SetDisplayMessage", message=message)
    accept(observed, "GetDisplayMessages", requestId=4)
    accept(observed, "CustomerInformation", requestId=5, report=True, clear=False, idToken=TOKEN)


def transfer_files(observed: ObservedStation) -> None:
    log = {"remoteLocation": FILES_URL}
    accept(observed, "GetLog", requestId=6, logType="DiagnosticsLog", log=log)
    accept(observed, "PublishFirmware", requestId=7, location=FILES_URL, checksum="0" * 32)
    firmware = {"location": FILES_URL, "retrieveDateTime": in_seconds(observed, 0)}
    accept(observed, "UpdateFirmware", requestId=8, firmware=firmware)
    observed.advance(60)


def let_a_reservation_expire(observed: ObservedStation) -> None:
    accept(observed, "ReserveNow", id=1, expiryDateTime=in_seconds(observed, 30), idToken=TOKEN, evseId=2)
    observed.advance(40)


def break_the_station(observed: ObservedStation) -> None:
    for evse_id in (1, 2):
        observed.station.charging.fault(evse_id)
    observed.advance(5)


def sign_v2g_certificate(observed: ObservedStation) -> None:
    accept(observed, "TriggerMessage", requestedMessage="SignV2GCertificate")
    chain = Authority("CA").sign(observed.calls("SignCertificate")[-1]["csr"])
    accept(observed, "CertificateSigned", certificateChain=chain, certificateType=V2G)


LIFE: Final[tuple[Callable[[ObservedStation], None], ...]] = (
    limit_externally,
    sign_v2g_certificate,
    charge_with_iso_15118,
    request_reports,
    let_a_reservation_expire,
    transfer_files,
    break_the_station,
)


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> ObservedStation:
    """A station that has booted; test certificates are valid at its virtual time."""
    monkeypatch.setattr("tests.support.authority.NOW", datetime.fromtimestamp(START, UTC))
    started = ObservedStation(heartbeat_s=60)
    started.start()
    return started


@pytest.mark.usefixtures("file_server")
def test_every_message_is_sent_in_one_life(observed: ObservedStation) -> None:
    set_variable(observed, "AlignedDataCtrlr.Interval", "60")
    for step in LIFE:
        step(observed)
    observed.advance(120)

    sent = {frame[2] for _, way, frame in observed.journal if way == "received" and frame[0] == 2}
    assert STATION_ACTIONS - sent == set()
    assert observed.end() == []


# Commands

ANY_HASH: Final[JsonObject] = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "00",
    "issuerKeyHash": "00",
    "serialNumber": "1",
}
HEARTBEAT_INTERVAL: Final[JsonObject] = {
    "component": {"name": "OCPPCommCtrlr"},
    "variable": {"name": "HeartbeatInterval"},
}
NETWORK_PROFILE: Final[JsonObject] = {
    "ocppVersion": "OCPP20",
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "ws://central-system",
    "messageTimeout": 30,
    "securityProfile": 1,
    "ocppInterface": "Wired0",
}
MONITOR: Final[JsonObject] = {**HEARTBEAT_INTERVAL, "value": 1, "type": "Delta", "severity": 5}
MESSAGE: Final[JsonObject] = {
    "id": 1,
    "priority": "NormalCycle",
    "message": {"format": "UTF8", "content": "Hello"},
}

PAYLOADS: Final[Mapping[str, JsonObject]] = {
    "CancelReservation": {"reservationId": 1},
    "CertificateSigned": {"certificateChain": "none", "certificateType": STATION},
    "ChangeAvailability": {"operationalStatus": "Inoperative"},
    "ClearCache": {},
    "ClearChargingProfile": {"chargingProfileId": 1},
    "ClearDisplayMessage": {"id": 1},
    "ClearVariableMonitoring": {"id": [1]},
    "CostUpdated": {"totalCost": 1.5, "transactionId": "T1"},
    "CustomerInformation": {"requestId": 1, "report": True, "clear": True, "idToken": TOKEN},
    "DataTransfer": {"vendorId": VENDOR, "messageId": ECHO, "data": [1]},
    "DeleteCertificate": {"certificateHashData": ANY_HASH},
    "GetBaseReport": {"requestId": 1, "reportBase": "FullInventory"},
    "GetChargingProfiles": {"requestId": 1, "chargingProfile": {}},
    "GetCompositeSchedule": {"duration": 600, "evseId": 1},
    "GetDisplayMessages": {"requestId": 1},
    "GetInstalledCertificateIds": {},
    "GetLocalListVersion": {},
    "GetLog": {"requestId": 1, "logType": "SecurityLog", "log": {"remoteLocation": FILES_URL}},
    "GetMonitoringReport": {"requestId": 1},
    "GetReport": {"requestId": 1, "componentCriteria": ["Active"]},
    "GetTransactionStatus": {},
    "GetVariables": {"getVariableData": [HEARTBEAT_INTERVAL]},
    "InstallCertificate": {"certificateType": "CSMSRootCertificate", "certificate": "none"},
    "PublishFirmware": {"requestId": 1, "location": FILES_URL, "checksum": "0" * 32},
    "RequestStartTransaction": {"remoteStartId": 1, "idToken": TOKEN, "evseId": 1},
    "RequestStopTransaction": {"transactionId": "T1"},
    "ReserveNow": {"id": 1, "expiryDateTime": "2026-01-02T00:00:00Z", "idToken": TOKEN, "evseId": 1},
    "Reset": {"type": "Immediate"},
    "SendLocalList": {"versionNumber": 1, "updateType": "Full"},
    "SetChargingProfile": {"evseId": 1, "chargingProfile": limit(10)},
    "SetDisplayMessage": {"message": MESSAGE},
    "SetMonitoringBase": {"monitoringBase": "All"},
    "SetMonitoringLevel": {"severity": 5},
    "SetNetworkProfile": {"configurationSlot": 2, "connectionData": NETWORK_PROFILE},
    "SetVariableMonitoring": {"setMonitoringData": [MONITOR]},
    "SetVariables": {"setVariableData": [{**HEARTBEAT_INTERVAL, "attributeValue": "60"}]},
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "UnlockConnector": {"evseId": 1, "connectorId": 1},
    "UnpublishFirmware": {"checksum": "0" * 32},
    "UpdateFirmware": {
        "requestId": 1,
        "firmware": {"location": FILES_URL, "retrieveDateTime": "2026-01-01T00:00:00Z"},
    },
}


@pytest.mark.usefixtures("file_server")
def test_every_command_is_answered_in_one_life(observed: ObservedStation) -> None:
    assert PAYLOADS.keys() == CSMS_ACTIONS
    for action in [*sorted(PAYLOADS.keys() - {"Reset"}), "Reset"]:
        answer = observed.command(action, PAYLOADS[action])

        assert answer is not None, action
        assert OCPP_2_0_1.response(action).violation(answer) is None
        observed.advance(3)
    observed.advance(120)

    assert [frame for _, _, frame in observed.journal if frame and frame[0] == 4] == []
    assert observed.end() == []
