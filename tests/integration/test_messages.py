"""Every message of a station over a real socket; the `ocpp` station validates the answers."""

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action

from charge_point import ChargePoint
from mock_csms.csms import Csms
from mock_csms.stations.transactions import parse_timestamp
from mock_csms.v201.action_tables import STATION_ACTIONS
from tests.conftest import Serve
from tests.support.station import COMPONENT, ID_TOKEN, VARIABLE, connected, now

SAMPLE = {"timestamp": "2026-01-01T00:00:00Z", "sampled_value": [{"value": 1.0}]}
SCHEDULE = {
    "id": 1,
    "charging_rate_unit": "A",
    "charging_schedule_period": [{"start_period": 0, "limit": 16.0}],
}
PROFILE = {
    "id": 11,
    "stack_level": 0,
    "charging_profile_purpose": "TxDefaultProfile",
    "charging_profile_kind": "Absolute",
    "charging_schedule": [SCHEDULE],
}
HASH_DATA = {
    "hash_algorithm": "SHA256",
    "issuer_name_hash": "ab" * 32,
    "issuer_key_hash": "cd" * 32,
    "serial_number": "0123",
}

NOTIFICATIONS: dict[str, Any] = {
    "StatusNotification": call.StatusNotification(now(), "Available", 1, 1),
    "MeterValues": call.MeterValues(evse_id=1, meter_value=[SAMPLE]),
    "SecurityEventNotification": call.SecurityEventNotification("StartupOfTheDevice", now()),
    "NotifyReport": call.NotifyReport(request_id=1, generated_at=now(), seq_no=0),
    "NotifyMonitoringReport": call.NotifyMonitoringReport(request_id=1, seq_no=0, generated_at=now()),
    "NotifyEvent": call.NotifyEvent(
        generated_at=now(),
        seq_no=0,
        event_data=[
            {
                "event_id": 1,
                "timestamp": now(),
                "trigger": "Delta",
                "actual_value": "60",
                "event_notification_type": "HardWiredNotification",
                "component": COMPONENT,
                "variable": VARIABLE,
            }
        ],
    ),
    "NotifyCustomerInformation": call.NotifyCustomerInformation("nothing", 0, now(), 1),
    "NotifyDisplayMessages": call.NotifyDisplayMessages(request_id=1),
    "NotifyChargingLimit": call.NotifyChargingLimit(charging_limit={"charging_limit_source": "EMS"}),
    "ClearedChargingLimit": call.ClearedChargingLimit(charging_limit_source="EMS"),
    "ReportChargingProfiles": call.ReportChargingProfiles(1, "CSO", [PROFILE], 1),
    "ReservationStatusUpdate": call.ReservationStatusUpdate(1, "Expired"),
    "FirmwareStatusNotification": call.FirmwareStatusNotification(status="Downloading", request_id=1),
    "PublishFirmwareStatusNotification": call.PublishFirmwareStatusNotification(status="Downloading"),
    "LogStatusNotification": call.LogStatusNotification(status="Uploading", request_id=1),
}
"""Messages that are answered with an empty payload."""


@pytest.mark.parametrize("action", NOTIFICATIONS)
async def test_notification_is_confirmed_with_an_empty_payload(csms: Csms, action: str) -> None:
    async with connected(csms) as station:
        answer = await station.send(NOTIFICATIONS[action])
    assert answer == getattr(call_result, action)()


async def test_boot_notification_is_accepted_with_the_time_and_the_heartbeat_interval(serve: Serve) -> None:
    csms = await serve(heartbeat_interval=77)
    async with connected(csms) as station:
        answer = await station.boot()
    assert (answer.status, answer.interval) == ("Accepted", 77)
    assert answer.current_time.endswith("Z")
    assert parse_timestamp(answer.current_time) is not None


async def test_heartbeat_is_answered_with_the_time_in_milliseconds(csms: Csms) -> None:
    async with connected(csms) as station:
        answer = await station.send(call.Heartbeat())
    assert len(answer.current_time) == len("2026-01-01T00:00:00.000Z")
    assert answer.current_time.endswith("Z")


async def test_authorize_accepts_the_token(csms: Csms) -> None:
    async with connected(csms) as station:
        answer = await station.send(call.Authorize(id_token=ID_TOKEN))
    assert answer == call_result.Authorize(id_token_info={"status": "Accepted"})


async def test_authorize_checks_the_certificate_of_the_token(csms: Csms) -> None:
    request = call.Authorize(
        id_token={"id_token": "DE-8AA-1", "type": "eMAID"},
        iso15118_certificate_hash_data=[{**HASH_DATA, "responder_url": "http://ocsp.example"}],
    )
    async with connected(csms) as station:
        assert (await station.send(request)).certificate_status == "Accepted"


async def test_authorize_accepts_an_empty_token(csms: Csms) -> None:
    """A start button sends NoAuthorization with an empty idToken (C02)."""
    async with connected(csms) as station:
        answer = await station.send(call.Authorize(id_token={"id_token": "", "type": "NoAuthorization"}))
    assert answer.id_token_info == {"status": "Accepted"}


@pytest.mark.parametrize("event", ["Started", "Updated", "Ended"])
async def test_transaction_event_with_a_token_is_answered_with_id_token_info(csms: Csms, event: str) -> None:
    """E01.FR.12, TC_E_16_CSMS."""
    async with connected(csms) as station:
        answer = await station.transaction(event, 0, id_token=ID_TOKEN)
    assert answer.id_token_info == {"status": "Accepted"}


@pytest.mark.parametrize("event", ["Started", "Updated", "Ended"])
async def test_transaction_event_without_a_token_is_answered_without_id_token_info(
    csms: Csms, event: str
) -> None:
    async with connected(csms) as station:
        answer = await station.transaction(event, 0)
    assert answer.id_token_info is None


def energy(at: str, wh: float) -> list[dict[str, Any]]:
    return [{"timestamp": at, "sampled_value": [{"value": wh}]}]


async def test_total_cost_follows_the_meter_and_is_final_when_the_transaction_ends(serve: Serve) -> None:
    csms = await serve(cost_per_kwh=0.5)
    async with connected(csms) as station:
        started = await station.transaction("Started", 0, meter_value=energy("2026-01-01T10:00:00Z", 1000))
        updated = await station.transaction("Updated", 1, meter_value=energy("2026-01-01T10:10:00Z", 3000))
        ended = await station.transaction("Ended", 2, meter_value=energy("2026-01-01T10:20:00Z", 6000))
    assert (started.total_cost, updated.total_cost, ended.total_cost) == (None, 1.0, 2.5)


async def test_fixed_total_cost_ignores_the_meter(serve: Serve) -> None:
    csms = await serve(total_cost=12.5)
    async with connected(csms) as station:
        ended = await station.transaction("Ended", 0, meter_value=energy("2026-01-01T10:00:00Z", 1000))
    assert ended.total_cost == 12.5


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([("Updated", 1), ("Started", 0), ("Ended", 2)], id="out of order"),
        pytest.param([("Started", 0), ("Started", 0), ("Ended", 1), ("Ended", 1)], id="twice"),
        pytest.param([("Ended", 5), ("Updated", 3), ("Updated", 4)], id="after the end"),
        pytest.param([("Updated", 17)], id="unknown transaction"),
    ],
)
async def test_odd_transaction_events_are_answered_normally(
    csms: Csms, events: list[tuple[str, int]]
) -> None:
    """P6 2.1, TC_E_31_CSMS."""
    async with connected(csms) as station:
        for event, seq_no in events:
            answer = await station.transaction(event, seq_no, id_token=ID_TOKEN)
            assert answer.id_token_info == {"status": "Accepted"}
    transaction = csms.stations["CS1"].transactions["tx-1"]
    assert transaction.events == len(events)
    assert transaction.ended == any(event == "Ended" for event, _ in events)


def build_csr(common_name: str) -> tuple[str, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return csr.public_bytes(serialization.Encoding.PEM).decode(), key


async def test_sign_certificate_is_followed_by_a_chain_signed_from_that_csr(csms: Csms) -> None:
    """A02, A03."""
    csr, key = build_csr("CS1")
    async with connected(csms) as station:
        answer = await station.send(call.SignCertificate(csr=csr, certificate_type="V2GCertificate"))
        signed = await station.next("CertificateSigned")
    leaf, issuer, *_ = x509.load_pem_x509_certificates(signed["certificate_chain"].encode())
    assert answer.status == "Accepted"
    assert signed["certificate_type"] == "V2GCertificate"
    assert leaf.public_key() == key.public_key()
    leaf.verify_directly_issued_by(issuer)


async def test_sign_certificate_without_a_type_is_followed_by_a_chain_without_one(csms: Csms) -> None:
    async with connected(csms) as station:
        await station.send(call.SignCertificate(csr=build_csr("CS1")[0]))
        assert "certificate_type" not in await station.next("CertificateSigned")


async def test_sign_certificate_with_an_invalid_csr_is_rejected(csms: Csms) -> None:
    async with connected(csms) as station:
        answer = await station.send(call.SignCertificate(csr="not a CSR"))
    assert answer.status == "Rejected"
    assert answer.status_info["reason_code"] == "InvalidCSR"


async def test_get_certificate_status_is_answered_with_an_ocsp_response_for_that_certificate(
    csms: Csms,
) -> None:
    """M06."""
    request = call.GetCertificateStatus(
        ocsp_request_data={**HASH_DATA, "responder_url": "http://ocsp.example"}
    )
    async with connected(csms) as station:
        answer = await station.send(request)
    response = ocsp.load_der_ocsp_response(base64.b64decode(answer.ocsp_result))
    assert answer.status == "Accepted"
    assert response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    assert response.serial_number == 0x0123


async def test_get_certificate_status_with_invalid_hashes_fails(csms: Csms) -> None:
    data = {**HASH_DATA, "issuer_name_hash": "xyz", "responder_url": "http://ocsp.example"}
    async with connected(csms) as station:
        answer = await station.send(call.GetCertificateStatus(ocsp_request_data=data))
    assert (answer.status, answer.ocsp_result) == ("Failed", None)


async def test_get_15118_ev_certificate_is_answered_with_an_exi_response(csms: Csms) -> None:
    request = call.Get15118EVCertificate("urn:iso:15118:2:2013:MsgDef", "Install", "ZXhp")
    async with connected(csms) as station:
        answer = await station.send(request)
    assert answer.status == "Accepted"
    assert base64.b64decode(answer.exi_response, validate=True)


async def test_charging_needs_are_accepted_and_stored(csms: Csms) -> None:
    request = call.NotifyEVChargingNeeds(
        evse_id=2, charging_needs={"requested_energy_transfer": "AC_three_phase"}
    )
    async with connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 2})
        answer = await station.send(request)
    assert answer.status == "Accepted"
    assert csms.stations["CS1"].charging_needs[2]["requestedEnergyTransfer"] == "AC_three_phase"


async def test_charging_schedule_is_accepted_and_stored(csms: Csms) -> None:
    request = call.NotifyEVChargingSchedule(time_base=now(), charging_schedule=SCHEDULE, evse_id=2)
    async with connected(csms) as station:
        answer = await station.send(request)
    assert answer.status == "Accepted"
    assert csms.stations["CS1"].charging_schedules[2]["chargingRateUnit"] == "A"


async def test_data_transfer_is_answered_with_unknown_vendor(csms: Csms) -> None:
    """P02."""
    async with connected(csms) as station:
        answer = await station.send(call.DataTransfer(vendor_id="com.example", data={"any": ["thing"]}))
    assert answer.status == "UnknownVendorId"


async def test_custom_data_is_accepted_and_ignored(csms: Csms) -> None:
    """TC_P_03."""
    async with connected(csms) as station:
        answer = await station.send(call.Heartbeat(custom_data={"vendor_id": "x", "any_thing": 1}))
    assert answer.current_time


async def test_notifications_update_the_station_state(csms: Csms) -> None:
    async with connected(csms) as station:
        for notification in NOTIFICATIONS.values():
            await station.send(notification)
    state = csms.stations["CS1"]
    assert state.connectors == {(1, 1): "Available"}
    assert state.device_model["OCPPCommCtrlr/HeartbeatInterval"]["attributes"] == {"Actual": "60"}
    assert state.reports["NotifyReport", 1].complete
    assert state.charging_profiles[11]["chargingProfile"]["stackLevel"] == 0
    assert next(iter(state.security_events))["type"] == "StartupOfTheDevice"
    assert (state.firmware_status, state.log_status) == ("Downloading", "Uploading")
    assert state.published_firmware_status == "Downloading"


def test_every_message_of_a_station_has_a_handler() -> None:
    assert set(ChargePoint.routes) == STATION_ACTIONS


TESTED = {
    *NOTIFICATIONS,
    *("BootNotification", "Heartbeat", "Authorize", "TransactionEvent", "SignCertificate", "DataTransfer"),
    *("GetCertificateStatus", "Get15118EVCertificate", "NotifyEVChargingNeeds", "NotifyEVChargingSchedule"),
}


def test_every_message_of_a_station_is_tested_here() -> None:
    assert {Action(name) for name in TESTED} == STATION_ACTIONS
