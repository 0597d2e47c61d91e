"""Brings a station back to idle after a case: unplugged, without a transaction, connected and booted."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from mock_csms.certify.station_file import StationFile
from mock_csms.certify.verbs.rig_verbs import RigVerbs
from mock_csms.client import AsyncStationHandle, ClientError, StationFailure

STATE_POLL_S: Final = 0.2
TRANSACTION_STOP_S: Final = 10.0
"""Maximum seconds for a station to end its transactions after a RequestStopTransaction."""
AWAY: Final = "the station has not connected and booted again"
"""Remark about a station that does not come back."""


async def settle(handle: AsyncStationHandle, rig: RigVerbs, file: StationFile) -> list[str]:
    """Bring the station back to idle by the mildest means that work; return the problems that remain."""
    return [*await rig.clears(), *await _becomes_idle(handle, rig, file)]


async def _becomes_idle(handle: AsyncStationHandle, rig: RigVerbs, file: StationFile) -> list[str]:
    try:
        if not await _returns(handle, file.times.boot):
            return [AWAY]
        await _unlocks(handle, rig, file)
        if await _ends_transactions(handle, 1):
            return []
        for transaction in await _running(handle):
            await handle.call("RequestStopTransaction", transactionId=transaction)
        if await _ends_transactions(handle, TRANSACTION_STOP_S):
            return []
        await handle.call("Reset", type="Immediate")
        if not await _ends_transactions(handle, file.times.boot):
            return ["a transaction is still running"]
        return [] if await _returns(handle, file.times.boot) else [AWAY]
    except (ClientError, StationFailure) as error:
        return [f"the station is not idle: {error}"]


async def _unlocks(handle: AsyncStationHandle, rig: RigVerbs, file: StationFile) -> None:
    """Unlock cables that could not be unplugged, and unplug them."""
    for evse in sorted(rig.plugged):
        await handle.call("UnlockConnector", evseId=evse, connectorId=file.connector_of(evse))
    if rig.plugged:
        await rig.clears()


async def _returns(handle: AsyncStationHandle, within: float) -> bool:
    """Wait until the station is in service, and return whether it is.

    If the station is connected but does not boot in time, close its connection and wait a second time.
    """
    if await _comes_true(handle, within, is_in_service):
        return True
    if not (await handle.state())["connected"]:
        return False
    await handle.disconnect()
    return await _comes_true(handle, within, is_in_service)


def is_in_service(state: dict[str, Any]) -> bool:
    """Whether a station with this state is connected and its boot is accepted."""
    return bool(state["connected"] and state["registration"] == "Accepted")


async def _ends_transactions(handle: AsyncStationHandle, within: float) -> bool:
    return await _comes_true(handle, within, lambda state: not running_transactions(state))


async def _running(handle: AsyncStationHandle) -> Sequence[str]:
    return running_transactions(await handle.state())


def running_transactions(state: dict[str, Any]) -> list[str]:
    """Return the ids of the running transactions in the state of a station."""
    return [each["transactionId"] for each in state["transactions"] if not each["ended"]]


async def _comes_true(handle: AsyncStationHandle, within: float, holds: Any) -> bool:
    try:
        async with asyncio.timeout(within):
            while not holds(await handle.state()):  # noqa: ASYNC110 - the server sends no event for it
                await asyncio.sleep(STATE_POLL_S)
    except TimeoutError:
        return False
    return True
