"""Listeners over the control API: their list, and changes while the server runs."""

import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.support.control import Mock, driven, problem_detail
from tests.support.listeners import PASSWORD, client_of, dial, failure_of, is_served, verifying


@pytest.fixture
async def secure(pki_folder: Path) -> AsyncIterator[Mock]:
    """A server with TLS on the main listener, and a second listener without TLS."""
    async with driven(tls=True, pki=pki_folder, listeners={"second": {"port": 0}}) as mock:
        yield mock


async def test_listeners_are_listed_with_their_addresses(secure: Mock) -> None:
    csms, client = secure

    main, second = (await client.get("/v1/listeners")).json()

    assert main == {
        "name": "main",
        "url": f"ws://{csms.address}",
        "address": csms.address,
        "securityProfile": 0,
        "tls": True,
        "plain": True,
        "certificate": "both",
        "tlsFault": None,
    }
    assert (second["name"], second["tls"], second["address"]) == (
        "second",
        False,
        csms.listeners["second"].address,
    )


async def test_fault_holds_for_the_next_connections(secure: Mock, pki_folder: Path) -> None:
    csms, client = secure

    answer = await client.put("/v1/listeners/main", json={"tlsFault": "expired=1"})

    assert answer.json()["tlsFault"] == "expired=1"
    assert isinstance(await failure_of(csms, verifying(pki_folder)), ssl.SSLCertVerificationError)
    [main, _] = (await client.get("/v1/listeners")).json()
    assert main["tlsFault"] is None
    async with dial(csms, verifying(pki_folder)) as station:
        assert await is_served(station)


async def test_same_fault_can_be_set_again(secure: Mock, pki_folder: Path) -> None:
    csms, client = secure
    for _ in range(2):
        await client.put("/v1/listeners/main", json={"tlsFault": "expired=1"})
        assert isinstance(await failure_of(csms, verifying(pki_folder)), ssl.SSLCertVerificationError)


async def test_chain_changes_for_the_next_connection(secure: Mock, pki_folder: Path) -> None:
    csms, client = secure
    async with dial(csms, verifying(pki_folder)) as before:
        await client.put("/v1/listeners/main", json={"certificate": "self-signed-rsa"})

        assert isinstance(await failure_of(csms, verifying(pki_folder)), ssl.SSLCertVerificationError)
        assert await is_served(before)


async def test_security_profile_and_tls_change(secure: Mock, pki_folder: Path) -> None:
    csms, client = secure
    change = {"securityProfile": 3, "tls": True}

    answer = await client.put("/v1/listeners/second", json=change)

    assert answer.json()["url"] == f"wss://{csms.listeners['second'].address}"
    assert isinstance(await failure_of(csms, None, listener="second"), websockets.InvalidStatus)
    context = verifying(pki_folder, client_of(pki_folder))
    async with dial(csms, context, listener="second") as station:
        assert await is_served(station)


@pytest.mark.parametrize("security_profile", [1, 2])
async def test_security_profile_with_a_password_needs_one(secure: Mock, security_profile: int) -> None:
    _, client = secure
    change = {"securityProfile": security_profile, "tls": True}

    refused = await client.put("/v1/listeners/second", json=change)
    await client.put("/v1/stations/CS1/password", json={"password": PASSWORD})
    accepted = await client.put("/v1/listeners/second", json=change)

    detail = problem_detail(refused, 422, "invalid-listener")
    assert detail.startswith(f"securityProfile: {security_profile} needs a password; set one first")
    assert accepted.json()["securityProfile"] == security_profile


async def test_certificates_of_a_rule_are_made_before_the_next_connection(
    pki_folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(pki_folder, tmp_path / "pki")
    for path in folder.glob("wrong-name*"):
        path.unlink()
    async with driven(tls=True, pki=folder) as (_, client):
        answer = await client.post("/v1/rules", json={"fault": "handshake:wrong-name"})
        assert answer.status_code == 201, answer.text
        assert list(folder.glob("wrong-name*"))


@pytest.mark.parametrize("how", ["empty change", "reset"])
async def test_changes_can_be_reverted(secure: Mock, pki_folder: Path, how: str) -> None:
    csms, client = secure
    await client.put("/v1/listeners/main", json={"tlsFault": "expired", "plain": False})

    if how == "reset":
        await client.post("/v1/reset")
    else:
        await client.put("/v1/listeners/main", json={})

    async with dial(csms, verifying(pki_folder)) as station:
        assert await is_served(station)
    async with dial(csms, None) as station:
        assert await is_served(station)


@pytest.mark.parametrize(
    ("name", "body", "status", "detail"),
    [
        ("man", {}, 404, "there is no listener 'man'; did you mean main?"),
        (
            "main",
            {"tlsFault": "expird"},
            422,
            "tlsFault: there is no TLS fault 'expird'; did you mean expired",
        ),
        (
            "main",
            {"certificate": "servr-rsa"},
            422,
            "no certificate is named 'servr-rsa'; did",
        ),
        ("second", {"securityProfile": 2}, 422, "security_profile = 2 needs TLS; set tls = true"),
        ("second", {"plain": False}, 422, "set plain = true or tls = true"),
        ("main", {"securityProfile": True}, 422, "securityProfile: "),
        ("main", {"securityProfile": 4}, 422, "less than or equal to 3"),
        ("main", {"port": 1}, 422, "there is no key 'port'; valid keys are securityProfile, tls"),
    ],
)
async def test_invalid_change_is_refused(
    secure: Mock, name: str, body: dict[str, Any], status: int, detail: str
) -> None:
    _, client = secure
    before = (await client.get("/v1/listeners")).json()

    answer = await client.put(f"/v1/listeners/{name}", json=body)

    assert answer.status_code == status
    assert detail in answer.json()["detail"]
    assert (await client.get("/v1/listeners")).json() == before


async def test_tls_of_a_server_that_keeps_certificates_in_memory_is_refused() -> None:
    async with driven() as (_, client):
        answer = await client.put("/v1/listeners/main", json={"tls": True})

    assert answer.status_code == 422
    assert "start the server with --tls or --pki" in answer.json()["detail"]


async def test_placeholder_of_a_listener_is_its_url(pki_folder: Path) -> None:
    listeners = {"second": {"port": 0, "security_profile": 2}}
    async with driven(pki=pki_folder, password=PASSWORD, listeners=listeners) as (csms, _):
        filled = csms.filled_in({"url": "{{listener.second}}", "own": "{{listener.main}}"}, "CS1")
        with pytest.raises(ValueError, match=r"there is no listener secnd; did you mean second\?"):
            csms.filled_in("{{listener.secnd}}", "CS1")

    assert filled == {
        "url": f"wss://{csms.listeners['second'].address}",
        "own": f"ws://{csms.address}",
    }
