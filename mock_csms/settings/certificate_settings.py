"""Settings of the certificates that a station asks for (A02, A03, M01, M02)."""

import base64
import binascii
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator

from mock_csms.settings.command_settings import CommandSettings
from mock_csms.settings.field_types import CERTIFICATES_GROUP, SECONDS, Seconds, setting
from mock_csms.settings.files import read_file

MAX_EXI_LENGTH: Final = 5600
"""Maximum characters of an exiResponse (Part 2, Get15118EVCertificateResponse)."""


def _exi_of_file(value: object) -> object:
    """Read @FILE, which holds the EXI document itself, as base64."""
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    try:
        return base64.b64encode(read_file(Path(value[1:]))).decode()
    except OSError as error:
        raise ValueError(f"cannot read {value[1:]}: {error.strerror}") from None


def _base64(text: str) -> str:
    if len(text) > MAX_EXI_LENGTH:
        raise ValueError(f"has {len(text)} characters in base64; OCPP allows {MAX_EXI_LENGTH}")
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("is not base64; for a file with the EXI document itself, write @FILE") from None
    return text


ExiResponse = Annotated[str, BeforeValidator(_exi_of_file), AfterValidator(_base64)]


class CertificateSettings(CommandSettings):
    """Certificates for one station; a part of its `Profile`."""

    certificates: Literal["sign", "hold"] = setting(
        "sign",
        "when to send the CertificateSigned after a SignCertificate is answered with Accepted. sign: after "
        "--certificate-delay; hold: not until POST /v1/stations/{id}/release is called",
        group=CERTIFICATES_GROUP,
        expected="sign or hold",
        example="hold",
        metavar="WHAT",
    )
    certificate_delay: Seconds | None = setting(
        None,
        "seconds between the answer to a SignCertificate and the CertificateSigned (default: the value of "
        "--follow-up-delay)",
        group=CERTIFICATES_GROUP,
        expected=SECONDS,
        example="90",
        metavar="SECONDS",
    )
    ev_certificate_status: Literal["Accepted", "Failed"] = setting(
        "Accepted",
        "status in the answer to Get15118EVCertificate: Accepted or Failed",
        group=CERTIFICATES_GROUP,
        expected="Accepted or Failed",
        example="Failed",
        metavar="STATUS",
    )
    exi_response: ExiResponse | None = setting(
        None,
        "exiResponse in the answer to Get15118EVCertificate: base64 text, or @FILE to read a binary EXI "
        "document (default: a placeholder that a vehicle rejects)",
        group=CERTIFICATES_GROUP,
        expected="base64 or @FILE",
        example="gJgC",
        metavar="EXI",
    )
