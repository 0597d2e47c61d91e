"""One station moves from security profile 1 to 2 to 3 by SetNetworkProfile, SetVariables and Reset (A05)."""

import ssl
from pathlib import Path
from typing import Any

from ocpp.v201 import call

from mock_csms.csms import Csms
from mock_csms.pki import Pki
from tests.conftest import Serve
from tests.support.loops import NewLoop, each_event_loop, run_with_servers
from tests.support.secured import StationKey, refused_status, station_context, with_password
from tests.support.station import Station, connected_to

PASSWORD, NEW_PASSWORD = "correct-horse-battery", "staple-of-sixteen-and-more"
LISTENERS = {
    "second": {"port": 0, "security_profile": 2},
    "third": {"port": 0, "security_profile": 3},
}


def set_variable(component: str, variable: str, value: str) -> dict[str, Any]:
    """Payload of a SetVariables that sets one variable."""
    names = {"component": {"name": component}, "variable": {"name": variable}}
    return {"setVariableData": [{**names, "attributeValue": value}]}


async def move(csms: Csms, station: Station, listener: str, security_profile: int) -> str:
    """Send the three commands that move a station to a listener; return the URL that the station received."""
    session = csms.sessions["CS1"]
    connection_data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppInterface": "Wired0",
        "messageTimeout": 30,
        "ocppCsmsUrl": csms.listeners.url_of(listener),
        "securityProfile": security_profile,
    }
    await session.call(
        "SetNetworkProfile", {"configurationSlot": security_profile, "connectionData": connection_data}
    )
    priority = set_variable("OCPPCommCtrlr", "NetworkConfigurationPriority", str(security_profile))
    await session.call("SetVariables", priority)
    await session.call("Reset", {"type": "Immediate"})
    await station.next("Reset")
    url: str = (await station.next("SetNetworkProfile"))["connection_data"]["ocpp_csms_url"]
    return url.removesuffix("/")


@each_event_loop
def test_station_moves_from_profile_1_to_2_to_3(new_loop: NewLoop, pki_folder: Path, tmp_path: Path) -> None:
    trusting = station_context(Pki.open(pki_folder).root_pem)

    async def test(serve: Serve) -> None:
        csms = await serve(security_profile=1, password=PASSWORD, pki=pki_folder, listeners=LISTENERS)
        first = f"ws://{csms.address}"
        async with connected_to(first, "CS1", **with_password(PASSWORD)) as station:
            assert (await station.boot()).status == "Accepted"
            second = await move(csms, station, "second", 2)
        assert second.startswith("wss://")

        assert await refused_status(second, **with_password(NEW_PASSWORD, ssl=trusting)) == 401
        async with connected_to(second, "CS1", **with_password(PASSWORD, ssl=trusting)) as station:
            await station.boot("RemoteReset")
            password = set_variable("SecurityCtrlr", "BasicAuthPassword", NEW_PASSWORD)
            await csms.sessions["CS1"].call("SetVariables", password)
        assert await refused_status(second, **with_password(PASSWORD, ssl=trusting)) == 401

        key = StationKey(tmp_path)
        async with connected_to(second, "CS1", **with_password(NEW_PASSWORD, ssl=trusting)) as station:
            await station.send(call.SignCertificate(key.csr(), "ChargingStationCertificate"))
            signed = await station.next("CertificateSigned")
            certificate = key.store(signed["certificate_chain"])
            third = await move(csms, station, "third", 3)

        own = station_context(Pki.open(pki_folder).root_pem, certificate)
        async with connected_to(third, "CS1", ssl=own) as station:
            assert (await station.boot("RemoteReset")).status == "Accepted"
        assert await statuses_below_profile_3(csms, first, second, trusting) == [403, 403]

    run_with_servers(new_loop, test)


async def statuses_below_profile_3(
    csms: Csms, first: str, second: str, trusting: ssl.SSLContext
) -> list[int]:
    """Connect with profiles 1 and 2, which are no longer allowed (A05.FR.07); return the HTTP statuses."""
    return [
        await refused_status(first, **with_password(NEW_PASSWORD)),
        await refused_status(second, **with_password(NEW_PASSWORD, ssl=trusting)),
    ]
