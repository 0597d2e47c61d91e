"""Which idTokens the mock accepts at a station."""

import pytest

from mock_csms.csms import Csms
from mock_csms.settings import Settings
from mock_csms.v201.id_tokens import accepted_tokens, presented_token
from server import VERSIONS

TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}


def charging(station: str) -> Csms:
    """A server that allows a token one transaction at a time; `TOKEN` has a transaction at this station."""
    settings = Settings.model_validate({"tokens": {"AABBCCDD": {}}, "concurrent_tx": True})
    csms = Csms(settings, VERSIONS)
    csms.charging.begin(TOKEN, station, "T1")
    return csms


@pytest.mark.parametrize("station", ["CS1", "CS2"])
def test_charging_token_is_not_accepted_for_another_transaction(station: str) -> None:
    csms = charging(station)

    assert TOKEN["idToken"] not in [token["idToken"] for token in accepted_tokens(csms, csms.station("CS1"))]


@pytest.mark.parametrize(
    ("station", "transaction_id", "status"),
    [
        ("CS1", None, "Accepted"),
        ("CS1", "T1", "Accepted"),
        ("CS1", "T2", "ConcurrentTx"),
        ("CS2", None, "ConcurrentTx"),
        ("CS2", "T1", "ConcurrentTx"),
    ],
)
def test_charging_token_is_accepted_for_its_own_transaction_only(
    station: str, transaction_id: str | None, status: str
) -> None:
    """An Authorize has no transaction_id; at the station that charges, it may stop the transaction."""
    csms = charging(station)
    profile = csms.profile("CS1")

    assert presented_token(csms, profile, csms.station("CS1"), TOKEN, transaction_id).status == status
