"""Runs openssl, which judges certificates independently of this project."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

needs_openssl: Final = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def openssl(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run openssl in a folder; return standard output and error together. It must exit with ``code``."""
    done = subprocess.run(
        ["openssl", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout
