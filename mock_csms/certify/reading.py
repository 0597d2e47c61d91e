"""Deviations of the cases from the letter of Part 6, with their reasons; one TOML file per block."""

from collections.abc import Mapping
from typing import Final

from mock_csms.certify.block_tables import read_block_tables

DEVIATIONS: Final[Mapping[str, str]] = read_block_tables("reading")
"""The deviation with its reason, by case."""
