"""Authorize with the certificate of a contract or its hashes, and GetCertificateStatus (C07, M06)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from ocpp.v201 import call

from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.ocppj.calling import MAX_WAITING_COMMANDS
from mock_csms.pki import Pki
from mock_csms.settings import Settings
from tests.conftest import LogLines, Serve
from tests.support.control import driven, journal_entries, wait_for_entry
from tests.support.station import Station, connected, raw_connection, receive

EMAID = {"id_token": "NLMCKC00000001", "type": "eMAID"}
TOKENS = {
    "tokens": {
        EMAID["id_token"]: {"status": "Accepted"},
        **{status: {"status": status} for status in ("Blocked", "Expired", "Invalid", "Unknown", "NoCredit")},
    }
}


@asynccontextmanager
async def other_operator() -> AsyncIterator[Csms]:
    """Another CSMS, whose PKI names its own OCSP responder in the certificates."""
    async with driven() as (other, _):
        yield other


def hash_data(pki: Pki, url: str = "http://127.0.0.1:9/ocsp", name: str = "contract") -> JsonObject:
    """OCSPRequestDataType of a certificate, with keys in snake case, as `ocpp` expects them."""
    data = pki.named(name).hash_data()
    return {
        "hash_algorithm": data["hashAlgorithm"],
        "issuer_name_hash": data["issuerNameHash"],
        "issuer_key_hash": data["issuerKeyHash"],
        "serial_number": data["serialNumber"],
        "responder_url": url,
    }


async def authorize(station: Station, token: str = EMAID["id_token"], **fields: Any) -> tuple[str, str]:
    """Send an Authorize; return the certificateStatus and the status of the idToken."""
    id_token = {"id_token": token, "type": "eMAID"}
    answer = await station.send(call.Authorize(id_token=id_token, **fields))
    return answer.certificate_status, answer.id_token_info["status"]


def chain_of(pki: Pki, name: str = "contract") -> str:
    return pki.named(name).chain_text()


# Without a responder, by C07.FR.13 to C07.FR.17


@pytest.mark.also_covers("C07.FR.13")
@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid", "Unknown"])
async def test_valid_chain_with_an_invalid_token_cancels_the_contract(serve: Serve, status: str) -> None:
    csms = await serve(**TOKENS)
    async with connected(csms) as station:
        chain = chain_of(csms.authority)
        assert await authorize(station, status, certificate=chain) == ("ContractCancelled", status)
        hashes = [hash_data(csms.authority)]
        answer = await authorize(station, status, iso15118_certificate_hash_data=hashes)
    assert answer == ("ContractCancelled", status)


@pytest.mark.also_covers("C07.FR.14")
@pytest.mark.parametrize("token", [EMAID["id_token"], "NoCredit"])
async def test_valid_chain_with_another_token_is_accepted(serve: Serve, token: str) -> None:
    csms = await serve(**TOKENS)
    status = TOKENS["tokens"][token]["status"]
    async with connected(csms) as station:
        assert await authorize(station, token, certificate=chain_of(csms.authority)) == ("Accepted", status)
        hashes = [hash_data(csms.authority)]
        answer = await authorize(station, token, iso15118_certificate_hash_data=hashes)
    assert answer == ("Accepted", status)


@pytest.mark.also_covers("C07.FR.15")
async def test_expired_chain_expires_the_token(csms: Csms, log_lines: LogLines) -> None:
    async with connected(csms) as station:
        expired = ("CertificateExpired", "Expired")
        assert await authorize(station, certificate=chain_of(csms.authority, "contract-expired")) == expired
        hashes = [hash_data(csms.authority, name="contract-expired")]
        assert await authorize(station, iso15118_certificate_hash_data=hashes) == expired
    await log_lines.wait_for("contract certificate expired:", "expired on", times=2)


@pytest.mark.also_covers("C07.FR.16")
async def test_revoked_chain_invalidates_the_token(csms: Csms) -> None:
    chain = chain_of(csms.authority)
    csms.authority.revoke("contract")
    async with connected(csms) as station:
        revoked = ("CertificateRevoked", "Invalid")
        assert await authorize(station, certificate=chain) == revoked
        hashes = [hash_data(csms.authority)]
        assert await authorize(station, iso15118_certificate_hash_data=hashes) == revoked


async def test_chain_with_a_revoked_sub_ca_invalidates_the_token(csms: Csms) -> None:
    chain = chain_of(csms.authority)
    csms.authority.revoke("mo-sub-ca-2")
    async with connected(csms) as station:
        assert await authorize(station, certificate=chain) == ("CertificateRevoked", "Invalid")


@pytest.mark.also_covers("C07.FR.17")
@pytest.mark.parametrize(
    "certificate", ["not PEM", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"]
)
async def test_unreadable_chain_is_a_chain_error(csms: Csms, certificate: str) -> None:
    async with connected(csms) as station:
        assert await authorize(station, certificate=certificate) == ("CertChainError", "Invalid")


async def test_unknown_serial_number_of_a_known_ca_is_a_chain_error(csms: Csms) -> None:
    """C07.FR.17."""
    hashes = [hash_data(csms.authority) | {"serial_number": "1"}]
    async with connected(csms) as station:
        answer = await authorize(station, iso15118_certificate_hash_data=hashes)
    assert answer == ("CertChainError", "Invalid")


async def test_chain_of_another_root_is_accepted_unless_the_settings_name_roots(
    serve: Serve, tmp_path: Path
) -> None:
    other, file = Pki.in_memory(), tmp_path / "roots.pem"
    file.write_text(other.named("mo-root").certificate_pem)
    csms = await serve(
        stations={"OWN": {"contract_roots": "own"}, "FILE": {"contract_roots": str(file)}},
    )
    answers = {}
    for identity in ("ANY", "OWN", "FILE"):
        async with connected(csms, identity) as station:
            answers[identity] = [
                (await authorize(station, certificate=chain_of(pki)))[0] for pki in (other, csms.authority)
            ]
    assert answers == {
        "ANY": ["Accepted", "Accepted"],
        "OWN": ["CertChainError", "Accepted"],
        "FILE": ["Accepted", "Accepted"],
    }


@pytest.mark.parametrize(("roots", "status"), [("any", "Accepted"), ("own", "CertChainError")])
async def test_hashes_of_another_ca_are_accepted_unless_only_own_roots_are(
    serve: Serve, roots: str, status: str
) -> None:
    csms = await serve(contract_roots=roots)
    async with connected(csms) as station:
        for pki, expected in ((Pki.in_memory(), status), (csms.authority, "Accepted")):
            hashes = [hash_data(pki)]
            assert (await authorize(station, iso15118_certificate_hash_data=hashes))[0] == expected


# With a responder


async def test_certificate_that_a_responder_calls_good_is_accepted(serve: Serve) -> None:
    csms = await serve(ocsp="ask", ocsp_timeout=30)
    async with other_operator() as other, connected(csms) as station:
        chain = chain_of(other.authority)
        assert await authorize(station, certificate=chain) == ("Accepted", "Accepted")
        hashes = [hash_data(other.authority, f"{other.control}/ocsp")]
        accepted = await authorize(station, iso15118_certificate_hash_data=hashes)
    assert accepted == ("Accepted", "Accepted")


async def test_certificate_that_a_responder_calls_revoked_invalidates_the_token(
    serve: Serve, log_lines: LogLines
) -> None:
    """C07.FR.16."""
    csms = await serve(ocsp="ask", ocsp_timeout=30)
    revoked = ("CertificateRevoked", "Invalid")
    async with other_operator() as other, connected(csms) as station:
        chain = chain_of(other.authority)
        other.authority.revoke("contract")
        assert await authorize(station, certificate=chain) == revoked
        hashes = [hash_data(other.authority, f"{other.control}/ocsp")]
        assert await authorize(station, iso15118_certificate_hash_data=hashes) == revoked
    await log_lines.wait_for("contract certificate revoked:", "was revoked on", times=2)


async def test_certificate_that_a_responder_does_not_know_is_a_chain_error(serve: Serve) -> None:
    """C07.FR.17."""
    csms = await serve(ocsp="ask", ocsp_timeout=30)
    async with other_operator() as other, connected(csms) as station:
        data = hash_data(Pki.in_memory(), f"{other.control}/ocsp")
        answer = await authorize(station, iso15118_certificate_hash_data=[data])
    assert answer == ("CertChainError", "Invalid")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/ocsp", "ftp://127.0.0.1/x", "", "http://[", "file:///x"])
async def test_unreachable_responder_is_a_chain_error(serve: Serve, log_lines: LogLines, url: str) -> None:
    """C07.FR.17."""
    csms = await serve(ocsp="ask", ocsp_timeout=30)
    async with connected(csms) as station:
        data = hash_data(Pki.in_memory(), url)
        answer = await authorize(station, iso15118_certificate_hash_data=[data])
    assert answer == ("CertChainError", "Invalid")
    await log_lines.wait_for("contract certificate unverifiable:", "responder")


@asynccontextmanager
async def silent_responder() -> AsyncIterator[str]:
    """Run an OCSP responder that never answers; yield its URL."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_responder_is_not_asked_by_default(csms: Csms) -> None:
    async with silent_responder() as url, connected(csms) as station:
        data = hash_data(Pki.in_memory(), url)
        assert (await authorize(station, iso15118_certificate_hash_data=[data]))[0] == "Accepted"


async def test_other_messages_are_answered_while_a_responder_is_silent(serve: Serve) -> None:
    csms = await serve(ocsp="ask", ocsp_timeout=0.3)
    async with silent_responder() as url, raw_connection(csms) as connection:
        await connection.send(authorize_frame("slow", url))
        await connection.send('[2,"quick","Heartbeat",{}]')
        first, second = await receive(connection), await receive(connection)
    assert (first[1], second[1]) == ("quick", "slow")
    assert second[2]["certificateStatus"] == "CertChainError"


OPERATOR = Pki.in_memory()


def authorize_frame(message_id: str, url: str) -> str:
    """Frame of an Authorize with the hash data of another operator's contract certificate."""
    data = {**OPERATOR.named("contract").hash_data(), "responderURL": url}
    id_token = {"idToken": "NLMCKC00000001", "type": "eMAID"}
    payload = json.dumps({"idToken": id_token, "iso15118CertificateHashData": [data]})
    return f'[2,"{message_id}","Authorize",{payload}]'


async def test_message_is_recorded_when_it_arrives_even_if_the_connection_ends_before_its_answer() -> None:
    async with silent_responder() as url, driven(ocsp="ask", ocsp_timeout=30) as (csms, client):
        async with raw_connection(csms) as connection:
            await connection.send(authorize_frame("slow", url))
            await connection.send('[2,"quick","Heartbeat",{}]')
            await receive(connection)
        await wait_for_entry(client, type="disconnected")
        entries = await journal_entries(client, station="CS1")
    assert [(entry["action"], entry["type"]) for entry in entries if entry.get("action")] == [
        ("Authorize", "call"),
        ("Heartbeat", "call"),
        ("Heartbeat", "result"),
    ]


async def test_flood_of_messages_for_a_responder_is_answered(serve: Serve) -> None:
    """Past MAX_WAITING_COMMANDS waiting messages, the mock answers at once, without asking the responder."""
    csms = await serve(ocsp="ask", ocsp_timeout=0.2)
    ids = [str(number) for number in range(MAX_WAITING_COMMANDS + 5)]
    async with silent_responder() as url, raw_connection(csms) as connection:
        for message_id in ids:
            await connection.send(authorize_frame(message_id, url))
        answers = [await receive(connection) for _ in ids]
    statuses = {message_id: payload["certificateStatus"] for _, message_id, payload in answers}
    assert sorted(statuses) == sorted(ids)
    assert {statuses[message_id] for message_id in ids[:MAX_WAITING_COMMANDS]} == {"CertChainError"}


async def test_rule_answers_after_the_responder_was_asked(serve: Serve) -> None:
    rule = {"when": {"action": "Authorize"}, "then": {"error": {"code": "InternalError"}}}
    csms = await serve(ocsp="ask", ocsp_timeout=0.1, rules=[rule])
    async with silent_responder() as url, raw_connection(csms) as connection:
        await connection.send(authorize_frame("slow", url))
        kind, message_id, code, *_ = await receive(connection)
    assert (kind, message_id, code) == (4, "slow", "InternalError")


async def test_answer_after_a_fault_is_delayed_once_more(serve: Serve) -> None:
    csms = await serve(ocsp="ask", ocsp_timeout=0.1, faults=["Authorize:delay=0.1"])
    async with silent_responder() as url, raw_connection(csms) as connection:
        await connection.send(authorize_frame("slow", url))
        kind, message_id, payload = await receive(connection)
    assert (kind, message_id, payload["certificateStatus"]) == (3, "slow", "CertChainError")


# GetCertificateStatus (M06)


def status_request(data: JsonObject) -> call.GetCertificateStatus:
    return call.GetCertificateStatus(ocsp_request_data=data)


def status_in(answer: Any) -> ocsp.OCSPCertStatus:
    return ocsp.load_der_ocsp_response(base64.b64decode(answer.ocsp_result)).certificate_status


async def test_certificate_status_is_good_then_revoked(csms: Csms) -> None:
    data = hash_data(csms.authority, name="secc")
    async with connected(csms) as station:
        good = await station.send(status_request(data))
        csms.authority.revoke("secc")
        revoked = await station.send(status_request(data))
    assert (good.status, revoked.status) == ("Accepted", "Accepted")
    assert (status_in(good), status_in(revoked)) == (ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED)


async def test_status_of_another_certificate_is_unknown(csms: Csms) -> None:
    async with connected(csms) as station:
        answer = await station.send(status_request(hash_data(Pki.in_memory(), name="secc")))
    assert (answer.status, status_in(answer)) == ("Accepted", ocsp.OCSPCertStatus.UNKNOWN)


async def test_status_of_another_certificate_is_that_of_its_responder(serve: Serve) -> None:
    csms = await serve(ocsp="ask", ocsp_timeout=30)
    async with other_operator() as other, connected(csms) as station:
        data = hash_data(other.authority, f"{other.control}/ocsp", "secc")
        answer = await station.send(status_request(data))
    assert (answer.status, status_in(answer)) == ("Accepted", ocsp.OCSPCertStatus.GOOD)


async def test_status_without_an_answer_of_the_responder_is_failed(serve: Serve) -> None:
    """M06.FR.04."""
    csms = await serve(ocsp="ask", ocsp_timeout=0.1)
    async with silent_responder() as url, connected(csms) as station:
        answer = await station.send(status_request(hash_data(Pki.in_memory(), url)))
    assert (answer.status, answer.ocsp_result) == ("Failed", None)
    assert answer.status_info["additional_info"].endswith("did not answer within 0.1 s")


async def test_responder_that_cannot_answer_is_failed(serve: Serve) -> None:
    csms = await serve(ocsp="ask", ocsp_timeout=30)
    async with other_operator() as other, connected(csms) as station:
        for url, problem in ((f"{other.control}/health", "answered 403"), ("http://127.0.0.1:9/", "asked")):
            answer = await station.send(status_request(hash_data(Pki.in_memory(), url)))
            assert answer.status == "Failed"
            assert problem in answer.status_info["additional_info"]


@asynccontextmanager
async def responder_sending(body: bytes) -> AsyncIterator[str]:
    """Run an OCSP responder that answers each request with this body; yield its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


UNSUCCESSFUL = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)


@pytest.mark.parametrize("body", [b"nonsense", UNSUCCESSFUL.public_bytes(Encoding.DER)])
async def test_useless_answer_of_a_responder_is_failed(serve: Serve, body: bytes) -> None:
    csms = await serve(ocsp="ask", ocsp_timeout=30)
    async with responder_sending(body) as url, connected(csms) as station:
        answer = await station.send(status_request(hash_data(Pki.in_memory(), url)))
    assert answer.status == "Failed"
    assert answer.status_info["additional_info"] == f"the responder {url} sent no usable answer"


async def test_answer_of_a_responder_that_is_too_long_for_ocpp_is_failed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.v201.contracts.MAX_OCSP_RESULT", 100)
    csms = await serve(ocsp="ask", ocsp_timeout=30)
    async with other_operator() as other, connected(csms) as station:
        data = hash_data(other.authority, f"{other.control}/ocsp", "secc")
        answer = await station.send(status_request(data))
    assert (answer.status, answer.status_info["reason_code"]) == ("Failed", "TooLargeElement")


# Roots


async def test_authorize_without_a_certificate_asks_no_responder(serve: Serve) -> None:
    csms = await serve(ocsp="ask", ocsp_timeout=30)
    async with connected(csms) as station:
        answer = await station.send(call.Authorize(id_token=EMAID))
    assert answer.certificate_status is None


async def test_roots_that_have_become_unreadable_are_a_chain_error(
    serve: Serve, log_lines: LogLines, tmp_path: Path
) -> None:
    file = tmp_path / "roots.pem"
    file.write_text(Pki.in_memory().root_pem)
    csms = await serve(contract_roots=str(file))
    async with connected(csms) as station:
        for content in ("-----BEGIN CERTIFICATE-----", None):
            file.write_text(content) if content else file.unlink()
            answer = await authorize(station, certificate=chain_of(csms.authority))
            assert answer == ("CertChainError", "Invalid")
    await log_lines.wait_for(f"the roots in {file} cannot be read", times=2)


def test_roots_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.pem"
    file.touch()
    for path, problem in (
        (file, "has no certificate in PEM"),
        (tmp_path / "none", "write 'any', 'own' or the path of a PEM file"),
    ):
        with pytest.raises(ValueError, match=problem):
            Settings.model_validate({"contract_roots": str(path)})
