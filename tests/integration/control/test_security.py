"""Access to the control API: token, origin of pages, Host header."""

import pytest

from mock_csms.pki.ocsp_client import OcspFailed, post
from mock_csms.settings import UsageError, read_settings
from server import OCPP_VERSIONS
from tests.support.control import (
    TOKEN,
    Mock,
    driven,
    problem_detail,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGIN = "http://dashboard.example:3000"


async def test_request_without_token_is_rejected_except_for_health_docs_and_files() -> None:
    async with driven(control_token=TOKEN) as (_, client):
        assert "Bearer" in problem_detail(await client.get("/v1/stations"), 401, "unauthorized")
        assert (await client.get("/v1/stations")).headers["www-authenticate"] == "Bearer"
        wrong = {"Authorization": "Bearer open-sesam"}
        problem_detail(await client.get("/v1/stations", headers=wrong), 401, "unauthorized")
        problem_detail(await client.get("/metrics"), 401, "unauthorized")
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert (await client.get("/v1/stations", headers=right)).json() == []
        for path in ("/health", "/docs", "/files/firmware.bin"):
            assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("path", ["/files/uploads", "/files/uploads/log"])
async def test_upload_needs_no_token(method: str, path: str) -> None:
    async with driven(control_token=TOKEN) as (_, client):
        assert (await client.request(method, path, content=b"log")).status_code == 201


@pytest.mark.parametrize("path", ["/files/uploads", "/files/uploads/log"])
async def test_reading_uploads_needs_the_token(path: str) -> None:
    async with driven(control_token=TOKEN) as (_, client):
        await client.put("/files/uploads/log", content=b"log")

        without = await client.get(path)
        answer = await client.get(path, headers={"Authorization": f"Bearer {TOKEN}"})

    assert "Bearer" in problem_detail(without, 401, "unauthorized")
    assert answer.status_code == 200


async def test_page_of_another_origin_is_rejected(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/v1/stations", headers={"Origin": ORIGIN})
    assert "--control-origins" in problem_detail(answer, 403, "forbidden")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_request_of_another_site_without_origin_is_rejected_unless_it_is_a_link(
    mock: Mock, site: str
) -> None:
    _, client = mock
    as_script = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": "script"}
    as_link = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": "document"}
    answer = await client.get("/v1/events?within=0", headers=as_script)
    assert "--control-origins" in problem_detail(answer, 403, "forbidden")
    assert (await client.get("/ui/", headers=as_link)).status_code == 200


async def test_page_of_the_same_origin_is_accepted(mock: Mock) -> None:
    csms, client = mock
    assert (await client.get("/v1/stations", headers={"Origin": csms.control})).status_code == 200


async def test_page_of_a_configured_origin_is_accepted() -> None:
    async with driven(control_origins=(ORIGIN,)) as (_, client):
        answer = await client.get("/v1/stations", headers={"Origin": ORIGIN})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["access-control-expose-headers"] == "X-Last-Entry, X-Stations, X-Changed"
        other = await client.get("/v1/stations", headers={"Origin": "http://elsewhere.example"})
        problem_detail(other, 403, "forbidden")


async def test_other_host_is_rejected_on_loopback(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/v1/stations", headers={"Host": "rebound.example"})
    assert "rebound.example" in problem_detail(answer, 403, "forbidden")


async def test_responder_url_of_a_station_reaches_no_other_path(mock: Mock) -> None:
    csms, _ = mock
    csms.station("CS1")
    with pytest.raises(OcspFailed, match="answered 403"):
        await post(f"{csms.control}/v1/reset", b"an OCSPRequest")
    assert "CS1" in csms.stations


async def test_address_reachable_by_others_requires_a_token() -> None:
    with pytest.raises(UsageError, match="needs a --control-token"):
        read_settings(["--control", "0.0.0.0:0"], {}, OCPP_VERSIONS)
