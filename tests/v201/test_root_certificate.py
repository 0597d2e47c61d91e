"""Whether a station has the mock's root certificate, and the hash data that names it."""

from typing import Any

import pytest

from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.pki import Pki
from mock_csms.stations.station import Station
from mock_csms.v201.learning import learn_from_answer
from mock_csms.v201.root_certificate import learn_root, root_to_delete

AUTHORITY = Pki()
OTHER = Pki()


def listed(*hash_data: Any) -> Station:
    station = Station("CS1")
    chains = [{"certificateType": "CSMSRootCertificate", "certificateHashData": item} for item in hash_data]
    answer = {"status": "Accepted", "certificateHashDataChain": chains}
    ask_for_certificates(station, answer)
    return station


def ask_for_certificates(station: Station, answer: JsonObject, **request: Any) -> None:
    learn_from_answer(station, "GetInstalledCertificateIds", request, answer)
    learn_root(station, AUTHORITY, "GetInstalledCertificateIds", request, answer)


def install(station: Station, status: str, certificate: str = AUTHORITY.root_pem) -> None:
    request = {"certificateType": "CSMSRootCertificate", "certificate": certificate}
    learn_root(station, AUTHORITY, "InstallCertificate", request, {"status": status})


def delete(station: Station, status: str, hash_data: JsonObject) -> None:
    request = {"certificateHashData": hash_data}
    learn_root(station, AUTHORITY, "DeleteCertificate", request, {"status": status})


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_certificate_is_named_as_the_station_listed_it(algorithm: str) -> None:
    """M04.FR.07."""
    hash_data = AUTHORITY.root_hash(algorithm)
    spelled = {**hash_data, "serialNumber": f"00{hash_data['serialNumber'].upper()}"}

    assert root_to_delete(listed(OTHER.root_hash(), spelled), AUTHORITY) == spelled


def test_installed_certificate_is_named_with_an_algorithm_of_the_station() -> None:
    station = listed(OTHER.root_hash("SHA512"))
    install(station, "Accepted")

    assert root_to_delete(station, AUTHORITY) == AUTHORITY.root_hash("SHA512")


def test_certificate_is_named_with_sha256_if_nothing_is_known() -> None:
    assert root_to_delete(Station("CS1"), AUTHORITY) == AUTHORITY.root_hash("SHA256")


def test_refused_certificate_is_not_deleted() -> None:
    station = Station("CS1")
    install(station, "Rejected")

    with pytest.raises(NothingToDo):
        root_to_delete(station, AUTHORITY)


def test_certificate_that_is_refused_a_second_time_is_still_installed() -> None:
    station = Station("CS1")
    install(station, "Accepted")
    install(station, "Rejected")

    assert root_to_delete(station, AUTHORITY) == AUTHORITY.root_hash("SHA256")


def test_certificate_that_is_not_listed_is_not_deleted() -> None:
    with pytest.raises(NothingToDo):
        root_to_delete(listed(OTHER.root_hash()), AUTHORITY)


def test_certificate_of_station_without_certificates_is_not_deleted() -> None:
    station = Station("CS1")
    ask_for_certificates(station, {"status": "NotFound"})

    with pytest.raises(NothingToDo):
        root_to_delete(station, AUTHORITY)


def test_list_of_other_certificates_says_nothing() -> None:
    station = Station("CS1")
    ask_for_certificates(station, {"status": "NotFound"}, certificateType=["V2GRootCertificate"])

    assert root_to_delete(station, AUTHORITY) == AUTHORITY.root_hash()


@pytest.mark.parametrize(("status", "is_gone"), [("Accepted", True), ("NotFound", True), ("Failed", False)])
def test_deleted_certificate_is_not_deleted_again(status: str, is_gone: bool) -> None:
    station = listed(AUTHORITY.root_hash("SHA384"))
    install(station, "Accepted")
    delete(station, status, AUTHORITY.root_hash("SHA384"))

    if is_gone:
        with pytest.raises(NothingToDo):
            root_to_delete(station, AUTHORITY)
    else:
        assert root_to_delete(station, AUTHORITY) == AUTHORITY.root_hash("SHA384")


def test_answers_about_other_certificates_change_nothing() -> None:
    station = Station("CS1")
    install(station, "Rejected", OTHER.root_pem)
    delete(station, "Accepted", OTHER.root_hash())

    assert station == Station("CS1")
