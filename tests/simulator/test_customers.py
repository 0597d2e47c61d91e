"""Customer information of a simulated station."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.authorization import Authorization
from mock_csms.simulator.core import Core
from mock_csms.simulator.customers import MAX_DATA, Customers
from tests.support.virtual_station import Workbench

TOKEN: JsonObject = {"idToken": "AABBCCDD", "type": "ISO14443"}
OTHER: JsonObject = {"idToken": "OTHER", "type": "ISO14443"}
CERTIFICATE: JsonObject = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "00",
    "issuerKeyHash": "00",
    "serialNumber": "1",
}


class Station:
    """A `Workbench` of a station that has a token in its cache, and another one in its local list."""

    def __init__(self, **setup: Any) -> None:
        self.bench = Workbench(
            self._make_authorization, lambda core: Customers(core, self.authorization), **setup
        )
        self.authorization.learn(TOKEN, {"status": "Accepted", "language1": "en"})

    def _make_authorization(self, core: Core) -> Authorization:
        self.authorization = Authorization(core)
        return self.authorization

    def ask(self, **fields: Any) -> str:
        """Send a CustomerInformation, by default for a report about the token; return the answer's status."""
        request = {"requestId": 3, "report": True, "clear": False, "idToken": TOKEN, **fields}
        request = {name: value for name, value in request.items() if value is not None}
        return str(self.bench.command("CustomerInformation", request)["status"])

    @property
    def reports(self) -> list[JsonObject]:
        """Payloads of all NotifyCustomerInformation messages sent."""
        return self.bench.payloads("NotifyCustomerInformation")


@pytest.fixture
def station() -> Station:
    return Station()


def test_known_token_is_reported(station: Station) -> None:
    assert station.ask() == "Accepted"

    assert station.reports == [
        {
            "data": 'Authorization cache: {"status":"Accepted","language1":"en"}',
            "seqNo": 0,
            "generatedAt": "2026-01-01T00:00:00.000Z",
            "requestId": 3,
        }
    ]


@pytest.mark.parametrize(
    "customer",
    [{"idToken": OTHER}, {"customerIdentifier": "me"}, {"customerCertificate": CERTIFICATE}],
    ids=lambda customer: next(iter(customer)),
)
def test_unknown_customer_gets_one_report(station: Station, customer: JsonObject) -> None:
    assert station.ask(**{"idToken": None, **customer}) == "Accepted"

    assert [report["data"] for report in station.reports] == [""]


@pytest.mark.parametrize(
    "customers",
    [{"idToken": None}, {"customerIdentifier": "me"}, {"customerCertificate": CERTIFICATE}],
    ids=["none", "token and identifier", "token and certificate"],
)
def test_request_without_exactly_one_customer_is_invalid(station: Station, customers: JsonObject) -> None:
    assert station.ask(**customers) == "Invalid"
    assert station.reports == []


def test_request_that_neither_reports_nor_clears_is_rejected(station: Station) -> None:
    assert station.ask(report=False) == "Rejected"
    assert station.reports == []


def test_cleared_token_is_reported_for_the_last_time(station: Station) -> None:
    assert station.ask(clear=True) == "Accepted"
    assert station.ask(clear=True) == "Accepted"

    first, second = [report["data"] for report in station.reports]
    assert first.startswith("Authorization cache:")
    assert second == ""


def test_cleared_identifier_is_reported_for_the_last_time() -> None:
    station = Station(customer_identifiers=("me",))
    for clear in (True, False):
        assert station.ask(idToken=None, customerIdentifier="me", clear=clear) == "Accepted"

    assert [report["data"] for report in station.reports] == ["Customer: me", ""]


def test_clearing_without_a_report_is_notified_once(station: Station) -> None:
    assert station.ask(report=False, clear=True) == "Accepted"

    assert [report["data"] for report in station.reports] == ["The data is cleared."]
    assert station.authorization.known_info(TOKEN) is None


def test_clearing_leaves_the_local_list(station: Station) -> None:
    entry = {"idToken": OTHER, "idTokenInfo": {"status": "Accepted"}}
    update = {"versionNumber": 7, "updateType": "Full", "localAuthorizationList": [entry]}
    station.bench.command("SendLocalList", update)
    station.ask(idToken=OTHER, clear=True)

    assert station.bench.command("GetLocalListVersion") == {"versionNumber": 7}
    assert station.authorization.records_of(OTHER) == ['Local list: {"status":"Accepted"}']


def test_long_data_comes_in_parts(station: Station) -> None:
    message = {"format": "UTF8", "content": "x" * 512}
    info = {"status": "Accepted", "personalMessage": message}
    update = {
        "versionNumber": 1,
        "updateType": "Full",
        "localAuthorizationList": [{"idToken": OTHER, "idTokenInfo": info}],
    }
    station.bench.command("SendLocalList", update)
    station.ask(idToken=OTHER)

    assert [report["seqNo"] for report in station.reports] == [0, 1]
    assert [report.get("tbc", False) for report in station.reports] == [True, False]
    assert len(station.reports[0]["data"]) == MAX_DATA
