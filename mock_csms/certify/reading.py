"""Where the cases deviate from Part 6 to the letter, and why: one TOML file a block."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final


def _read() -> Mapping[str, str]:
    deviations: dict[str, str] = {}
    for file in sorted(files("mock_csms.certify").joinpath("reading").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml"):
            deviations |= tomllib.loads(file.read_text(encoding="utf-8"))
    return deviations


DEVIATIONS: Final = _read()
"""The deviation with its reason, by case."""
