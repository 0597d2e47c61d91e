"""A PKI folder that is made once and copied for each test."""

import shutil
from pathlib import Path

import pytest

from mock_csms.pki import Pki


@pytest.fixture(scope="session")
def pki_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "pki"
    Pki.open(folder)
    return folder


@pytest.fixture
def pki_folder(tmp_path: Path, pki_template: Path) -> Path:
    """A complete PKI folder."""
    return shutil.copytree(pki_template, tmp_path / "pki")
