"""Chooses the rig of a run by the flag --rig or the table [rig] of the station file."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from mock_csms.certify.rigs.http_rig import HttpRig
from mock_csms.certify.rigs.program import ProgramRig
from mock_csms.certify.station_file import RigTable, StationFile
from mock_csms.certify.stimuli import Rig
from mock_csms.errors import UsageError


def rig_table(text: str) -> RigTable:
    """Read the value of --rig: a URL, ``module:Class``, or a program; raises UsageError."""
    if text.startswith(("http://", "https://")):
        return RigTable(http=text)
    module, colon, name = text.partition(":")
    if colon and name.isidentifier() and all(part.isidentifier() for part in module.split(".")):
        return RigTable(python=text)
    if not text.strip():
        raise UsageError(
            "--rig is empty; write 'person', 'station', or the rig as a URL, a program or module:Class"
        )
    return RigTable(command=text)


def automatic_rig(file: StationFile) -> Rig | None:
    """Return the rig that the file names; None if a person is asked. Raises UsageError."""
    table, within = file.rig, file.times.manual
    given = [name for name, value in table if value]
    if len(given) > 1:
        raise UsageError(f"[rig] has {' and '.join(given)}; give one of them")
    if table.http:
        return HttpRig(table.http, within)
    if table.command:
        return ProgramRig(_words_of(table.command), within)
    return _python_rig(table.python) if table.python else None


def _words_of(command: str) -> Sequence[str]:
    """Split the command of a rig into words; raises UsageError if it names no program that can be run."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"cannot read the command of the rig, {command!r}: {error}") from None
    if not words or shutil.which(words[0]) is None:
        raise UsageError(f"the rig {command!r} is not a program that can be run; write its path")
    return words


def _python_rig(text: str) -> Rig:
    module, _, name = text.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # users keep rigs here; an installed command's sys.path lacks it
    try:
        made: Rig = getattr(import_module(module), name)()
    except Exception as error:  # a user's class may raise anything
        raise UsageError(f"cannot use the rig {text!r}: {error}; write module:Class") from None
    if not callable(getattr(made, "do", None)):
        raise UsageError(f"the rig {text!r} has no method do(stimulus)")
    return made
