"""Certificates for the CSRs of a station (A02, A03)."""

from typing import Any, Final

from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.settings import Profile
from mock_csms.stations.station import Station
from mock_csms.v201.features import reported

DEFAULT_USE: Final = "ChargingStationCertificate"
V2G_CERTIFICATE: Final = "V2GCertificate"


def check_request(csms: Csms, station: Station, csr: str, certificate_type: str | None) -> None:
    """Raise ValueError with the reason if a CSR cannot be signed for a station."""
    csms.authority.check_csr(
        csr,
        common_names=_common_names(station, certificate_type),
        organization=_organization(station, certificate_type),
    )


def _common_names(station: Station, certificate_type: str | None) -> list[str]:
    """Allowed values for the CN of a CSR, as far as the station has reported them. Empty: any value.

    A station certificate has the serial number (A00.FR.511), or the identity that the station connects with;
    a SECC certificate has the SeccId (Part 2, 2.14.9).
    """
    if certificate_type == V2G_CERTIFICATE:
        return _known(reported(station.device_model, "ISO15118Ctrlr/SeccId"))
    boot = (station.boot or {}).get("chargingStation", {})
    model = station.device_model
    serial_numbers = _known(boot.get("serialNumber"), reported(model, "ChargingStation/SerialNumber"))
    return [station.id, *serial_numbers] if serial_numbers else []


def _known(*names: Any) -> list[str]:
    return [name for name in names if name and isinstance(name, str)]


def _organization(station: Station, certificate_type: str | None) -> str:
    """Return the required O of a CSR (A00.FR.509; Part 2, 2.14.11); empty if it is unknown."""
    controller = "ISO15118Ctrlr" if certificate_type == V2G_CERTIFICATE else "SecurityCtrlr"
    return reported(station.device_model, f"{controller}/OrganizationName")


def certificate_signed_payload(csms: Csms, station: Station, request: JsonObject) -> JsonObject:
    """Return the payload of the CertificateSigned for a SignCertificate, with the same certificateType, if
    any (A02.FR.14).

    If the settings say so, the certificate is bad on purpose. Without an acceptable CSR, the certificate is
    for another key. In both cases, the station has to reject it.
    """
    certificate_type = request.get("certificateType")
    payload: JsonObject = {"certificateChain": _chain(csms, station, request.get("csr"), certificate_type)}
    if certificate_type is not None:
        payload["certificateType"] = certificate_type
    return payload


def _chain(csms: Csms, station: Station, csr: object, certificate_type: str | None) -> str:
    from mock_csms.pki.bad_certificates import bad_certificate  # noqa: PLC0415 - imports cryptography

    profile, authority = csms.profile(station.id), csms.authority
    signer = V2G_CERTIFICATE if certificate_type == V2G_CERTIFICATE else DEFAULT_USE
    text = csr if isinstance(csr, str) else ""
    try:
        if profile.certificates == "bad":
            issued = bad_certificate(authority, text, profile.bad_certificate, certificate_type=signer)
        else:
            issued = authority.sign_csr(text, certificate_type=signer)
    except ValueError:
        issued = authority.chain_for_another_key(station.id, certificate_type=signer)
    parts = profile.certificate_chain
    return issued.chain_text(sub_cas=parts != "leaf", root=parts == "root")


def rejection_hint(profile: Profile, answer: JsonObject) -> str:
    """Describe the remedy if a station has rejected a good certificate; otherwise empty."""
    if answer["status"] == "Accepted" or profile.certificates == "bad":
        return ""
    return (
        "the station rejects its certificate; install the root in the station with InstallCertificate. The "
        "station asks again only after a TriggerMessage (A02.FR.20)"
    )
