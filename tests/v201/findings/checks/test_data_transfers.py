"""Checks of the DataTransfers that a station sends."""

import pytest

from tests.support.talk import Talk


@pytest.mark.parametrize("vendor_id", ["com.example", "org.example-1.some_thing"])
def test_reversed_domain_name_is_accepted(talk: Talk, vendor_id: str) -> None:
    talk.exchange("DataTransfer", {"vendorId": vendor_id}, {"status": "Accepted"})

    assert not talk.findings
    assert talk.coverage("P02.FR.03") == "met"


@pytest.mark.parametrize("vendor_id", ["", "Example", "com.", "com example.x"])
def test_other_vendor_id_is_found(talk: Talk, vendor_id: str) -> None:
    talk.exchange("DataTransfer", {"vendorId": vendor_id}, {"status": "Accepted"})

    assert talk.ids == ["vendor-id-not-domain"]
    assert talk.coverage("P02.FR.03") == "broken"
