"""The OCSP client: requests over HTTP and HTTPS to responders that work and to responders that fail."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from mock_csms.pki import ChainVerdict, Issued, Pki
from mock_csms.pki.issuing import new_key, subject_name
from mock_csms.pki.ocsp_client import MAX_RESPONSE_BYTES, Question, ask_responders, post, revocation
from mock_csms.pki.responder import answer_ocsp
from tests.pki.samples import ocsp_request

type Answer = Callable[[bytes], bytes]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n"


def responding(pki: Pki) -> Answer:
    """Make the function that answers requests as the responder of this PKI."""

    def answer(request: bytes) -> bytes:
        body = answer_ocsp(pki, request.partition(b"\r\n\r\n")[2])
        return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body

    return answer


def always(answer: bytes) -> Answer:
    return lambda _: answer


@asynccontextmanager
async def responder(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run a responder that sends ``answer(request)`` for each request; yield its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        writer.write(answer(head + await reader.readexactly(length)))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"{'https' if tls else 'http'}://localhost:{port}/ocsp"


async def ask(pki: Pki, url: str, **options: Any) -> ChainVerdict:
    """Judge the contract certificate of ``pki`` by asking the responder at ``url``.

    The judge is a new PKI, which does not know the certificate.
    """
    item = {**pki.named("contract").hash_data(), "responderURL": url}
    verdict = Pki.in_memory().judge_chain(None, [item])
    return await ask_responders(verdict, **options)


async def ask_canned(answer: bytes, timeout_s: float = 5.0) -> str:
    """Ask a responder that always sends this unusable answer; return the reason for the verdict."""
    async with responder(always(answer)) as url:
        verdict = await ask(Pki.in_memory(), url, timeout_s=timeout_s)
    assert verdict.state == "unverifiable"
    return verdict.reason.partition(f"{url} ")[2]


async def test_good_certificate_is_valid() -> None:
    pki = Pki.in_memory()
    async with responder(responding(pki)) as url:
        assert (await ask(pki, url)).state == "valid"


async def test_responder_in_capitals_is_asked() -> None:
    pki = Pki.in_memory()
    async with responder(responding(pki)) as url:
        assert (await ask(pki, url.upper())).state == "valid"


async def test_revoked_certificate_is_revoked() -> None:
    pki = Pki.in_memory()
    pki.named("contract")
    pki.revoke("contract")
    async with responder(responding(pki)) as url:
        verdict = await ask(pki, url)
    assert verdict.state == "revoked"
    assert verdict.reason.endswith(f"was revoked on {datetime.now(UTC):%Y-%m-%d}")


async def test_revoked_certificate_counts_more_than_a_silent_responder() -> None:
    pki = Pki.in_memory()
    contract, sub_ca = pki.named("contract"), pki.named("mo-sub-ca-2")
    pki.revoke("contract")
    async with responder(responding(pki)) as url, responder(always(b"")) as silent:
        items = [
            {**sub_ca.hash_data(), "responderURL": silent},
            {**contract.hash_data(), "responderURL": url},
        ]
        verdict = await ask_responders(Pki.in_memory().judge_chain(None, items))
    assert verdict.state == "revoked"


async def test_responder_that_does_not_know_the_ca_makes_it_unverifiable() -> None:
    async with responder(responding(Pki.in_memory())) as url:
        verdict = await ask(Pki.in_memory(), url)
    assert verdict.state == "unverifiable"
    assert verdict.reason.endswith(f"the responder {url} answered unauthorized")


async def test_responder_that_does_not_know_the_certificate_makes_it_unverifiable() -> None:
    pki = Pki.in_memory()
    async with responder(responding(pki)) as url:
        item = {**pki.named("contract").hash_data(), "serialNumber": "1f", "responderURL": url}
        verdict = await ask_responders(Pki.in_memory().judge_chain(None, [item]))
    assert verdict.state == "unverifiable"
    assert verdict.reason == f"serial number 1f: the responder {url} does not know the certificate"


async def test_certificates_of_a_chain_are_asked_about_with_their_urls() -> None:
    urls: list[str] = []
    foreign = Pki.in_memory(ocsp_url=lambda: urls[0])
    async with responder(responding(foreign)) as url:
        urls.append(url)
        contract = foreign.named("contract")
        verdict = Pki.in_memory().judge_chain(contract.chain_text(root=True))
        assert (await ask_responders(verdict)).state == "valid"
        foreign.revoke("mo-sub-ca-1")
        assert (await ask_responders(verdict)).state == "revoked"


async def test_chain_without_responders_stays_valid() -> None:
    verdict = Pki.in_memory().judge_chain(Pki.in_memory().named("contract").chain_text())
    assert await ask_responders(verdict) is verdict


async def test_chain_that_is_not_valid_is_not_asked_about() -> None:
    pki = Pki.in_memory()
    verdict = pki.judge_chain(pki.named("contract-expired").chain_text())
    assert await ask_responders(verdict) is verdict


async def test_hash_data_without_a_url_is_unverifiable() -> None:
    verdict = await ask_responders(Pki.in_memory().judge_chain(None, [ocsp_request()]))
    assert (verdict.state, verdict.reason) == (
        "unverifiable",
        "the hash data of serial number 1f names no responder",
    )


# HTTP and HTTPS


async def test_https_responder_with_a_trusted_root_is_asked(pki_folder: Path) -> None:
    pki = Pki.open(pki_folder)
    server = pki.named("server-ecdsa")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert server.chain_path
    context.load_cert_chain(server.chain_path, server.key_path)
    async with responder(responding(pki), context) as url:
        assert (await ask(pki, url, roots_pem=pki.root_pem)).state == "valid"
        untrusted = await ask(pki, url)
    assert untrusted.state == "unverifiable"
    assert "certificate verify failed" in untrusted.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "cannot be asked: "),
        (b"garbage\r\n\r\n", "cannot be asked: "),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answered 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", "answered 302"),
        (OK + b"Content-Length: 5\r\n\r\nab", "cannot be asked: "),
        (OK + b"Content-Length: 2\r\n\r\nab", "sent an unreadable answer"),
        (OK + b"\r\n" + b"x" * (MAX_RESPONSE_BYTES + 1), f"sent more than {MAX_RESPONSE_BYTES} bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "sent an unreadable answer"),
    ],
)
async def test_unusable_http_answer_is_unverifiable(answer: bytes, reason: str) -> None:
    assert (await ask_canned(answer)).startswith(reason)


async def test_silent_responder_is_given_up_after_the_time_out() -> None:
    released = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        verdict = await ask(Pki.in_memory(), url, timeout_s=0.05)
        released.set()
    assert verdict.reason.endswith(f"the responder {url} did not answer within 0.05 s")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com", "is not an http or https URL"),
        ("example.com", "is not an http or https URL"),
        ("http://", "is not an http or https URL"),
        ("http://127.0.0.1:1/", "cannot be asked: "),
        ("http://127.0.0.1:99999/", "cannot be asked: "),
        ("http://[::1/", "cannot be asked: "),
        ("http://a\r\nb/", "cannot be asked: "),
        ("http://" + "a" * 300 + "/", "cannot be asked: "),
    ],
)
async def test_url_that_cannot_be_asked_is_unverifiable(url: str, reason: str) -> None:
    verdict = await ask(Pki.in_memory(), url)
    assert verdict.state == "unverifiable"
    assert f"the responder {url} {reason}" in verdict.reason


async def test_request_has_the_path_and_the_query_of_the_url() -> None:
    requests: list[bytes] = []

    def answer(request: bytes) -> bytes:
        requests.append(request)
        return OK + b"Content-Length: 0\r\n\r\n"

    async with responder(answer) as url:
        assert await post(f"{url}/a?b=c", b"body") == b""
    host = url.removeprefix("http://").removesuffix("/ocsp")
    assert requests == [
        f"POST /ocsp/a?b=c HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/ocsp-request\r\n"
        f"Content-Length: 4\r\nConnection: close\r\n\r\nbody".encode()
    ]


# Responses


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.in_memory()


def question_about(issued: Issued, issuer: x509.Certificate | None = None) -> Question:
    builder = ocsp.OCSPRequestBuilder().add_certificate(issued.certificate, issued.issuer, hashes.SHA256())
    return Question(issued.name, "", builder.build(), issuer)


def response_by(
    signer: Issued,
    about: Issued,
    *,
    update: timedelta = timedelta(0),
    lifetime: timedelta = timedelta(days=1),
    certificates: tuple[x509.Certificate, ...] = (),
) -> bytes:
    assert signer.key is not None
    start = datetime.now(UTC) + update
    builder = ocsp.OCSPResponseBuilder().add_response(
        about.certificate,
        about.issuer,
        hashes.SHA256(),
        ocsp.OCSPCertStatus.GOOD,
        start,
        start + lifetime,
        None,
        None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if certificates:
        builder = builder.certificates(certificates)
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def delegate(
    issuer: Issued, purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.OCSP_SIGNING
) -> Issued:
    """A responder's certificate, signed by ``issuer``, with ``purpose`` as its extended key usage, if any."""
    key = new_key("rsa")
    assert issuer.key is not None
    name, now = subject_name("Responder"), datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer.certificate.subject, name, key.public_key(), 1)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    certificate = builder.sign(issuer.key, hashes.SHA256())
    return replace(issuer, certificate=certificate, key=key, root=issuer.root)


def test_answer_of_a_responder_that_the_issuer_certified_counts(pki: Pki) -> None:
    contract, ca = pki.named("contract"), pki.named("mo-sub-ca-2")
    signer = delegate(ca)
    body = response_by(signer, contract, certificates=(signer.certificate,))
    assert revocation(body, question_about(contract, ca.certificate), datetime.now(UTC)) is None


def refusal(body: bytes, question: Question) -> str:
    try:
        revocation(body, question, datetime.now(UTC))
    except Exception as error:
        return str(error)
    return ""


def test_answer_of_another_signer_is_refused(pki: Pki) -> None:
    contract, ca = pki.named("contract"), pki.named("mo-sub-ca-2")
    without_purpose = delegate(ca, None)
    for_servers = delegate(ca, ExtendedKeyUsageOID.SERVER_AUTH)
    of_another_ca = delegate(pki.named("v2g-root"))
    for signer in (without_purpose, for_servers, of_another_ca, pki.named("v2g-root")):
        body = response_by(signer, contract, certificates=(signer.certificate,))
        question = question_about(contract, ca.certificate)
        assert refusal(body, question) == "sent an answer with a wrong signature"


def test_answer_about_another_certificate_is_refused(pki: Pki) -> None:
    body = response_by(pki.named("v2g-sub-ca-2"), pki.named("secc"))
    assert refusal(body, question_about(pki.named("contract"))) == "answered about another certificate"


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (timedelta(hours=-25), "sent an outdated answer"),
        (timedelta(hours=1), "sent an answer that is not valid yet"),
        (timedelta(hours=-23), ""),
        (timedelta(minutes=4), ""),
    ],
)
def test_time_of_an_answer_is_checked(pki: Pki, update: timedelta, reason: str) -> None:
    contract = pki.named("contract")
    body = response_by(pki.named("mo-sub-ca-2"), contract, update=update)
    assert refusal(body, question_about(contract)) == reason


def test_every_flip_of_an_answer_is_refused_or_harmless(pki: Pki) -> None:
    contract, ca = pki.named("contract"), pki.named("mo-sub-ca-2")
    body, question = response_by(ca, contract), question_about(contract, ca.certificate)
    reasons = set()
    for position in range(len(body)):
        flipped = bytearray(body)
        flipped[position] ^= 0x01
        reasons.add(refusal(bytes(flipped), question))
    assert all(not reason or reason.startswith(("sent", "answered", "does")) for reason in reasons)
