"""Checks of requests for customer information."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.monitors import command
from tests.support.talk import Talk, report

CUSTOMER: JsonObject = {"customerIdentifier": "me"}
TOKEN: JsonObject = {"idToken": {"idToken": "AABBCCDD", "type": "ISO14443"}}


def ask(talk: Talk, status: str = "Accepted", request_id: int = 7, **fields: object) -> None:
    request = {"requestId": request_id, "report": True, "clear": False, **fields}
    command(talk, "CustomerInformation", request, status)


def test_request_without_purpose_is_better_refused(talk: Talk) -> None:
    ask(talk, **CUSTOMER)
    assert (talk.ids, talk.coverage("N09.FR.07")) == ([], "not exercised")
    ask(talk, "Invalid", report=False, **CUSTOMER)
    assert (talk.ids, talk.coverage("N09.FR.07")) == ([], "not exercised")
    ask(talk, "Rejected", report=False, **CUSTOMER)
    assert talk.coverage("N09.FR.07") == talk.coverage("N10.FR.07") == "met"

    ask(talk, report=False, **CUSTOMER)

    assert talk.ids == ["aimless-customer-request-accepted"]
    assert talk.coverage("N09.FR.07") == talk.coverage("N10.FR.07") == "broken"


@pytest.mark.parametrize("customers", [{}, {**CUSTOMER, **TOKEN}])
def test_request_must_name_one_customer(talk: Talk, customers: JsonObject) -> None:
    ask(talk, **TOKEN)
    assert (talk.ids, talk.coverage("N09.FR.09")) == ([], "not exercised")
    ask(talk, "Rejected", **customers)
    assert (talk.ids, talk.coverage("N09.FR.09")) == ([], "not exercised")
    ask(talk, "Invalid", **customers)
    assert (talk.ids, talk.coverage("N09.FR.09")) == ([], "met")

    ask(talk, **customers)

    assert talk.ids == ["ambiguous-customer-accepted"]
    assert talk.coverage("N09.FR.09") == "broken"


def test_cleared_data_must_be_reported_in_one_message(talk: Talk) -> None:
    ask(talk, clear=True, **CUSTOMER)
    talk.call("NotifyCustomerInformation", {**report(0, tbc=True), "data": ""})
    talk.call("NotifyCustomerInformation", {**report(1), "data": ""})
    assert talk.ids == []
    ask(talk, request_id=8, clear=True, report=False, **CUSTOMER)
    talk.call("NotifyCustomerInformation", {**report(0, request_id=8), "data": ""})
    assert (talk.ids, talk.coverage("N10.FR.06")) == ([], "met")

    ask(talk, request_id=9, clear=True, report=False, **CUSTOMER)
    talk.call("NotifyCustomerInformation", {**report(0, request_id=9, tbc=True), "data": ""})

    assert talk.ids == ["clearing-reported-in-parts"]
    assert talk.coverage("N10.FR.06") == "broken"


def test_report_with_an_id_that_is_used_again_may_have_parts(talk: Talk) -> None:
    ask(talk, **CUSTOMER)
    ask(talk, clear=True, report=False, **CUSTOMER)
    talk.call("NotifyCustomerInformation", {**report(0, tbc=True), "data": ""})

    assert talk.ids == []
