"""Reads tables by case id from TOML, one file for each functional block."""

import tomllib
from importlib.resources import files
from typing import Any


def read_block_tables(folder: str) -> dict[str, Any]:
    """Return the entries of all TOML files of a folder by case id, in the order of the blocks."""
    blocks = sorted(files("mock_csms.certify").joinpath(folder).iterdir(), key=lambda each: each.name)
    content: dict[str, Any] = {}
    for block in blocks:
        if block.name.endswith(".toml"):
            content |= tomllib.loads(block.read_text(encoding="utf-8"))
    return content
