"""Authorization with contract certificates: the cases TC_C_50 to TC_C_52_CSMS of Part 6, with their errata.

The test system is a second mock, whose PKI has issued the contract certificate and runs the OCSP responder.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ocpp.charge_point import camel_to_snake_case
from ocpp.v201 import call

from mock_csms.csms import Csms
from mock_csms.pki import Pki
from tests.support.control import booted, driven
from tests.support.station import Station, now

EMAID = {"id_token": "NLMCKC00000001", "type": "eMAID"}
EVSE = {"id": 1, "connector_id": 1}


class Case(NamedTuple):
    """The mock, and the test system with its responder."""

    csms: Csms
    test_system: Csms
    asked: list[int]
    """Serial numbers that the responder was asked about."""

    @property
    def pki(self) -> Pki:
        return self.test_system.authority


@asynccontextmanager
async def case(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Case]:
    """Serve a mock that knows the eMAID as valid and trusts the roots of the test system."""
    asked: list[int] = []
    answer = Pki.ocsp_answer

    def note_and_answer(pki: Pki, wanted: Any, *more: Any) -> Any:
        asked.append(wanted.serial)
        return answer(pki, wanted, *more)

    monkeypatch.setattr(Pki, "ocsp_answer", note_and_answer)
    async with driven() as (test_system, _):
        roots = folder / "roots.pem"
        roots.write_text(test_system.authority.named("mo-root").certificate_pem)
        settings = {"ocsp": "ask", "contract_roots": str(roots), "unknown_token": "Invalid"}
        tokens = {EMAID["id_token"]: {"status": "Accepted", "type": "eMAID"}}
        async with driven(tokens=tokens, **settings) as (csms, _):
            yield Case(csms, test_system, asked)


async def send_event(station: Station, event: str, seq_no: int, state: str, **fields: Any) -> Any:
    """Send an event of the transaction on EVSE 1."""
    info = {"transaction_id": "tx-1", "charging_state": state}
    return await station.send(
        call.TransactionEvent(
            event_type=event, timestamp=now(), seq_no=seq_no, transaction_info=info, evse=EVSE, **fields
        )
    )


async def connect_vehicle(station: Station) -> None:
    """Bring the station into the state EVConnectedPreSession."""
    await station.status("Occupied")
    await send_event(station, "Started", 0, "EVConnected", trigger_reason="CablePluggedIn")


async def is_authorized_and_charges(station: Station) -> bool:
    """Report the authorization, then the transfer of energy; return whether the idToken is Accepted."""
    answer = await send_event(
        station, "Updated", 1, "EVConnected", trigger_reason="Authorized", id_token=EMAID
    )
    await send_event(station, "Updated", 2, "Charging", trigger_reason="ChargingStateChanged")
    return bool(answer.id_token_info == {"status": "Accepted"})


def hashes_of_chain(case: Case) -> list[dict[str, Any]]:
    """iso15118CertificateHashData of the contract certificate and its sub-CAs."""
    data = [case.pki.named(name).hash_data() for name in ("contract", "mo-sub-ca-2", "mo-sub-ca-1")]
    url = f"{case.test_system.control}/ocsp"
    hashes: list[dict[str, Any]] = [camel_to_snake_case({**item, "responderURL": url}) for item in data]
    return hashes


async def test_tc_c_50_csms_valid_hashes_are_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case(tmp_path, monkeypatch) as mock, booted(mock.csms) as station:
        await connect_vehicle(station)
        request = call.Authorize(id_token=EMAID, iso15118_certificate_hash_data=hashes_of_chain(mock))
        answer = await station.send(request)
        assert (answer.id_token_info["status"], answer.certificate_status) == ("Accepted", "Accepted")
        assert mock.pki.named("contract").certificate.serial_number in mock.asked
        assert await is_authorized_and_charges(station)


@pytest.mark.also_covers("C07.FR.16")
async def test_tc_c_51_csms_revoked_hashes_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case(tmp_path, monkeypatch) as mock, booted(mock.csms) as station:
        await connect_vehicle(station)
        hashes = hashes_of_chain(mock)
        mock.pki.revoke("contract")
        answer = await station.send(call.Authorize(id_token=EMAID, iso15118_certificate_hash_data=hashes))
        assert mock.pki.named("contract").certificate.serial_number in mock.asked
    assert (answer.id_token_info["status"], answer.certificate_status) == ("Invalid", "CertificateRevoked")


@pytest.mark.also_covers("C07.FR.05", "C07.FR.14")
async def test_tc_c_52_csms_valid_certificate_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case(tmp_path, monkeypatch) as mock, booted(mock.csms) as station:
        await connect_vehicle(station)
        chain = mock.pki.named("contract").chain_text()
        answer = await station.send(call.Authorize(id_token=EMAID, certificate=chain))
        assert (answer.id_token_info["status"], answer.certificate_status) == ("Accepted", "Accepted")
        assert mock.pki.named("contract").certificate.serial_number in mock.asked
        assert await is_authorized_and_charges(station)
