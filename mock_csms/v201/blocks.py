"""The functional blocks of OCPP 2.0.1."""

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
