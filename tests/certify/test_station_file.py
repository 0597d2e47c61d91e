"""The station file."""

from pathlib import Path

import pytest

from mock_csms.certify.station_file import StationFile, read_station_file
from mock_csms.errors import UsageError


def read(tmp_path: Path, text: str) -> StationFile:
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return read_station_file(path)


def test_file_names_the_first_evse_and_its_first_connector(tmp_path: Path) -> None:
    file = read(tmp_path, "[station]\nevses = { 2 = [1], 1 = [2, 3] }\n")

    assert (file.evse, file.connector) == (1, 2)
    assert sorted(file.connectors) == [(1, 2), (1, 3), (2, 1)]


def test_claims_have_profiles_features_and_several_evses(tmp_path: Path) -> None:
    file = read(tmp_path, '[station]\nprofiles = ["Core"]\nfeatures = ["C-49"]\n')

    assert file.claims == {"Core", "C-49", "HFS-8>1"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[station", "is not valid TOML"),
        ("a = " + "[" * 3000, "is not valid TOML: its values are nested too deeply"),
        ("#" * 1_000_001, "has more than 1,000,000 bytes"),
        ("[statoin]\n", "there is no key statoin; did you mean station?"),
        ("[station]\nidentiti = 'CS1'\n", "there is no key station.identiti; did you mean identity?"),
        ("[tokens]\nvalid = { id = 'A' }\n", "there is no key tokens.valid.id; valid keys: idToken, type"),
        ("station = 1\n", "station: write a table, not 1"),
        ("[station]\nidentity = 'CS\\n1'\n".replace("'", '"'), "an identity has printable characters only"),
        ("[station]\nevses = {}\n", "station.evses: write at least one, not {}"),
        ("[station]\nevses = { 1 = [] }\n", "station.evses.1: write at least one, not []"),
        ("[station]\nevses = { 0 = [1] }\n", "station.evses.0: Input should be greater than or equal to 1"),
        ("[station]\nslots = [1, 1]\n", "write two different slots such as [1, 2], not [1, 1]"),
        ("[station]\nprofiles = 'Core'\n", "station.profiles: write a list, not 'Core'"),
        ("[station]\nfeatures = ['C-490']\n", "unknown feature 'C-490'; did you mean C-49?"),
        ("[station]\nprofiles = ['core']\n", "unknown profile 'core'; did you mean Core?"),
        ("[tokens]\nvalid = { idToken = '' }\n", "tokens.valid.idToken: String should have at least 1"),
        ("[times]\nmessage = 0\n", "times.message: Input should be greater than 0, not 0"),
        ("[times]\nboot = inf\n", "times.boot: Input should be less than or equal to 86400, not inf"),
        ("[known]\nTC_E_5_CS = 'issue 12'\n", "unknown case 'TC_E_5_CS'; did you mean TC_E_"),
        ("[certificates]\nmo_root = 'no.pem'\n", "certificates.mo_root: Path does not point to a file"),
    ],
)
def test_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, text)

    assert sentence in str(raised.value)


def test_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff[station]\nidentity = 'CS7'\n").station.identity == "CS7"


def test_wrong_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, "[station]\npassword = 4711\n")

    assert "4711" not in str(raised.value)


def test_missing_file_is_refused_with_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="certify init ID writes one"):
        read_station_file(tmp_path / "none.toml")
