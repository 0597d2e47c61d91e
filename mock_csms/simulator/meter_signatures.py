"""Signatures of meter readings, in the Open Charge Metering Format (J01.FR.21, J02.FR.21)."""

import json
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from ocpp.v201.enums import MeasurandEnumType as Measurand
from ocpp.v201.enums import ReadingContextEnumType as ReadingContext

from mock_csms.messages import JsonObject

SIGNED_MEASURAND: Final = Measurand.energy_active_import_register
"""The measurand that is signed."""
ENCODING: Final = "OCMF"
SIGNING: Final = "ECDSA-secp256r1-SHA256"
ENERGY_OBIS: Final = "1-0:1.8.0"
"""OBIS code of the imported energy."""
MOMENTS: Final = {ReadingContext.transaction_begin: "B", ReadingContext.transaction_end: "E"}
"""OCMF codes for the start and the end of a transaction, by the context of the reading."""


def has_energy(values: Iterable[JsonObject]) -> bool:
    """Whether meter values have a reading to sign."""
    return any(
        reading["measurand"] == SIGNED_MEASURAND for value in values for reading in value["sampledValue"]
    )


class MeterSignatures:
    """Signs readings of the energy with the key of the meter."""

    def __init__(self, identity: str) -> None:
        self._identity = identity

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def public_key(self) -> str:
        """The public key as in SignedMeterValueType: ``oca:base16:asn1:KEY`` in Base64."""
        key = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(f"oca:base16:asn1:{key.hex()}".encode()).decode()

    def signed(self, value: JsonObject, *, has_key: bool) -> JsonObject:
        """Return a meter value whose energy is signed; ``has_key`` adds the public key."""
        sampled = [
            {**reading, "signedMeterValue": self._signature(reading, value["timestamp"], has_key)}
            if reading["measurand"] == SIGNED_MEASURAND
            else reading
            for reading in value["sampledValue"]
        ]
        return {**value, "sampledValue": sampled}

    def _signature(self, reading: JsonObject, at: str, has_key: bool) -> JsonObject:
        return {
            "signedMeterData": b64encode(self._data(reading, at).encode()).decode(),
            "signingMethod": "",  # the data has it already (signed meter values, table 11)
            "encodingMethod": ENCODING,
            "publicKey": self.public_key if has_key else "",
        }

    def _data(self, reading: JsonObject, at: str) -> str:
        content = {
            "FV": "1.0",
            "GS": self._identity,
            "RD": [
                {
                    "TM": f"{datetime.fromisoformat(at):%Y-%m-%dT%H:%M:%S,000%z} S",
                    "TX": MOMENTS.get(reading["context"], "C"),
                    "RV": reading["value"],
                    "RI": ENERGY_OBIS,
                    "RU": reading["unitOfMeasure"]["unit"],
                    "ST": "G",
                }
            ],
        }
        text = json.dumps(content, separators=(",", ":"))
        signature = self._key.sign(text.encode(), ec.ECDSA(SHA256()))
        return f"OCMF|{text}|{json.dumps({'SA': SIGNING, 'SD': signature.hex()}, separators=(',', ':'))}"
