"""Whether a station has a certificate, and the hash data that names it."""

from typing import Any

import pytest

from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.pki import Pki
from mock_csms.stations.station import Station
from mock_csms.v201.installed_certificates import hash_data_to_delete, type_of_certificate
from mock_csms.v201.learning import learn_from_answer

AUTHORITY = Pki()
OTHER = Pki()
ROOT = AUTHORITY.named("root")


def listed(*hash_data: Any) -> Station:
    station = Station("CS1")
    chains = [{"certificateType": "CSMSRootCertificate", "certificateHashData": item} for item in hash_data]
    answer = {"status": "Accepted", "certificateHashDataChain": chains}
    ask_for_certificates(station, answer)
    return station


def ask_for_certificates(station: Station, answer: JsonObject, **request: Any) -> None:
    learn_from_answer(station, "GetInstalledCertificateIds", request, answer)


def install(station: Station, status: str, certificate: str = AUTHORITY.root_pem) -> None:
    request = {"certificateType": "CSMSRootCertificate", "certificate": certificate}
    learn_from_answer(station, "InstallCertificate", request, {"status": status})


def delete(station: Station, status: str, hash_data: JsonObject) -> None:
    request = {"certificateHashData": hash_data}
    learn_from_answer(station, "DeleteCertificate", request, {"status": status})


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_certificate_is_named_as_the_station_listed_it(algorithm: str) -> None:
    """M04.FR.07."""
    hash_data = AUTHORITY.root_hash(algorithm)
    spelled = {**hash_data, "serialNumber": f"00{hash_data['serialNumber'].upper()}"}

    assert hash_data_to_delete(listed(OTHER.root_hash(), spelled), ROOT) == spelled


def test_installed_certificate_is_named_with_an_algorithm_of_the_station() -> None:
    station = listed(OTHER.root_hash("SHA512"))
    install(station, "Accepted")

    assert hash_data_to_delete(station, ROOT) == AUTHORITY.root_hash("SHA512")


def test_certificate_is_named_with_sha256_if_nothing_is_known() -> None:
    assert hash_data_to_delete(Station("CS1"), ROOT) == AUTHORITY.root_hash("SHA256")


def test_refused_certificate_is_not_deleted() -> None:
    station = Station("CS1")
    install(station, "Rejected")

    with pytest.raises(NothingToDo):
        hash_data_to_delete(station, ROOT)


def test_certificate_that_is_refused_a_second_time_is_still_installed() -> None:
    station = Station("CS1")
    install(station, "Accepted")
    install(station, "Rejected")

    assert hash_data_to_delete(station, ROOT) == AUTHORITY.root_hash("SHA256")


def test_certificate_that_is_not_listed_is_not_deleted() -> None:
    with pytest.raises(NothingToDo):
        hash_data_to_delete(listed(OTHER.root_hash()), ROOT)


def test_certificate_of_station_without_certificates_is_not_deleted() -> None:
    station = Station("CS1")
    ask_for_certificates(station, {"status": "NotFound"})

    with pytest.raises(NothingToDo):
        hash_data_to_delete(station, ROOT)


def test_list_of_other_certificates_says_nothing() -> None:
    station = Station("CS1")
    ask_for_certificates(station, {"status": "NotFound"}, certificateType=["V2GRootCertificate"])

    assert hash_data_to_delete(station, ROOT) == AUTHORITY.root_hash()


@pytest.mark.parametrize(("status", "is_gone"), [("Accepted", True), ("NotFound", True), ("Failed", False)])
def test_deleted_certificate_is_not_deleted_again(status: str, is_gone: bool) -> None:
    station = listed(AUTHORITY.root_hash("SHA384"))
    install(station, "Accepted")
    delete(station, status, AUTHORITY.root_hash("SHA384"))

    if is_gone:
        with pytest.raises(NothingToDo):
            hash_data_to_delete(station, ROOT)
    else:
        assert hash_data_to_delete(station, ROOT) == AUTHORITY.root_hash("SHA384")


def test_answers_about_other_certificates_say_nothing() -> None:
    station = Station("CS1")
    install(station, "Rejected", OTHER.root_pem)
    delete(station, "Accepted", OTHER.root_hash())

    assert hash_data_to_delete(station, ROOT) == AUTHORITY.root_hash()


def test_unreadable_certificate_says_nothing() -> None:
    station = Station("CS1")
    install(station, "Rejected", "not a certificate")

    assert station == Station("CS1")


def test_sub_ca_in_a_listed_chain_is_named_as_the_station_listed_it() -> None:
    """M03.FR.05."""
    secc, sub_ca = AUTHORITY.named("secc"), AUTHORITY.named("v2g-sub-ca-1")
    child = sub_ca.hash_data("SHA512")
    chain = {"certificateType": "V2GCertificateChain", "certificateHashData": secc.hash_data("SHA512")}
    answer = {
        "status": "Accepted",
        "certificateHashDataChain": [{**chain, "childCertificateHashData": [child]}],
    }
    station = Station("CS1")
    ask_for_certificates(station, answer)

    assert hash_data_to_delete(station, sub_ca) == child


def test_list_that_is_too_long_to_keep_says_nothing_about_others() -> None:
    station = listed(*(OTHER.root_hash() | {"serialNumber": str(number)} for number in range(1, 1000)))

    assert hash_data_to_delete(station, ROOT) == AUTHORITY.root_hash()


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_algorithm_of_the_settings_takes_precedence(algorithm: str) -> None:
    station = listed(AUTHORITY.root_hash("SHA256"))

    assert hash_data_to_delete(station, ROOT, algorithm) == AUTHORITY.root_hash(algorithm)


@pytest.mark.parametrize(
    ("name", "certificate_type"),
    [
        ("root", "CSMSRootCertificate"),
        ("intermediate", "CSMSRootCertificate"),
        ("v2g-root", "V2GRootCertificate"),
        ("v2g-sub-ca-1", "V2GRootCertificate"),
        ("mo-root", "MORootCertificate"),
        ("contract", "MORootCertificate"),
        ("manufacturer-root", "ManufacturerRootCertificate"),
        ("firmware", "ManufacturerRootCertificate"),
        ("unknown-root", "CSMSRootCertificate"),
    ],
)
def test_type_of_a_certificate_is_that_of_its_root(name: str, certificate_type: str) -> None:
    assert type_of_certificate(AUTHORITY.named(name), AUTHORITY) == certificate_type
