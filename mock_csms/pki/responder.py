"""The OCSP responder over HTTP: requests and responses in DER (RFC 6960 4.1, A.1)."""

import base64
import binascii
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ExtensionNotFound, OCSPNonce, ocsp

from mock_csms.pki.authority import Pki
from mock_csms.pki.csr import PARSE_ERRORS
from mock_csms.pki.ocsp import CertificateId

MAX_REQUEST_BYTES: Final = 10_000
MAX_NONCE_BYTES: Final = 128


def answer_ocsp(pki: Pki, request: bytes | str) -> bytes:
    """Return the OCSPResponse (DER) to the body of a POST, or to the base64 text from the URL of a GET.

    A malformed request gets an OCSPResponse with the status malformedRequest.
    """
    return _answer_get(pki, request) if isinstance(request, str) else _answer_post(pki, request)


def _answer_post(pki: Pki, body: bytes) -> bytes:
    if len(body) > MAX_REQUEST_BYTES:
        return _failure(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    try:
        request = ocsp.load_der_ocsp_request(body)
        wanted = CertificateId(
            request.hash_algorithm, request.issuer_name_hash, request.issuer_key_hash, request.serial_number
        )
        nonce = _nonce(request)
    except (*PARSE_ERRORS, UnsupportedAlgorithm):
        return _failure(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    except NotImplementedError:  # of `cryptography`, for a request about several certificates
        return _failure(ocsp.OCSPResponseStatus.INTERNAL_ERROR)
    response = pki.ocsp_answer(wanted, nonce)
    if response is None:
        return _failure(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    return response.public_bytes(Encoding.DER)


def _answer_get(pki: Pki, encoded: str) -> bytes:
    try:
        body = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return _failure(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    return _answer_post(pki, body)


def _nonce(request: ocsp.OCSPRequest) -> OCSPNonce | None:
    """Nonce to repeat in the response; raises ValueError if it is too long."""
    try:
        nonce = request.extensions.get_extension_for_class(OCSPNonce).value
    except ExtensionNotFound:
        return None
    if len(nonce.nonce) > MAX_NONCE_BYTES:
        raise ValueError(f"the nonce is longer than {MAX_NONCE_BYTES} bytes")
    return nonce


def _failure(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
