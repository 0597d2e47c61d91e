"""Commands about certificates, as the observer sees them, and certificate authorities by name."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.simulator.certificate_data import certificate_hash_data
from tests.support.authority import Authority
from tests.support.certificates import LONG_AGO
from tests.support.talk import Talk

CSMS_ROOT: Final = "CSMSRootCertificate"
MO_ROOT: Final = "MORootCertificate"
ROOT_CHECK: Final = "SecurityCtrlr.AdditionalRootCertificateCheck"
ISSUERS: Final[Mapping[str, str]] = {"Sub": "V2G", "Successor": "Root"}
"""Issuer of each authority that is not self-signed."""


@cache
def authority(name: str = "Root") -> Authority:
    """Return the authority with a name; its certificates are valid at the time of a `Talk`."""
    return Authority(name, _issuer(name), start=LONG_AGO)


def _issuer(name: str) -> Authority | None:
    return authority(ISSUERS[name]) if name in ISSUERS else None


def hash_data(name: str = "Root") -> JsonObject:
    issuer = _issuer(name) or authority(name)
    return certificate_hash_data(authority(name).certificate, issuer.certificate)


def entry(name: str = "Root", certificate_type: str = CSMS_ROOT) -> JsonObject:
    return {"certificateType": certificate_type, "certificateHashData": hash_data(name)}


def list_certificates(
    talk: Talk, *entries: JsonObject, status: str = "Accepted", types: list[str] | None = None
) -> None:
    listed = {"certificateHashDataChain": list(entries)} if entries else {}
    request = {} if types is None else {"certificateType": types}
    talk.command("GetInstalledCertificateIds", request, status, **listed)


def install(
    talk: Talk, name: str = "Root", status: str = "Accepted", certificate_type: str = CSMS_ROOT
) -> None:
    install_pem(talk, authority(name).pem, status, certificate_type)


def install_pem(talk: Talk, pem: str, status: str = "Accepted", certificate_type: str = MO_ROOT) -> None:
    request = {"certificateType": certificate_type, "certificate": pem}
    talk.command("InstallCertificate", request, status)


def delete(talk: Talk, status: str = "Accepted", name: str = "Root") -> None:
    talk.command("DeleteCertificate", {"certificateHashData": hash_data(name)}, status)
