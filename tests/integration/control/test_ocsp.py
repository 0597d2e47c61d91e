"""The OCSP responder of the control API, asked by openssl and over HTTP."""

import asyncio
import base64
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from mock_csms.pki import Issued
from tests.pki.openssl import needs_openssl, openssl
from tests.support.control import Mock, driven

pytestmark = pytest.mark.asyncio(loop_scope="module")


def request_about(issued: Issued) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(issued.certificate, issued.issuer, hashes.SHA256())
    return builder.build().public_bytes(Encoding.DER)


async def test_post_returns_the_status(mock: Mock) -> None:
    csms, client = mock
    answer = await client.post("/ocsp", content=request_about(csms.authority.issue_client("CS1")))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/ocsp-response"
    response = ocsp.load_der_ocsp_response(answer.content)
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD


async def test_get_returns_the_status_also_with_slashes_in_base64(mock: Mock) -> None:
    csms, client = mock
    issued = csms.authority.issue_client("CS1")
    encoded = base64.b64encode(request_about(issued)).decode()
    for path in (quote(encoded, safe=""), quote(encoded, safe="/+=")):
        answer = await client.get(f"/ocsp/{path}")
        assert ocsp.load_der_ocsp_response(answer.content).serial_number == issued.certificate.serial_number


async def test_malformed_request_gets_an_ocsp_response(mock: Mock) -> None:
    _, client = mock
    for answer in (await client.post("/ocsp", content=b"x"), await client.get("/ocsp/x")):
        response = ocsp.load_der_ocsp_response(answer.content)
        assert response.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


async def test_responder_needs_no_token() -> None:
    async with driven(control_token="secret") as (csms, client):
        client.headers.pop("Authorization", None)
        answer = await client.post("/ocsp", content=request_about(csms.authority.named("secc")))
    assert answer.status_code == 200


async def test_issued_certificate_names_the_responder(mock: Mock) -> None:
    csms, _ = mock
    certificate = csms.authority.issue_client("CS2").certificate
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [one.access_location.value for one in access] == [f"http://{csms.address}/ocsp"]


@needs_openssl
async def test_openssl_verifies_good_and_revoked(mock: Mock, tmp_path: Path) -> None:
    csms, _ = mock
    pki = csms.authority
    good, revoked = pki.issue_client("GOOD"), pki.issue_client("REVOKED")
    pki.revoke("REVOKED")
    (tmp_path / "issuer").write_text(pki.named("intermediate").certificate_pem)
    (tmp_path / "trusted").write_text(pki.root_pem)
    (tmp_path / "good").write_text(good.certificate_pem)
    (tmp_path / "revoked").write_text(revoked.certificate_pem)

    async def ask(name: str) -> str:
        arguments = ["ocsp", "-url", f"{csms.control}/ocsp", "-issuer", "issuer", "-CAfile", "trusted"]
        return await asyncio.to_thread(openssl, tmp_path, *arguments, "-cert", name)

    assert "Response verify OK\ngood: good\n" in await ask("good")
    assert "Response verify OK\nrevoked: revoked\n" in await ask("revoked")
