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
        ("[station]\nidentiti = 'CS1'\n", "station.identiti: Extra inputs are not permitted"),
        ("[station]\nfeatures = ['C-490']\n", "unknown feature 'C-490'; did you mean C-49?"),
        ("[station]\nprofiles = ['core']\n", "unknown feature 'core'; did you mean Core?"),
        ("[times]\nmessage = 0\n", "times.message: Input should be greater than 0"),
        ("[certificates]\nmo_root = 'no.pem'\n", "certificates.mo_root: Path does not point to a file"),
    ],
)
def test_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, text)

    assert sentence in str(raised.value)


def test_missing_file_is_refused_with_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="certify init ID writes one"):
        read_station_file(tmp_path / "none.toml")
