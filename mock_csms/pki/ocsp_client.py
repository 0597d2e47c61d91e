"""Asks the OCSP responders whose URLs are in certificates or in hash data (C07.FR.05)."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

import h11
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from mock_csms.pki.chains import ChainVerdict, is_signed_by
from mock_csms.pki.csr import PARSE_ERRORS
from mock_csms.pki.hash_data import HASH_ALGORITHMS, check_hash_data

OCSP_TIMEOUT_S: Final = 5.0
MAX_RESPONSE_BYTES: Final = 100_000
CLOCK_LEEWAY: Final = timedelta(minutes=5)
"""Tolerated difference between the clock of a responder and that of this machine."""

_CHUNK = 16_384
_PORTS = {"http": 80, "https": 443}


class OcspFailed(Exception):
    """A responder has given no usable answer; the message gives the reason."""


class Question(NamedTuple):
    """A question to an OCSP responder about one certificate."""

    name: str
    url: str
    request: ocsp.OCSPRequest
    issuer: x509.Certificate | None
    """None if only the hashes of the issuer are known."""


async def ask_responders(
    verdict: ChainVerdict, *, timeout_s: float = OCSP_TIMEOUT_S, roots_pem: str = ""
) -> ChainVerdict:
    """Ask the OCSP responders named in the certificates of a valid chain; return the final verdict.

    If a certificate is revoked, the state of the final verdict is ``revoked``. Otherwise, if a responder does
    not know a certificate, or gives no valid answer in time, the state is ``unverifiable``. The certificate
    of an HTTPS responder must chain to a root in ``roots_pem`` or to a root of the system.
    """
    if verdict.state != "valid":
        return verdict
    try:
        questions = _questions(verdict)
    except OcspFailed as failure:
        return verdict._replace(state="unverifiable", reason=str(failure))
    asked = (_ask(question, timeout_s, roots_pem) for question in questions)
    verdicts = await asyncio.gather(*asked)
    worst = next((one for one in verdicts if one.state == "revoked"), None)
    return worst or next((one for one in verdicts if one.state != "valid"), verdict)


def _questions(verdict: ChainVerdict) -> list[Question]:
    """Questions about all certificates of a verdict; raises OcspFailed if hash data names no responder."""
    by_certificate = [
        Question(certificate.subject.rfc4514_string(), url, _request(certificate, issuer), issuer)
        for certificate, issuer in pairwise(verdict.path)
        if (url := responder_url(certificate))
    ]
    return by_certificate + [_question_about(item) for item in verdict.unknown]


def _request(certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPRequest:
    return ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256()).build()


def _question_about(item: Mapping[str, Any]) -> Question:
    algorithm, name_hash, key_hash, serial = check_hash_data(item)
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        name_hash, key_hash, serial, HASH_ALGORITHMS[algorithm]
    )
    name, url = f"serial number {serial:x}", str(item.get("responderURL", ""))
    if not url:
        raise OcspFailed(f"the hash data of {name} names no responder")
    return Question(name, url, builder.build(), None)


def responder_url(certificate: x509.Certificate) -> str:
    """URL of the OCSP responder that a certificate names; empty if it names none."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ""
    urls = (
        str(one.access_location.value)
        for one in access
        if one.access_method == AuthorityInformationAccessOID.OCSP
    )
    return next(urls, "")


async def _ask(question: Question, timeout_s: float, roots_pem: str) -> ChainVerdict:
    try:
        async with asyncio.timeout(timeout_s):
            body = await post(question.url, question.request.public_bytes(Encoding.DER), roots_pem)
        revoked = revocation(body, question, datetime.now(UTC))
    except TimeoutError:
        return _unverifiable(question, f"did not answer within {timeout_s:g} s")
    except (OSError, ValueError, h11.ProtocolError) as error:
        return _unverifiable(question, f"cannot be asked: {_text(error)}")
    except OcspFailed as failure:
        return _unverifiable(question, str(failure))
    if revoked is not None:
        return ChainVerdict("revoked", f"{question.name} was revoked on {revoked:%Y-%m-%d}")
    return ChainVerdict("valid")


def _text(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip()


def _unverifiable(question: Question, reason: str) -> ChainVerdict:
    return ChainVerdict("unverifiable", f"{question.name}: the responder {question.url} {reason}")


# HTTP


async def post(url: str, body: bytes, roots_pem: str = "") -> bytes:
    """Post an OCSPRequest and return the body of the response.

    Redirects are not followed. Raises OcspFailed, OSError, ValueError or h11.ProtocolError.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise OcspFailed("is not an http or https URL")
    context = _tls_context(roots_pem) if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or _PORTS[parts.scheme], ssl=context
    )
    try:
        return await _exchange(reader, writer, parts, body)
    finally:
        writer.transport.abort()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parts: SplitResult, body: bytes
) -> bytes:
    connection = h11.Connection(h11.CLIENT)
    writer.write(_request_bytes(connection, parts, body))
    content = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response) and event.status_code != 200:
            raise OcspFailed(f"answered {event.status_code}")
        elif isinstance(event, h11.Data):
            content += event.data
            if len(content) > MAX_RESPONSE_BYTES:
                raise OcspFailed(f"sent more than {MAX_RESPONSE_BYTES} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return content
        elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise OcspFailed("closed the connection")


def _request_bytes(connection: h11.Connection, parts: SplitResult, body: bytes) -> bytes:
    query = f"?{parts.query}" if parts.query else ""
    request = h11.Request(
        method="POST",
        target=(parts.path or "/") + query,
        headers=[
            ("Host", parts.netloc.rpartition("@")[2]),
            ("Content-Type", "application/ocsp-request"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ],
    )
    sent = [connection.send(event) for event in (request, h11.Data(data=body), h11.EndOfMessage())]
    return b"".join(part or b"" for part in sent)


@lru_cache(maxsize=8)
def _tls_context(roots_pem: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if roots_pem:
        context.load_verify_locations(cadata=roots_pem)
    return context


# Responses


def revocation(body: bytes, question: Question, now: datetime) -> datetime | None:
    """Return when the certificate was revoked, or None if it is good; raises OcspFailed."""
    try:
        response = ocsp.load_der_ocsp_response(body)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise OcspFailed(f"answered {response.response_status.name.lower().replace('_', ' ')}")
        _check_subject(response, question.request)
        _check_time(response, now)
        _check_signature(response, question.issuer)
        if response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
            raise OcspFailed("does not know the certificate")
        return response.revocation_time_utc
    except (*PARSE_ERRORS, UnsupportedAlgorithm, NotImplementedError):
        raise OcspFailed("sent an unreadable answer") from None


def _check_subject(response: ocsp.OCSPResponse, request: ocsp.OCSPRequest) -> None:
    def subject(one: ocsp.OCSPResponse | ocsp.OCSPRequest) -> tuple[object, ...]:
        return one.hash_algorithm.name, one.issuer_name_hash, one.issuer_key_hash, one.serial_number

    if subject(response) != subject(request):
        raise OcspFailed("answered about another certificate")


def _check_time(response: ocsp.OCSPResponse, now: datetime) -> None:
    if response.this_update_utc > now + CLOCK_LEEWAY:
        raise OcspFailed("sent an answer that is not valid yet")
    if response.next_update_utc is not None and response.next_update_utc < now - CLOCK_LEEWAY:
        raise OcspFailed("sent an outdated answer")


def _check_signature(response: ocsp.OCSPResponse, issuer: x509.Certificate | None) -> None:
    """Check the signer of a response: the issuer, or a responder that the issuer certified (RFC 6960
    4.2.2.2).

    If the certificate of the issuer is not known, a certificate in the response takes its place. If the
    response has no certificate either, the signature is not checked.
    """
    delegates = [one for one in response.certificates if issuer is None or _is_delegate(one, issuer)]
    signers = delegates if issuer is None else [issuer, *delegates]
    if signers and not any(_is_signed(response, signer) for signer in signers):
        raise OcspFailed("sent an answer with a wrong signature")


def _is_delegate(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage and is_signed_by(certificate, issuer)


def _is_signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, algorithm = signer.public_key(), response.signature_hash_algorithm
    signed = response.signature, response.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm:
            key.verify(*signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm:
            key.verify(*signed, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True
