"""Each misbehaviour leads to its finding and to no other error."""

import re
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from mock_csms.errors import UsageError
from mock_csms.simulator.certificate_data import certificate_hash_data, parse_chain
from mock_csms.simulator.misbehaviour import MISBEHAVIOURS, Misbehaviour
from mock_csms.text import timestamp
from tests.support.authority import Authority
from tests.support.observed_station import TOKEN, ObservedStation, file_server
from tests.support.random_life import profile

__all__ = ["file_server"]

DECIDING_VARIABLES = [
    {"component": {"name": component}, "variable": {"name": variable}}
    for component, variable in (
        ("AuthCtrlr", "AuthorizeRemoteStart"),
        ("OCPPCommCtrlr", "OfflineThreshold"),
        ("TxCtrlr", "TxStartPoint"),
    )
]
"""Variables on whose values the findings about remote starts and offline periods depend."""
AUTHORITY, OPERATOR = (Authority(name, start=datetime(2025, 12, 1, tzinfo=UTC)) for name in ("CSMS", "MO"))
VARIABLES = ("HeartbeatInterval", "OfflineThreshold")

pytestmark = pytest.mark.usefixtures("file_server")


def play_session(observed: ObservedStation) -> None:
    """Play a session in which each misbehaviour has an occasion to cause its finding."""
    observed.start()
    start_while_pending(observed)
    observed.advance(200)
    check_commands(observed)
    ask_for_data(observed)
    sign_certificate(observed)
    manage_certificates(observed)
    transfer_files(observed)
    charge_locally(observed)
    charge_with_reservation(observed)
    let_reservation_expire(observed)
    set_and_clear_profile(observed)
    charge_remotely(observed)
    change_availability(observed)
    change_availability_during_transaction(observed)
    reset_during_transaction(observed)
    observed.advance(100)
    observed.command("Reset", {"type": "Immediate"})
    observed.advance(130)
    observed.end()


def check_commands(observed: ObservedStation) -> None:
    observed.command("ClearCache")
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(70)
    observed.command("TriggerMessage", {"requestedMessage": "MeterValues"})
    observed.advance(40)


def start_while_pending(observed: ObservedStation) -> None:
    observed.advance(5)
    observed.command("RequestStartTransaction", {"remoteStartId": 4, "idToken": TOKEN})


def ask_for_data(observed: ObservedStation) -> None:
    names = ({"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name}} for name in VARIABLES)
    interval, threshold = names
    observed.command("GetVariables", {"getVariableData": [interval, threshold]})
    remote = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "AuthorizeRemoteStart"}}
    values = [{**threshold, "attributeValue": "60"}, {**remote, "attributeValue": "false"}]
    observed.command("SetVariables", {"setVariableData": values})
    observed.command("TriggerMessage", {"requestedMessage": "BootNotification"})
    log = {"requestId": 20, "logType": "DiagnosticsLog", "log": {"remoteLocation": "http://files/"}}
    observed.command("GetLog", log)
    observed.advance(610)


def sign_certificate(observed: ObservedStation) -> None:
    observed.command("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    observed.advance(20)
    signed = {"certificateChain": "x", "certificateType": "ChargingStationCertificate"}
    observed.command("CertificateSigned", signed)
    observed.advance(20)


def manage_certificates(observed: ObservedStation) -> None:
    """Install roots, renew the certificate of the station, and try to delete a root and that certificate."""
    for kind in ("CSMSRootCertificate", "MORootCertificate"):
        root = AUTHORITY if kind == "CSMSRootCertificate" else OPERATOR
        observed.command("InstallCertificate", {"certificateType": kind, "certificate": root.pem})
    observed.command("GetInstalledCertificateIds")
    observed.command("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    observed.advance(20)
    chain = AUTHORITY.sign(observed.calls("SignCertificate")[-1]["csr"])
    signed = {"certificateChain": chain, "certificateType": "ChargingStationCertificate"}
    observed.command("CertificateSigned", signed)
    observed.advance(30)
    own = parse_chain(chain)[0]
    for certificate, issuer in ((OPERATOR.certificate, OPERATOR), (own, AUTHORITY)):
        hash_data = certificate_hash_data(certificate, issuer.certificate)
        observed.command("DeleteCertificate", {"certificateHashData": hash_data})
    observed.command("GetInstalledCertificateIds", {"certificateType": ["MORootCertificate"]})


def reset_during_transaction(observed: ObservedStation) -> None:
    station = observed.station
    station.plug_in()
    observed.advance(5)
    station.present(TOKEN)
    observed.advance(60)
    observed.command("UnlockConnector", {"evseId": 1, "connectorId": 1})
    observed.command("Reset", {"type": "OnIdle"})
    observed.advance(130)
    station.present(TOKEN)
    observed.advance(5)
    station.unplug()
    observed.advance(130)


def transfer_files(observed: ObservedStation) -> None:
    log = {"requestId": 2, "logType": "DiagnosticsLog", "log": {"remoteLocation": "http://files/"}}
    observed.command("GetLog", log)
    observed.advance(5)
    firmware = {"location": "http://files/firmware", "retrieveDateTime": "2026-01-01T00:00:00Z"}
    observed.command("UpdateFirmware", {"requestId": 3, "firmware": firmware})
    observed.advance(120)


def charge_locally(observed: ObservedStation) -> None:
    station = observed.station
    station.plug_in()
    observed.advance(5)
    station.present(TOKEN)
    observed.advance(150)
    station.present(TOKEN)
    observed.advance(5)
    station.unplug()
    observed.advance(10)


def charge_with_reservation(observed: ObservedStation) -> None:
    station = observed.station
    expiry = timestamp(datetime.fromtimestamp(observed.host.time() + 3600, UTC))
    observed.command("TriggerMessage", {"requestedMessage": "MeterValues"})
    observed.command("ReserveNow", {"id": 8, "expiryDateTime": expiry, "idToken": TOKEN, "evseId": 1})
    observed.advance(5)
    station.plug_in()
    observed.advance(5)
    station.present(TOKEN)
    observed.advance(70)
    observed.command("TriggerMessage", {"requestedMessage": "MeterValues"})
    observed.advance(20)
    observed.command("TriggerMessage", {"requestedMessage": "MeterValues"})
    observed.advance(40)
    station.present(TOKEN)
    observed.advance(5)
    station.unplug()
    observed.advance(10)


def let_reservation_expire(observed: ObservedStation) -> None:
    expiry = timestamp(datetime.fromtimestamp(observed.host.time() + 30, UTC))
    observed.command("ReserveNow", {"id": 9, "expiryDateTime": expiry, "idToken": TOKEN, "evseId": 2})
    observed.advance(100)


def set_and_clear_profile(observed: ObservedStation) -> None:
    default = profile(1, Random(1))
    observed.command("SetChargingProfile", {"evseId": 1, "chargingProfile": default})
    observed.command("ClearChargingProfile", {"chargingProfileId": default["id"]})


def charge_remotely(observed: ObservedStation) -> None:
    station = observed.station
    station.plug_in()
    observed.advance(5)
    observed.command("GetVariables", {"getVariableData": DECIDING_VARIABLES})
    observed.command("RequestStartTransaction", {"remoteStartId": 5, "idToken": TOKEN, "evseId": 1})
    observed.advance(130)
    station.go_offline(400)
    observed.advance(460)
    events = observed.calls("TransactionEvent")
    observed.command(
        "RequestStopTransaction", {"transactionId": events[-1]["transactionInfo"]["transactionId"]}
    )
    observed.advance(130)
    station.unplug()
    observed.advance(10)


def change_availability(observed: ObservedStation) -> None:
    for status in ("Inoperative", "Operative"):
        observed.command("ChangeAvailability", {"operationalStatus": status})
        observed.advance(150)


def change_availability_during_transaction(observed: ObservedStation) -> None:
    station, scope = observed.station, {"evse": {"id": 1}}
    station.plug_in()
    observed.advance(5)
    station.present(TOKEN)
    observed.advance(60)
    observed.command("ChangeAvailability", {"operationalStatus": "Inoperative", **scope})
    observed.advance(130)
    station.present(TOKEN)
    observed.advance(5)
    station.unplug()
    observed.advance(70)
    observed.command("ChangeAvailability", {"operationalStatus": "Operative", **scope})
    observed.advance(70)


def played(*names: str, **options: Any) -> ObservedStation:
    observed = ObservedStation(*names, boots=["Pending"], heartbeat_s=60, **options)
    play_session(observed)
    return observed


def test_conforming_station_has_no_findings() -> None:
    assert played().findings == []


CONSEQUENCES = {
    "never-end-transaction": {"unplugging-not-reported"},
    "never-start-remotely": {"remote-start-transaction-not-named"},
    "reuse-transaction-id": {"remote-stop-rejected"},
    "run-clock-ahead": {"clock-not-synchronized"},
}
"""Other findings that a misbehaviour inevitably causes, by misbehaviour."""


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
def test_misbehaviour_leads_to_its_finding_only(misbehaviour: Misbehaviour) -> None:
    observed = played(misbehaviour.name)

    found = {finding.id for finding in observed.findings}
    assert found == {misbehaviour.finding} | CONSEQUENCES.get(misbehaviour.name, set())


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
def test_misbehaviour_is_described_in_one_sentence(misbehaviour: Misbehaviour) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", misbehaviour.name)
    assert misbehaviour.description.isprintable()
    assert misbehaviour.description.endswith(".")
    assert misbehaviour.deviations


def test_misbehaviours_combine() -> None:
    observed = played("skip-seq-no", "never-reset", "repeat-answer")

    assert observed.errors == {"seq-no-missing", "reset-not-carried-out", "answer-repeated"}


def test_unknown_misbehaviour_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown misbehaviour 'dance'"):
        ObservedStation("dance")
