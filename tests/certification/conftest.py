"""A PKI for all cases: its RSA keys take a while to make."""

import pytest

from mock_csms.pki import Pki


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A PKI in a folder."""
    return Pki.open(tmp_path_factory.mktemp("certification") / "pki")
