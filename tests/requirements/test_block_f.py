"""Remote control: requirements of block F for a central system."""

from typing import Any

import pytest

from tests.certification.steps import SessionCase
from tests.requirements.steps import broken_requirements

pytestmark = pytest.mark.asyncio(loop_scope="session")

TX_PROFILE = {
    "id": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": [
        {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}]}
    ],
}
TOKEN = {"idToken": "VALID01", "type": "ISO14443"}


async def start_with(session: SessionCase, **profile: Any) -> dict[str, Any]:
    """Send a RequestStartTransaction with TX_PROFILE, changed by ``profile``; return the payload received."""
    payload = {"idToken": TOKEN, "remoteStartId": 1, "chargingProfile": TX_PROFILE | profile}
    return await session.command("RequestStartTransaction", payload)


@pytest.mark.also_covers("F02.FR.14")
async def test_f01_fr_06_evse_of_a_remote_start_is_a_free_one(session: SessionCase) -> None:
    await session.station.status("Unavailable")
    await session.station.status("Available", evse_id=2)
    received = await session.command("RequestStartTransaction")
    assert received["evse_id"] == 2


@pytest.mark.also_covers("F02.FR.16")
async def test_f01_fr_08_remote_start_can_have_a_charging_profile(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    received = await start_with(session)
    assert received["charging_profile"]["charging_profile_purpose"] == "TxProfile"
    assert broken_requirements(caplog, session.case) == []


@pytest.mark.also_covers("F02.FR.17")
async def test_f01_fr_09_profile_of_a_remote_start_that_is_no_tx_profile_is_logged(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    """By default, the mock sends no profile. It sends a user's profile unchanged, and logs a warning."""
    assert "charging_profile" not in await session.command("RequestStartTransaction")
    await start_with(session, chargingProfilePurpose="TxDefaultProfile")
    assert broken_requirements(caplog, session.case) == ["F01.FR.09"]


@pytest.mark.also_covers("F02.FR.19")
async def test_f01_fr_11_profile_of_a_remote_start_with_a_transaction_id_is_logged(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    await start_with(session, transactionId="tx-1")
    assert broken_requirements(caplog, session.case) == ["F01.FR.11"]


@pytest.mark.also_covers("F04.FR.01")
async def test_f03_fr_01_stop_names_the_running_transaction(session: SessionCase) -> None:
    await session.transfer_energy()
    await session.stop_energy()
    await session.disconnect_vehicle()
    session.begin_again()
    await session.transfer_energy()
    assert await session.command("RequestStopTransaction") == {"transaction_id": "tx-1-next"}
