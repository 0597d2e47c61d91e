"""Whether a station has installed the mock's root certificate, and how it names it (M03, M04, M05)."""

from typing import TYPE_CHECKING, Final

from ocpp.v201.enums import Action

from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Station

if TYPE_CHECKING:
    # Only for types: the server imports cryptography, which takes long, when it needs certificates.
    from mock_csms.pki import Pki

USUAL_ALGORITHM: Final = "SHA256"


def root_to_delete(station: Station, authority: "Pki") -> JsonObject:
    """Return the hash data of the root certificate, as listed by the station if it has (M04.FR.07).

    Raises NothingToDo if the station does not have the certificate.
    """
    listed: list[JsonObject] = [chain["certificateHashData"] for chain in station.certificates]
    if own := next((hash_data for hash_data in listed if is_root(hash_data, authority)), None):
        return own
    if station.has_root is False:
        raise NothingToDo("the station does not have this server's root certificate")
    algorithm = listed[0]["hashAlgorithm"] if listed else USUAL_ALGORITHM
    return authority.root_hash(algorithm)


def is_root(hash_data: JsonObject, authority: "Pki") -> bool:
    """Whether hash data identifies the root certificate, regardless of case and leading zeros."""
    return _normal(hash_data) == _normal(authority.root_hash(hash_data["hashAlgorithm"]))


def _normal(hash_data: JsonObject) -> JsonObject:
    serial_number = hash_data["serialNumber"].lower().lstrip("0")
    return {**{name: str(value).lower() for name, value in hash_data.items()}, "serialNumber": serial_number}


def learn_root(
    station: Station, authority: "Pki", action: str, request: JsonObject, answer: JsonObject
) -> None:
    """Update whether the station has the root certificate, from its answer to a command."""
    if action == Action.install_certificate:
        if request["certificate"].strip() == authority.root_pem.strip():
            # A refused second installation leaves the certificate where it is.
            station.has_root = answer["status"] == "Accepted" or bool(station.has_root)
    elif action == Action.get_installed_certificate_ids:
        if "certificateType" not in request:
            chains = answer.get("certificateHashDataChain", [])
            station.has_root = any(is_root(chain["certificateHashData"], authority) for chain in chains)
    elif answer["status"] in {"Accepted", "NotFound"} and is_root(request["certificateHashData"], authority):
        station.has_root = False
        station.certificates = [
            chain for chain in station.certificates if not is_root(chain["certificateHashData"], authority)
        ]
