"""Fetches the OCSPResponse for a station from the responder named in the station's request (M06)."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import h11
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from mock_csms.pki.csr import PARSE_ERRORS
from mock_csms.pki.hash_data import HASH_ALGORITHMS, check_hash_data
from mock_csms.pki.ocsp_client import OcspFailed, post

__all__ = ["OcspFailed", "relay"]


async def relay(data: Mapping[str, Any], timeout_s: float, roots_pem: str = "") -> str:
    """Ask the responder of an OCSPRequestDataType, and return its answer in base64.

    Raises OcspFailed or InvalidHashData.
    """
    algorithm, name_hash, key_hash, serial_number = check_hash_data(data)
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        name_hash, key_hash, serial_number, HASH_ALGORITHMS[algorithm]
    )
    request, url = builder.build().public_bytes(Encoding.DER), str(data.get("responderURL", ""))
    try:
        async with asyncio.timeout(timeout_s):
            body = await post(url, request, roots_pem)
    except TimeoutError:
        raise OcspFailed(f"{url} did not answer within {timeout_s:g} s") from None
    except OcspFailed as failure:
        raise OcspFailed(f"{url} {failure}") from None
    except (OSError, ValueError, h11.ProtocolError) as error:
        raise OcspFailed(f"{url} cannot be asked: {error}") from None
    if not _is_successful(body):
        raise OcspFailed(f"{url} sent no usable answer")
    return base64.b64encode(body).decode()


def _is_successful(body: bytes) -> bool:
    try:
        response = ocsp.load_der_ocsp_response(body)
    except PARSE_ERRORS:
        return False
    return response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
