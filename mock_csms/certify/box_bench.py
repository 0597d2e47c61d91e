"""Starts a new simulated station for each case, in the variant and at the port that the case needs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from mock_csms.certify.box import box_station, security_of_box
from mock_csms.certify.box_server import BoxServer
from mock_csms.certify.registry import Case
from mock_csms.certify.runner import Bench, CaseOptions
from mock_csms.certify.station_file import StationFile
from mock_csms.certify.variants import USUAL, all_variants
from mock_csms.client import ApiError, AsyncClient, AsyncStationHandle, StationFailure

BOOT_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class BoxForEachCase:
    """Provides a new simulated station for each case."""

    server: BoxServer
    client: AsyncClient
    file: StationFile
    misbehaviours: Sequence[str] = ()

    @asynccontextmanager
    async def bench(self, case: Case, options: CaseOptions) -> AsyncIterator[Bench]:
        """Run a new station for a case until the context closes; the case need not bring it back to idle."""
        variant = all_variants().get(case.id, USUAL)
        identity, profile = self.file.station.identity, variant.security_profile
        security = security_of_box(identity, self.server.pki, profile)
        url = self.server.urls[profile]
        await _forget(self.client, identity)
        async with box_station(identity, url, self.misbehaviours, variant, security) as rig:
            await _booted(self.client.station(identity, within=BOOT_S))
            yield Bench(self.client, self.file, rig, replace(options, settles=False))


async def _forget(client: AsyncClient, identity: str) -> None:
    """Reset the state and the settings that the server keeps for this identity."""
    with suppress(ApiError):  # the server does not know the station yet
        await client.reset(identity, profiles=True)


async def _booted(handle: AsyncStationHandle) -> None:
    """Wait until the station has connected and booted; do not fail if a misbehaving station does neither."""
    with suppress(StationFailure):
        await handle.connects()
        await handle.waits_for("SecurityEventNotification", within=1)
