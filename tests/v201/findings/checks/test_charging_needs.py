"""Checks of the charging needs of vehicles."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, case

REQUIREMENTS = ("K15.FR.06", "K17.FR.06")
AC = {"acChargingParameters": {"energyAmount": 1, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 230}}
DC = {"dcChargingParameters": {"evMaxCurrent": 100, "evMaxVoltage": 400}}


def send_needs(talk: Talk, parameters: JsonObject) -> None:
    needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC", **parameters}}
    talk.exchange("NotifyEVChargingNeeds", needs, {"status": "Accepted"})


def test_needs_without_parameters_are_found(talk: Talk) -> None:
    send_needs(talk, {})

    assert talk.ids == ["charging-needs-incomplete"]
    assert {talk.coverage(requirement) for requirement in REQUIREMENTS} == {"broken"}


@pytest.mark.parametrize("parameters", [case("AC", AC), case("DC", DC), case("both", {**AC, **DC})])
def test_needs_with_parameters_are_accepted(talk: Talk, parameters: JsonObject) -> None:
    send_needs(talk, parameters)

    assert talk.ids == []
    assert {talk.coverage(requirement) for requirement in REQUIREMENTS} == {"met"}
