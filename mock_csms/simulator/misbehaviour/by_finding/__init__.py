"""Misbehaviours that cause each kind of finding, with one file for each functional block."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from mock_csms.simulator.misbehaviour.table import MISBEHAVIOURS


@cache
def misbehaviours_by_finding() -> Mapping[str, tuple[str, ...]]:
    """Return, for the id of each kind of finding, the misbehaviours and mutations that cause it."""
    causes: dict[str, tuple[str, ...]] = {}
    for misbehaviour in MISBEHAVIOURS.values():
        causes[misbehaviour.finding] = (*causes.get(misbehaviour.finding, ()), misbehaviour.name)
    for file in sorted(files(__name__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            for kind, mutations in tomllib.loads(file.read_text(encoding="utf-8")).items():
                causes[kind] = (*causes.get(kind, ()), *mutations)
    return causes
