"""Certificates that a station asks for, over a real socket (A02, A03, M01, M02)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from ocpp.v201 import call, call_result

from mock_csms.csms import Csms
from mock_csms.settings import Settings
from tests.conftest import LogLines, Serve
from tests.pki.samples import csr_pem
from tests.support.certificates import build_csr
from tests.support.control import booted, driven, problem_detail, send_command
from tests.support.station import connected, no_command_follows

# SignCertificate (A02, A03)


async def test_csr_rejected_by_a_rule_triggers_no_certificate(serve: Serve) -> None:
    rule = {"when": {"action": "SignCertificate"}, "then": {"answer": {"status": "Rejected"}}}
    csms = await serve(rules=[rule])
    async with connected(csms) as station:
        assert (await station.send(call.SignCertificate(csr=build_csr()))).status == "Rejected"
        assert await no_command_follows(station)


async def test_invalid_csr_accepted_by_a_rule_triggers_a_certificate(serve: Serve) -> None:
    answer = {"status": "Accepted", "statusInfo": None}
    rule = {"when": {"action": "SignCertificate"}, "then": {"answer": answer}}
    csms = await serve(rules=[rule])
    async with connected(csms) as station:
        assert (await station.send(call.SignCertificate(csr="not a CSR"))).status == "Accepted"
        assert (await station.next("CertificateSigned"))["certificate_chain"]


async def test_csr_answered_with_an_error_triggers_no_certificate(serve: Serve) -> None:
    rule = {"when": {"action": "SignCertificate"}, "then": {"error": {"code": "InternalError"}}}
    csms = await serve(rules=[rule])
    async with connected(csms) as station:
        await station.call(call.SignCertificate(csr=build_csr()))
        assert await no_command_follows(station)


async def test_held_certificate_does_not_follow_an_accepted_csr(serve: Serve) -> None:
    csms = await serve(certificates="hold")
    async with connected(csms) as station:
        for _ in range(3):
            assert (await station.send(call.SignCertificate(csr=build_csr()))).status == "Accepted"
        assert await no_command_follows(station)


async def test_held_certificates_can_differ_from_station_to_station(serve: Serve) -> None:
    csms = await serve(stations={"CS1": {"certificates": "hold"}})
    async with connected(csms, "CS1") as held, connected(csms, "CS2") as signed:
        await held.send(call.SignCertificate(csr=build_csr()))
        await signed.send(call.SignCertificate(csr=build_csr()))
        await signed.next("CertificateSigned")
        assert await no_command_follows(held)


async def test_certificate_delay_counts_from_the_answer(serve: Serve) -> None:
    csms = await serve(certificate_delay=0.3)
    async with connected(csms) as station:
        await station.send(call.SignCertificate(csr=build_csr()))
        assert await no_command_follows(station)
        await station.next("CertificateSigned")


async def test_certificate_delay_overrides_the_delay_of_other_follow_ups(serve: Serve) -> None:
    csms = await serve(certificate_delay=0, follow_up_delay=3600)
    async with connected(csms) as station:
        await station.send(call.SignCertificate(csr=build_csr()))
        await station.next("CertificateSigned")


async def test_release_sends_a_certificate_for_each_held_request() -> None:
    async with driven(certificates="hold") as (csms, client), booted(csms) as station:
        for kind in ("ChargingStationCertificate", "V2GCertificate"):
            await station.send(call.SignCertificate(csr=build_csr(), certificate_type=kind))
        assert await no_command_follows(station)
        station.answers["CertificateSigned"] = lambda **_: call_result.CertificateSigned(status="Rejected")
        released = (await client.post("/v1/stations/CS1/release")).json()
    sent = [(await station.next("CertificateSigned"))["certificate_type"] for _ in range(2)]
    assert sent == ["ChargingStationCertificate", "V2GCertificate"]
    assert [entry["request"]["certificateType"] for entry in released] == sent
    assert {entry["action"] for entry in released} == {"CertificateSigned"}
    assert [entry["payload"] for entry in released] == [{"status": "Rejected"}] * 2


async def test_release_without_held_requests_is_409() -> None:
    async with driven(certificates="hold") as (csms, client), booted(csms) as station:
        await station.send(call.SignCertificate(csr=build_csr()))
        await client.post("/v1/stations/CS1/release")
        answer = await client.post("/v1/stations/CS1/release")
    assert "nothing is held back for CS1" in problem_detail(answer, 409, "nothing-held")


async def test_request_held_before_a_reconnect_is_released_after_it() -> None:
    async with driven(certificates="hold") as (csms, client):
        async with booted(csms) as station:
            await station.send(call.SignCertificate(csr=build_csr()))
        assert "not connected" in problem_detail(
            await client.post("/v1/stations/CS1/release"), 409, "not-connected"
        )
        async with booted(csms) as station:
            assert (await client.post("/v1/stations/CS1/release")).status_code == 200
            await station.next("CertificateSigned")


async def test_state_shows_the_held_requests() -> None:
    csr = build_csr()
    async with driven(certificates="hold") as (csms, client), booted(csms) as station:
        await station.send(call.SignCertificate(csr=csr))
        state = (await client.get("/v1/stations/CS1")).json()
    assert state["heldRequests"] == [{"csr": csr}]


async def test_csr_with_another_serial_number_is_rejected_with_the_reason(csms: Csms) -> None:
    async with connected(csms) as station:
        await station.boot(serial_number="SN-7")
        answer = await station.send(call.SignCertificate(csr=build_csr("SN-8")))
    assert answer.status == "Rejected"
    assert answer.status_info == {
        "reason_code": "InvalidCSR",
        "additional_info": "the CSR's CN is 'SN-8', not CS1 or SN-7",
    }


async def test_reason_with_a_long_subject_is_cut_to_a_valid_answer(csms: Csms) -> None:
    csr = csr_pem(subject=x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "x" * 64)] * 9))
    async with connected(csms) as station:
        csms.station("CS1").device_model.set(
            {"name": "SecurityCtrlr"}, {"name": "OrganizationName"}, "Operator"
        )
        answer = await station.send(call.SignCertificate(csr=csr))
    assert answer.status == "Rejected"
    assert len(answer.status_info["additional_info"]) == 512


async def test_bad_certificate_follows_an_accepted_csr(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(certificates="bad", bad_certificate="expired")
    async with connected(csms) as station:
        station.answers["CertificateSigned"] = lambda **_: call_result.CertificateSigned(status="Rejected")
        assert (await station.send(call.SignCertificate(csr=build_csr()))).status == "Accepted"
        signed = await station.next("CertificateSigned")
        await log_lines.wait_for("<- CertificateSigned REFUSED")
        await station.send(call.Heartbeat())
    assert not any("rejects its certificate" in line for line in log_lines.lines)
    leaf = x509.load_pem_x509_certificate(signed["certificate_chain"].encode())
    assert leaf.not_valid_after_utc < datetime.now(UTC)


async def test_rejected_certificate_is_explained(csms: Csms, log_lines: LogLines) -> None:
    async with connected(csms) as station:
        station.answers["CertificateSigned"] = lambda **_: call_result.CertificateSigned(status="Rejected")
        await station.send(call.SignCertificate(csr=build_csr()))
        await log_lines.wait_for("CS1  the station rejects its certificate; install the root in the station")


async def test_certificate_signed_command_certifies_the_last_csr_with_its_type(serve: Serve) -> None:
    csms = await serve(certificates="hold", command="CertificateSigned", delay=0.2)
    async with connected(csms) as station:
        await station.boot()
        await station.send(call.SignCertificate(csr=build_csr(), certificate_type="V2GCertificate"))
        assert (await station.next("CertificateSigned"))["certificate_type"] == "V2GCertificate"


async def test_certificate_chain_that_is_too_long_for_the_station_is_warned_of(
    csms: Csms, log_lines: LogLines
) -> None:
    """A02.FR.16."""
    async with connected(csms) as station:
        await station.boot()
        component, variable = {"name": "SecurityCtrlr"}, {"name": "MaxCertificateChainSize"}
        csms.stations["CS1"].device_model.set(component, variable, "800")
        await station.send(call.SignCertificate(csr=build_csr()))
        await station.next("CertificateSigned")
        await log_lines.wait_for("CertificateSigned is sent, but the chain has", "A02.FR.16")


# InstallCertificate, DeleteCertificate (M04, M05)


@pytest.mark.parametrize(
    ("settings", "certificate_type", "name"),
    [
        ({}, "CSMSRootCertificate", "root"),
        ({"install_certificate": "v2g-root"}, "V2GRootCertificate", "v2g-root"),
        ({"install_certificate": "manufacturer-root"}, "ManufacturerRootCertificate", "manufacturer-root"),
        ({"payload": {"certificateType": "MORootCertificate"}}, "MORootCertificate", "mo-root"),
        (
            {"install_certificate": "root", "payload": {"certificateType": "V2GRootCertificate"}},
            "V2GRootCertificate",
            "root",
        ),
    ],
)
async def test_installed_certificate_fits_its_type(
    serve: Serve, settings: dict[str, Any], certificate_type: str, name: str
) -> None:
    csms = await serve(command="InstallCertificate", delay=0, **settings)
    async with connected(csms) as station:
        await station.boot()
        installed = await station.next("InstallCertificate")
    assert installed["certificate_type"] == certificate_type
    assert installed["certificate"] == csms.authority.named(name).certificate_pem


@pytest.mark.parametrize("command", ["InstallCertificate", "DeleteCertificate"])
async def test_command_with_an_unknown_name_is_skipped_with_a_hint(
    serve: Serve, log_lines: LogLines, command: str
) -> None:
    names = {"install_certificate": "v2g-rot", "delete_certificate": "v2g-rot"}
    csms = await serve(command=command, delay=0, **names)
    async with connected(csms) as station:
        await station.boot()
        await log_lines.wait_for(f"{command} skipped", "did you mean v2g-root?")


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
async def test_certificate_is_deleted_by_name_and_hash_algorithm(serve: Serve, algorithm: str) -> None:
    csms = await serve(
        command="DeleteCertificate", delay=0, delete_certificate="mo-root", hash_algorithm=algorithm
    )
    async with connected(csms) as station:
        await station.boot()
        deleted = (await station.next("DeleteCertificate"))["certificate_hash_data"]
    mo_root = csms.authority.named("mo-root").hash_data(algorithm)
    assert deleted == {
        "hash_algorithm": algorithm,
        "issuer_name_hash": mo_root["issuerNameHash"],
        "issuer_key_hash": mo_root["issuerKeyHash"],
        "serial_number": mo_root["serialNumber"],
    }


# Get15118EVCertificate (M01, M02)


def installation() -> call.Get15118EVCertificate:
    return call.Get15118EVCertificate(
        iso15118_schema_version="urn:iso:15118:2:2013:MsgDef", action="Install", exi_request="AAAA"
    )


async def test_ev_certificate_has_the_configured_status_and_response(serve: Serve) -> None:
    csms = await serve(ev_certificate_status="Failed", exi_response="gJgC")
    async with connected(csms) as station:
        answer = await station.send(installation())
    assert (answer.status, answer.exi_response) == ("Failed", "gJgC")


async def test_exi_response_of_a_file_is_sent_as_base64(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "response.exi"
    file.write_bytes(b"\x80\x98\x02")
    csms = await serve(exi_response=f"@{file}")
    async with connected(csms) as station:
        assert (await station.send(installation())).exi_response == "gJgC"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("not base64!", "is not base64; for a file with the EXI document itself, write @FILE"),
        ("A" * 5604, "has 5604 characters in base64; OCPP allows 5600"),
        ("@missing.exi", "cannot read missing.exi: No such file or directory"),
    ],
)
def test_invalid_exi_response_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Settings.model_validate({"exi_response": text})


# Certificates in payloads


async def test_payload_over_the_api_names_certificates() -> None:
    payload = {"certificateType": "V2GRootCertificate", "certificate": "{{certificate.v2g-root}}"}
    async with driven() as (csms, client), booted(csms) as station:
        await send_command(client, "CS1", "InstallCertificate", payload=payload)
        installed = (await station.next("InstallCertificate"))["certificate"]
        hash_data = {"certificateHashData": "{{certificate.v2g-root.SHA512}}"}
        await send_command(client, "CS1", "DeleteCertificate", payload=hash_data)
        deleted = (await station.next("DeleteCertificate"))["certificate_hash_data"]
    assert installed == csms.authority.named("v2g-root").certificate_pem
    assert deleted["hash_algorithm"] == "SHA512"
    assert deleted["serial_number"] == csms.authority.named("v2g-root").hash_data()["serialNumber"]


async def test_payload_over_the_api_with_an_unknown_certificate_is_422() -> None:
    payload = {"certificateType": "V2GRootCertificate", "certificate": "{{certificate.v2g-rot}}"}
    async with driven() as (csms, client), booted(csms) as station:
        answer = await send_command(client, "CS1", "InstallCertificate", payload=payload)
        assert "did you mean v2g-root?" in problem_detail(answer, 422, "invalid-payload")
        assert station.order == []


async def test_payload_without_validation_keeps_its_placeholders() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        payload = {"vendorId": "{{certificate.root}}"}
        await send_command(client, "CS1", "DataTransfer", payload=payload, validate=False)
        assert await station.next("DataTransfer") == {"vendor_id": "{{certificate.root}}"}


async def test_payload_setting_names_a_certificate(serve: Serve) -> None:
    payload = {"certificateType": "MORootCertificate", "certificate": "{{certificate.mo-root}}"}
    csms = await serve(command="InstallCertificate", delay=0, payload=payload)
    async with connected(csms) as station:
        await station.boot()
        installed = (await station.next("InstallCertificate"))["certificate"]
    assert installed == csms.authority.named("mo-root").certificate_pem


async def test_command_with_an_unknown_certificate_is_skipped(serve: Serve, log_lines: LogLines) -> None:
    payload = {"certificate": "{{certificate.mo-rot}}"}
    csms = await serve(command="InstallCertificate", delay=0, payload=payload)
    async with connected(csms) as station:
        await station.boot()
        await log_lines.wait_for("InstallCertificate skipped", "no certificate is named 'mo-rot'")


async def test_command_of_a_rule_names_a_certificate(serve: Serve) -> None:
    rule = {
        "when": {"action": "Heartbeat"},
        "then": {
            "command": {
                "action": "InstallCertificate",
                "payload": {
                    "certificateType": "MORootCertificate",
                    "certificate": "{{certificate.mo-root}}",
                },
            }
        },
    }
    csms = await serve(rules=[rule])
    async with connected(csms) as station:
        await station.send(call.Heartbeat())
        installed = (await station.next("InstallCertificate"))["certificate"]
    assert installed == csms.authority.named("mo-root").certificate_pem


def test_payload_setting_with_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a placeholder; use"):
        Settings.model_validate({"payload": {"certificate": "{{certificat.root}}"}})
