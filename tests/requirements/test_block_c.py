"""Authorization: requirements of block C for a central system."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from ocpp.v201 import call

from tests.certification.steps import INVALID_TOKEN, VALID_TOKEN, SessionCase
from tests.conftest import LogLines
from tests.support.control import journal_entries

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY_CODE = {"id_token": "47110815", "type": "KeyCode"}
EMAID = {"id_token": "NLMCKC00000001", "type": "eMAID"}
HASHES = {
    "hash_algorithm": "SHA256",
    "issuer_name_hash": "00" * 32,
    "issuer_key_hash": "00" * 32,
    "serial_number": "1",
    "responder_url": "http://127.0.0.1:9/ocsp",
}
"""Hash data of a certificate whose OCSP responder cannot be reached."""


async def authorize(session: SessionCase, id_token: dict[str, str] = VALID_TOKEN) -> Any:
    """Send an Authorize, and return the idTokenInfo of the response."""
    return (await session.station.send(call.Authorize(id_token=id_token))).id_token_info


async def know(session: SessionCase, **token: Any) -> None:
    """Configure the mock's idToken VALID01 with these fields."""
    await session.case.configure(tokens={"VALID01": token})


# Languages and EVSEs of an idToken (C01)


@pytest.mark.also_covers("C01.FR.11")
async def test_c01_fr_10_second_language_is_never_sent(session: SessionCase) -> None:
    await know(session, language="en-US", personalMessage="Hello")
    for info in (
        await authorize(session),
        (await session.event("Authorized", id_token=VALID_TOKEN)).id_token_info,
    ):
        assert info["language1"] == "en-US"
        assert "language2" not in info


@pytest.mark.also_covers("C04.FR.05", "C05.FR.04")
async def test_c01_fr_17_language_that_is_not_a_tag_is_rejected_in_settings(session: SessionCase) -> None:
    tokens = {"VALID01": {"language": "English!"}}
    profile = f"/v1/stations/{session.case.station_id}/profile"
    answer = await session.case.client.patch(profile, json={"tokens": tokens})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "is not a language tag of RFC 5646" in answer.text
    await know(session, language="en-US", personalMessage="Hello")
    info = await authorize(session)
    assert (info["language1"], info["personal_message"]["language"]) == ("en-US", "en-US")


async def test_c01_fr_18_token_for_another_type_of_evse_is_refused(session: SessionCase) -> None:
    await know(session, status="NotAllowedTypeEVSE")
    assert await authorize(session) == {"status": "NotAllowedTypeEVSE"}


async def test_c01_fr_19_token_for_all_evses_has_no_list_of_evses(session: SessionCase) -> None:
    assert await authorize(session) == {"status": "Accepted"}


async def test_c01_fr_20_token_for_some_evses_has_their_list(session: SessionCase) -> None:
    await know(session, evseId=[2, 3])
    assert await authorize(session) == {"status": "Accepted", "evse_id": [2, 3]}


async def test_c01_fr_22_token_for_no_evse_has_no_list_of_evses(session: SessionCase) -> None:
    await know(session, status="NotAtThisLocation", evseId=[2, 3])
    assert await authorize(session) == {"status": "NotAtThisLocation"}


async def test_c01_fr_24_second_token_is_refused_with_a_setting(session: SessionCase) -> None:
    second = {"id_token": "VALID02", "type": "ISO14443"}
    await session.case.configure(tokens={"VALID01": {}, "VALID02": {}})
    await session.authorize_stop()
    assert await authorize(session, second) == {"status": "Accepted"}
    await session.case.configure(refuse_second_token=True)
    assert await authorize(session, second) == {"status": "NotAtThisTime"}
    assert await authorize(session, VALID_TOKEN) == {"status": "Accepted"}


# Without an idToken (C02), key codes (C04)


async def test_c02_fr_02_event_without_authorization_is_accepted(session: SessionCase) -> None:
    nobody = {"id_token": "", "type": "NoAuthorization"}
    assert await authorize(session, INVALID_TOKEN) == {"status": "Invalid"}
    answer = await session.event("CablePluggedIn", id_token=nobody)
    assert answer.id_token_info == {"status": "Accepted"}


@pytest.mark.also_covers("C04.FR.02")
async def test_c04_fr_01_invalid_key_code_is_refused(session: SessionCase) -> None:
    tokens = {"47110815": {"type": "KeyCode", "status": "Invalid"}, "1234": {"type": "KeyCode"}}
    await session.case.configure(tokens=tokens)
    assert await authorize(session, KEY_CODE) == {"status": "Invalid"}
    assert await authorize(session, {**KEY_CODE, "id_token": "1234"}) == {"status": "Accepted"}


async def test_c04_fr_04_key_code_is_in_no_log(session: SessionCase, log_lines: LogLines) -> None:
    await authorize(session, KEY_CODE)
    await session.event("Authorized", id_token=KEY_CODE)
    await log_lines.wait_for(session.case.station_id, "TransactionEvent")
    journal = await journal_entries(session.case.client, station=session.case.station_id)
    assert "KeyCode" in json.dumps(journal)
    assert KEY_CODE["id_token"] not in json.dumps(journal) + "".join(log_lines.lines)


# Contract certificates (C07); tests/integration/test_contract_certificates.py has all answers


async def test_c07_fr_04_answer_with_a_certificate_has_a_status(session: SessionCase) -> None:
    await session.case.configure(tokens={}, unknown_token="NoCredit")
    answer = await session.station.send(call.Authorize(EMAID, iso15118_certificate_hash_data=[HASHES]))
    assert answer.id_token_info == {"status": "NoCredit"}


async def test_c07_fr_05_responder_is_asked_with_a_setting(session: SessionCase) -> None:
    """HASHES name a CA unknown to the mock, so only the OCSP responder could confirm the certificate."""
    await session.case.configure(tokens={EMAID["id_token"]: {}})
    request = call.Authorize(EMAID, iso15118_certificate_hash_data=[HASHES])
    assert (await session.station.send(request)).certificate_status == "Accepted"
    await session.case.configure(ocsp="ask")
    assert (await session.station.send(request)).certificate_status == "CertChainError"


# Master pass (C12, C16)


@pytest.mark.also_covers("C16.FR.03")
@pytest.mark.parametrize("is_plugged_in", [False, True])
async def test_c12_fr_09_master_pass_does_not_start_a_transaction(
    session: SessionCase, is_plugged_in: bool
) -> None:
    await session.case.configure(tokens={"MASTER": {"groupIdToken": "MASTERS"}}, master_pass_group="MASTERS")
    if is_plugged_in:
        await session.connect_vehicle()
    answer = await session.event("Authorized", id_token={"id_token": "MASTER", "type": "ISO14443"})
    assert answer.id_token_info["status"] == "Invalid"
