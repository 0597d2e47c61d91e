"""The functional blocks of OCPP 2.0.1."""

import re
from typing import Final

BLOCK_NAMES: Final = {
    "A": "Security",
    "B": "Provisioning",
    "C": "Authorization",
    "D": "Local authorization list",
    "E": "Transactions",
    "F": "Remote control",
    "G": "Availability",
    "H": "Reservation",
    "I": "Tariff and cost",
    "J": "Meter values",
    "K": "Smart charging",
    "L": "Firmware",
    "M": "ISO 15118 certificates",
    "N": "Diagnostics",
    "O": "Display messages",
    "P": "Data transfer",
}
"""Functional blocks of the specification by their letters."""

_BLOCK: Final = re.compile(r"([A-P])\d\d\.FR\.")


def block_of(requirements: str) -> str:
    """Return the letter of the block of the first requirement; an empty text if it belongs to none."""
    match = _BLOCK.match(requirements)
    return match[1] if match else ""
