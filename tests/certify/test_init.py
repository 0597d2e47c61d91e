"""Station files from the device model of a station."""

import tomllib
from typing import Any

from ocpp.v201 import call_result

from mock_csms.certify.init import station_file_of
from mock_csms.certify.server_process import Addresses
from mock_csms.certify.station_file import StationFile
from mock_csms.client import AsyncClient
from tests.support.station import connected_to


def rejects(**_: Any) -> Any:
    return call_result.GetBaseReport(status="Rejected")


async def test_station_without_a_device_model_claims_no_feature(
    client: AsyncClient, addresses: Addresses
) -> None:
    default = StationFile()
    file = default.model_copy(update={"station": default.station.model_copy(update={"identity": "CS001"})})

    async with connected_to(str(addresses.ws), "CS001") as station:
        station.answers["GetBaseReport"] = rejects
        await station.boot()
        text, obstacle = await station_file_of(client, file)

    read = tomllib.loads(text)["station"]
    assert (read["identity"], read["profiles"], read["features"]) == ("CS001", ["Core"], [])
    assert 'status: expected "Accepted", got "Rejected"' in obstacle
