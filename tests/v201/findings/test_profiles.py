"""Charging profiles that a station accepted and says it does not know."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, REMOTE_START, Talk, profile

KNOWN = {"chargingProfileId": 1}


def set_profile(talk: Talk, status: str = "Accepted", **fields: object) -> None:
    talk.command("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(**fields)}, status)


def clear(talk: Talk, status: str = "Unknown", **fields: object) -> None:
    talk.command("ClearChargingProfile", fields or KNOWN, status)


@pytest.mark.parametrize(
    "criteria",
    [
        {"evseId": 1},
        {"stackLevel": 0},
        {"chargingProfilePurpose": "TxDefaultProfile"},
        {"evseId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile"},
    ],
)
def test_unknown_for_matching_criteria_is_found(talk: Talk, criteria: JsonObject) -> None:
    set_profile(talk)
    clear(talk, chargingProfileCriteria=criteria)

    assert talk.ids == ["charging-profile-unknown"]


@pytest.mark.parametrize("criteria", [{}, {"evseId": 0}, {"evseId": 2}, {"evseId": 1, "stackLevel": 1}])
def test_unknown_for_other_criteria_is_accepted(talk: Talk, criteria: JsonObject) -> None:
    set_profile(talk)
    clear(talk, chargingProfileCriteria=criteria)

    assert not talk.findings


def test_profile_outlives_a_reboot(talk: Talk) -> None:
    set_profile(talk)
    talk.boot()
    talk.status()
    clear(talk)

    assert talk.ids == ["charging-profile-unknown"]


def test_firmware_update_may_remove_profiles(talk: Talk) -> None:
    set_profile(talk)
    talk.boot(reason="FirmwareUpdate")
    talk.status()
    clear(talk)

    assert not talk.findings


@pytest.mark.parametrize(
    "fields",
    [
        {"chargingProfilePurpose": "TxProfile", "transactionId": "T1"},
        {"chargingProfilePurpose": "ChargingStationExternalConstraints"},
        {"validTo": "2026-01-01T00:10:00Z"},
    ],
)
def test_profile_that_may_end_is_not_expected(talk: Talk, fields: JsonObject) -> None:
    set_profile(talk, **fields)
    clear(talk)

    assert not talk.findings


def test_rejected_profile_is_not_expected(talk: Talk) -> None:
    set_profile(talk, "Rejected")
    clear(talk)

    assert not talk.findings


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
def test_replaced_profile_is_not_expected(talk: Talk, status: str) -> None:
    set_profile(talk)
    set_profile(talk, status, id=2)
    clear(talk)

    assert not talk.findings


def test_profile_replaced_by_a_remote_start_is_not_expected(talk: Talk) -> None:
    set_profile(talk)
    tx_profile = profile(chargingProfilePurpose="TxProfile")
    talk.command(
        "RequestStartTransaction",
        {**REMOTE_START, "evseId": EVSE["id"], "chargingProfile": tx_profile},
        "Rejected",
    )
    clear(talk)

    assert not talk.findings


def test_cleared_profile_may_be_unknown(talk: Talk) -> None:
    set_profile(talk)
    clear(talk, "Accepted")
    clear(talk)

    assert not talk.findings


def test_profile_may_be_unknown_after_an_unanswered_clear(talk: Talk) -> None:
    set_profile(talk)
    talk.ask_in_vain("ClearChargingProfile", KNOWN)
    clear(talk)

    assert not talk.findings
