"""The certificates that a station has according to its answers, and their hash data (M03, M04, M05)."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ocpp.v201.enums import Action

from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import KIB, first_within
from mock_csms.stations.station import Station

if TYPE_CHECKING:
    # Only for types: the server imports cryptography, which takes long, when it needs certificates.
    from mock_csms.pki import Issued, Pki

USUAL_ALGORITHM: Final = "SHA256"
MAX_CERTIFICATES_BYTES: Final = 64 * KIB

ROOT_OF_TYPE: Final = {
    "CSMSRootCertificate": "root",
    "V2GRootCertificate": "v2g-root",
    "MORootCertificate": "mo-root",
    "ManufacturerRootCertificate": "manufacturer-root",
}
"""Name of the root certificate for each certificateType in InstallCertificate."""


def type_of_certificate(certificate: "Issued", authority: "Pki") -> str:
    """Return the certificateType that fits a certificate, according to its root."""
    roots = {authority.named(name).certificate: kind for kind, name in ROOT_OF_TYPE.items()}
    return roots.get(certificate.root, "CSMSRootCertificate")


def hash_data_to_delete(station: Station, certificate: "Issued", algorithm: str | None = None) -> JsonObject:
    """Return the hash data of a certificate, computed with the algorithm if one is given.

    Without an algorithm, return the hash data that the station has listed (M04.FR.07), or compute them if it
    has not listed this certificate. Raises NothingToDo if the station is known not to have the certificate.
    """
    if algorithm is not None:
        return certificate.hash_data(algorithm)
    serial_number = serial_number_of(certificate.hash_data())
    listed = list(listed_hash_data(station.certificates))
    if own := next((data for data in listed if serial_number_of(data) == serial_number), None):
        return own
    if not station.installed.get(serial_number, not station.has_complete_list):
        raise NothingToDo(f"the station does not have the certificate {certificate.name}")
    return certificate.hash_data(listed[0]["hashAlgorithm"] if listed else USUAL_ALGORITHM)


def listed_hash_data(chains: list[JsonObject]) -> Iterator[JsonObject]:
    """Yield the hash data of each certificate in a list of chains."""
    for chain in chains:
        yield chain["certificateHashData"]
        yield from chain.get("childCertificateHashData", [])


def serial_number_of(hash_data: JsonObject) -> str:
    """Serial number in hash data, without regard to case and leading zeros."""
    serial_number: str = hash_data["serialNumber"]
    return serial_number.lower().lstrip("0")


def _after_installation(station: Station, request: JsonObject, answer: JsonObject) -> None:
    serial_number = _serial_number(request["certificate"])
    if serial_number is not None:
        # A refused second installation leaves the certificate where it is.
        is_known = station.installed.get(serial_number, False)
        station.installed[serial_number] = answer["status"] == "Accepted" or is_known


def _serial_number(certificate: str) -> str | None:
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        return f"{x509.load_pem_x509_certificate(certificate.encode()).serial_number:x}"
    except (ValueError, TypeError, x509.InvalidVersion):
        return None


def _after_list(station: Station, request: JsonObject, answer: JsonObject) -> None:
    chains = answer.get("certificateHashDataChain", [])
    certificates = first_within(chains, MAX_CERTIFICATES_BYTES)
    listed = [_readable(data) for data in listed_hash_data(certificates)]  # before anything is stored
    station.certificates = certificates
    is_complete = "certificateType" not in request and len(station.certificates) == len(chains)
    if is_complete:
        station.installed.clear()
    station.has_complete_list = is_complete
    for data in listed:
        station.installed[serial_number_of(data)] = True


def _readable(hash_data: JsonObject) -> JsonObject:
    """Return the hash data unchanged; raise one of UNREADABLE_PAYLOAD if the serial number or the hash
    algorithm is not a text.
    """
    serial_number_of(hash_data)
    if not isinstance(hash_data["hashAlgorithm"], str):
        raise TypeError("the hash algorithm is not a text")
    return hash_data


def _after_deletion(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] not in {"Accepted", "NotFound"}:
        return
    serial_number = serial_number_of(request["certificateHashData"])
    station.installed[serial_number] = False
    station.certificates = [
        chain
        for chain in station.certificates
        if serial_number_of(chain["certificateHashData"]) != serial_number
    ]


LEARN_OF_CERTIFICATES: Final[Mapping[str, Callable[[Station, JsonObject, JsonObject], None]]] = {
    Action.delete_certificate: _after_deletion,
    Action.get_installed_certificate_ids: _after_list,
    Action.install_certificate: _after_installation,
}
"""Functions that update the state of a station from its answer to a command about certificates, by action."""
