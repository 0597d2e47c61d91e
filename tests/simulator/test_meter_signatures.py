"""Signed meter readings (J01.FR.21, J02.FR.21)."""

import json
from base64 import b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mock_csms.messages import JsonObject
from tests.support.driving import observed, play

REGISTER = "Energy.Active.Import.Register"


def ended_readings(**settings: Any) -> list[JsonObject]:
    station = observed(SampledDataCtrlr_TxEndedMeasurands=f"{REGISTER},Voltage", **settings)
    play(station, ["plug in", "token"], wait_s=30)
    play(station, ["token"])
    values = station.calls("TransactionEvent")[-1]["meterValue"]
    return [reading for value in values for reading in value["sampledValue"]]


def test_signature_of_the_energy_is_that_of_the_public_key() -> None:
    readings = ended_readings(
        SampledDataCtrlr_SignReadings=True, OCPPCommCtrlr_PublicKeyWithSignedMeterValue="EveryMeterValue"
    )

    signed = readings[-4]
    assert (signed["measurand"], signed["context"]) == (REGISTER, "Transaction.End")
    key_text = b64decode(signed["signedMeterValue"]["publicKey"]).decode()
    key = load_der_public_key(bytes.fromhex(key_text.removeprefix("oca:base16:asn1:")))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    name, content, signature = b64decode(signed["signedMeterValue"]["signedMeterData"]).decode().split("|")
    key.verify(bytes.fromhex(json.loads(signature)["SD"]), content.encode(), ec.ECDSA(SHA256()))
    assert name == signed["signedMeterValue"]["encodingMethod"] == "OCMF"
    assert json.loads(content)["RD"][0]["RV"] == signed["value"]


def test_only_energy_is_signed() -> None:
    readings = ended_readings(SampledDataCtrlr_SignReadings=True)
    assert {reading["measurand"] for reading in readings if "signedMeterValue" in reading} == {REGISTER}
    assert all("signedMeterValue" in reading for reading in readings if reading["measurand"] == REGISTER)


def test_nothing_is_signed_unless_the_variable_is_set() -> None:
    assert not any("signedMeterValue" in reading for reading in ended_readings())


def test_clock_aligned_readings_have_a_variable_of_their_own() -> None:
    readings = ended_readings(
        AlignedDataCtrlr_SignReadings=True,
        AlignedDataCtrlr_TxEndedMeasurands=REGISTER,
        AlignedDataCtrlr_TxEndedInterval=10,
    )
    assert {reading["context"] for reading in readings if "signedMeterValue" in reading} == {"Sample.Clock"}


@pytest.mark.parametrize(("when", "keys"), [("Never", 0), ("OncePerTransaction", 1), ("EveryMeterValue", 2)])
def test_public_key_is_sent_as_configured(when: str, keys: int) -> None:
    readings = ended_readings(
        SampledDataCtrlr_SignReadings=True,
        SampledDataCtrlr_TxStartedMeasurands="",
        OCPPCommCtrlr_PublicKeyWithSignedMeterValue=when,
    )
    sent = [each["signedMeterValue"]["publicKey"] for each in readings if "signedMeterValue" in each]
    assert len(list(filter(None, sent))) == keys
    assert len(sent) == 2
