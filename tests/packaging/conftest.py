"""A wheel built from this source, installed into an environment of its own."""

import os
import subprocess
import sys
import sysconfig
import venv
from compileall import compile_dir
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.paths import ROOT

BUILD = "import sys; from poetry.core.masonry.api import build_wheel; build_wheel(sys.argv[1])"

SCRIPT = """\
import sys
from mock_csms.__main__ import main
sys.exit(main())
"""
"""The script that an installer writes for the entry point of the wheel."""

FOREIGN_FILE = "raise SystemExit(f'{__file__} was imported')\n"


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel, and a folder whose Python files the wheel must not import."""

    python: Path
    script: Path
    folder: Path

    @property
    def ways(self) -> dict[str, tuple[str, ...]]:
        """Command lines by name: pytest, and two of the server, whose help and errors show that name."""
        return {
            "mock-csms": (str(self.python), str(self.script)),
            "python -m mock_csms": (str(self.python), "-m", "mock_csms"),
            "pytest": (str(self.python), "-m", "pytest"),
        }

    def start(self, name: str, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Start the command of this name (see `ways`) in the folder."""
        return subprocess.Popen(
            [*self.ways[name], *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": "", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def outcome(self, name: str, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Run the command of this name to its end; return exit code, standard output and standard error."""
        with self.start(name, *arguments, **environment) as process:
            output, errors = process.communicate()
        return process.returncode, output, errors


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this source."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Install the wheel, without pip, into a new environment that can import this environment's packages."""
    builder = venv.EnvBuilder(with_pip=False)
    environment = tmp_path_factory.mktemp("environment")
    builder.create(environment)
    context = builder.ensure_directories(environment)
    site_packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    with ZipFile(wheel) as archive:
        archive.extractall(site_packages)
    (site_packages / "packages.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    compile_dir(site_packages, quiet=1)  # as an installer does
    script = Path(context.bin_path) / "mock-csms"
    script.write_text(SCRIPT)
    folder = tmp_path_factory.mktemp("folder")
    for name in ("server", "charge_point", "commands"):
        (folder / f"{name}.py").write_text(FOREIGN_FILE)
    return Installation(Path(context.env_exe), script, folder)
