"""Settings of certificates for a station: those that it requests, and those that commands send to it (A02,
A03, M).
"""

import base64
import binascii
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat

from mock_csms.settings.command_settings import CommandSettings
from mock_csms.settings.field_types import CERTIFICATES_GROUP, PAYLOADS_GROUP, SECONDS, Seconds, setting
from mock_csms.settings.files import read_file

MAX_EXI_LENGTH: Final = 5600
"""Maximum characters of an exiResponse (Part 2, Get15118EVCertificateResponse)."""


def _exi_of_file(value: object) -> object:
    """Return the content of @FILE, a binary EXI document, as base64; return any other value unchanged."""
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


def _readable_roots(text: str) -> str:
    if text in {"any", "own"}:
        return text
    try:
        content = read_file(Path(text))
    except OSError as error:
        raise ValueError(
            f"cannot read {text}: {error.strerror}; write 'any', 'own' or the path of a PEM file"
        ) from None
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise ValueError(f"{text} has no certificate in PEM")
    return text


ContractRoots = Annotated[str, AfterValidator(_readable_roots)]
PACE: Final = r"(seconds=[0-9]{1,4}(\.[0-9]{1,3})?|status=[45][0-9]{2})"
NAME_WITH_PACE: Final = re.compile(rf"[A-Za-z0-9_-][A-Za-z0-9._-]{{0,99}}(\?{PACE}(&{PACE})?)?")
"""Name of a firmware file, with parameters for a slow or refused download, as in firmware.bin?seconds=20."""


def _firmware_name(text: str) -> str:
    if not NAME_WITH_PACE.fullmatch(text):
        raise ValueError(
            "a name has at most 100 letters, digits, - _ and .; behind it, only ?seconds=20 or ?status=404 "
            "may follow, or both with & between them"
        )
    return text


FirmwareName = Annotated[str, AfterValidator(_firmware_name)]
CertificateName = Annotated[str, Field(min_length=1, max_length=200)]


class CertificateSettings(CommandSettings):
    """Settings of certificates for one station; a base class of `Profile`."""

    certificates: Literal["sign", "hold", "bad"] = setting(
        "sign",
        "when to send the CertificateSigned for an accepted SignCertificate. sign: after "
        "--certificate-delay; hold: as soon as POST /v1/stations/{id}/release is called; bad: as with sign, "
        "but with a certificate that the station has to reject (see --bad-certificate)",
        group=CERTIFICATES_GROUP,
        expected="sign, hold or bad",
        example="hold",
        metavar="WHAT",
    )
    bad_certificate: Literal["other-key", "expired", "not-yet-valid", "unknown-ca"] = setting(
        "other-key",
        "fault of the certificate that --certificates bad sends. other-key: its key is not that of the CSR; "
        "expired: it has expired; not-yet-valid: it is not valid yet; unknown-ca: it is signed "
        "by a CA that no station knows",
        group=CERTIFICATES_GROUP,
        expected="other-key, expired, not-yet-valid or unknown-ca",
        example="expired",
        metavar="FAULT",
    )
    certificate_chain: Literal["leaf", "sub-ca", "root"] = setting(
        "sub-ca",
        "certificates in a CertificateSigned. leaf: only the station's certificate; sub-ca: also the "
        "sub-CAs; root: also the sub-CAs and the root",
        group=CERTIFICATES_GROUP,
        expected="leaf, sub-ca or root",
        example="root",
        metavar="PARTS",
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
    contract_roots: ContractRoots = setting(
        "any",
        "roots that the contract certificates in an Authorize may chain to. any: every root; own: mo-root "
        "and v2g-root of the PKI; FILE: the same as own, and the certificates in this PEM file",
        group=CERTIFICATES_GROUP,
        expected="any, own or a file",
        example="own",
        metavar="ROOTS",
    )
    ocsp: Literal["off", "ask"] = setting(
        "off",
        "whether to send OCSP requests about certificates of other PKIs than that of the server, for "
        "Authorize and GetCertificateStatus. off: never; ask: send a request to the responder that the "
        "message or the certificate names",
        group=CERTIFICATES_GROUP,
        expected="off or ask",
        example="ask",
        metavar="WHAT",
    )
    ocsp_timeout: Annotated[FiniteFloat, Field(gt=0, le=60)] = setting(
        5.0,
        "seconds to wait for an OCSP responder",
        group=CERTIFICATES_GROUP,
        expected="a number of seconds greater than 0, at most 60",
        example="2",
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
        "exiResponse in the answer to Get15118EVCertificate: base64 text, or, except in the control API, "
        "@FILE to read a binary EXI document (default: a placeholder that a vehicle rejects)",
        group=CERTIFICATES_GROUP,
        expected="base64 or @FILE",
        example="gJgC",
        metavar="EXI",
    )
    install_certificate: CertificateName | None = setting(
        None,
        "certificate that InstallCertificate installs, by its name in the PKI (default: the root that fits "
        "the certificateType: root, v2g-root, mo-root or manufacturer-root)",
        group=PAYLOADS_GROUP,
        expected="the name of a certificate",
        example="v2g-root",
        metavar="NAME",
    )
    delete_certificate: CertificateName = setting(
        "root",
        "certificate that DeleteCertificate deletes, by its name in the PKI",
        group=PAYLOADS_GROUP,
        expected="the name of a certificate",
        example="v2g-root",
        metavar="NAME",
    )
    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"] | None = setting(
        None,
        "hash algorithm in DeleteCertificate: SHA256, SHA384 or SHA512 (default: as in the station's "
        "last answer to GetInstalledCertificateIds, otherwise SHA256)",
        group=PAYLOADS_GROUP,
        expected="SHA256, SHA384 or SHA512",
        example="SHA384",
        metavar="NAME",
    )
    firmware: FirmwareName = setting(
        "firmware.bin",
        "firmware that UpdateFirmware and PublishFirmware offer: a file in the folder of --files, or the "
        "mock's own firmware.bin or empty.bin. With ?seconds=20 after the name, the download takes 20 "
        "seconds; with ?status=404, it is refused with HTTP 404",
        group=PAYLOADS_GROUP,
        expected="the name of a file without folders, perhaps with ?seconds=20 or ?status=404",
        example="firmware-2.bin",
        metavar="NAME",
    )
    firmware_signature: Literal[
        "valid", "none", "wrong", "expired", "not-yet-valid", "unknown-ca", "self-signed"
    ] = setting(
        "valid",
        "signature and signing certificate in UpdateFirmware. valid: both are valid, and the certificate "
        "chains to manufacturer-root; none: UpdateFirmware has neither; wrong: the signature is that of "
        "another file; expired, not-yet-valid, unknown-ca, self-signed: the certificate has this fault, and "
        "the station has to reject it",
        group=PAYLOADS_GROUP,
        expected="valid, none, wrong, expired, not-yet-valid, unknown-ca or self-signed",
        example="wrong",
        metavar="HOW",
    )
