"""Authorization over a real socket: idTokenInfo in Authorize and TransactionEvent (C01 to C16)."""

import json
import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from ocpp.exceptions import InternalError
from ocpp.v201 import call
from ocpp.v201.enums import AuthorizationStatusEnumType

from mock_csms.csms import Csms
from mock_csms.settings import read_settings
from mock_csms.stations.transactions import parse_timestamp
from server import OCPP_VERSIONS
from tests.conftest import Serve
from tests.support.station import Station, connected, heartbeat_is_answered, raw_connection, receive

STATUSES = [str(status) for status in AuthorizationStatusEnumType]
CARD = {"id_token": "AABBCC", "type": "ISO14443"}
CONTRACT = {"id_token": "DE-8AA-123", "type": "eMAID"}


def flags(line: str) -> dict[str, Any]:
    """Return the settings of a command line."""
    return read_settings(shlex.split(line), {}, OCPP_VERSIONS).model_dump(exclude_unset=True)


def card(name: str) -> dict[str, str]:
    return {"id_token": name, "type": "ISO14443"}


async def authorize(station: Station, id_token: dict[str, str] | None = None) -> Any:
    """Send Authorize, and return the idTokenInfo."""
    return (await station.send(call.Authorize(id_token=id_token or CARD))).id_token_info


async def start(
    station: Station, id_token: dict[str, str] | None = None, transaction_id: str = "tx-1"
) -> Any:
    """Start a transaction with a token, and return the idTokenInfo."""
    answer = await station.transaction("Started", 0, transaction_id, id_token=id_token or CARD)
    return answer.id_token_info


# The ten statuses


@pytest.mark.parametrize("status", STATUSES)
async def test_authorize_returns_the_status_of_the_token(serve: Serve, status: str) -> None:
    csms = await serve(tokens={"AABBCC": {"status": status}})
    async with connected(csms) as station:
        assert await authorize(station) == {"status": status}


@pytest.mark.parametrize("status", STATUSES)
async def test_transaction_event_returns_the_status_of_the_token(serve: Serve, status: str) -> None:
    csms = await serve(tokens={"AABBCC": {"status": status}})
    async with connected(csms) as station:
        assert await start(station) == {"status": status}


def full_token(status: str) -> dict[str, Any]:
    """Build a token with every field."""
    return {
        "status": status,
        "type": "ISO14443",
        "groupIdToken": "FAMILY",
        "cacheExpiry": "2030-01-01T00:00:00Z",
        "personalMessage": "Call us",
        "evseId": [1, 2],
        "language": "en",
    }


def full_id_token_info(status: str) -> dict[str, Any]:
    """Build the idTokenInfo of `full_token`; for NotAtThisLocation, it has no EVSEs (C01.FR.22)."""
    evses = {} if status == "NotAtThisLocation" else {"evse_id": [1, 2]}
    return {
        "status": status,
        "group_id_token": {"id_token": "FAMILY", "type": "Central"},
        "cache_expiry_date_time": "2030-01-01T00:00:00.000Z",
        "personal_message": {"format": "UTF8", "content": "Call us", "language": "en"},
        "language1": "en",
        **evses,
    }


@pytest.mark.parametrize("status", STATUSES)
async def test_authorize_returns_all_token_fields_with_and_without_a_seed(serve: Serve, status: str) -> None:
    tokens = {"AABBCC": full_token(status)}
    for csms in (await serve(tokens=tokens), await serve(tokens=tokens, seed=1)):
        async with connected(csms) as station:
            assert await authorize(station) == full_id_token_info(status)


@pytest.mark.parametrize("status", STATUSES)
async def test_transaction_event_returns_all_token_fields_with_and_without_a_seed(
    serve: Serve, status: str
) -> None:
    tokens = {"AABBCC": full_token(status)}
    for csms in (await serve(tokens=tokens), await serve(tokens=tokens, seed=1)):
        async with connected(csms) as station:
            assert await start(station) == full_id_token_info(status)


# Lookup of tokens


async def test_token_lookup_ignores_case(serve: Serve) -> None:
    csms = await serve(tokens={"AaBbCc": {"status": "Blocked"}})
    async with connected(csms) as station:
        assert (await authorize(station, card("aabbcc")))["status"] == "Blocked"
        assert (await start(station, card("AABBCC")))["status"] == "Blocked"


async def test_token_with_a_type_does_not_match_another_type(serve: Serve) -> None:
    csms = await serve(tokens={"AABBCC": {"status": "Blocked", "type": "eMAID"}})
    async with connected(csms) as station:
        assert (await authorize(station))["status"] == "Accepted"
        assert (await authorize(station, {**CARD, "type": "eMAID"}))["status"] == "Blocked"


async def test_tokens_are_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(
        tokens={"AABBCC": {"status": "Expired"}},
        stations={
            "CS1": {"tokens": {"AABBCC": {"status": "Blocked"}}},
            "CS2": {"tokens": {"AABBCC": {"status": "NoCredit"}}},
        },
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two, connected(csms, "CS3") as three:
        assert [(await authorize(station))["status"] for station in (one, two, three)] == [
            "Blocked",
            "NoCredit",
            "Expired",
        ]


async def test_profile_tokens_are_merged_into_the_global_ones(serve: Serve) -> None:
    csms = await serve(
        tokens={"A": {"status": "Expired"}, "B": {"status": "Expired"}},
        stations={"CS1": {"tokens": {"B": {"status": "Blocked"}, "C": {"status": "Invalid"}}}},
    )
    async with connected(csms) as station:
        statuses = [(await authorize(station, card(name)))["status"] for name in "ABC"]
    assert statuses == ["Expired", "Blocked", "Invalid"]


# Unknown tokens and modes


@pytest.mark.parametrize("status", STATUSES)
async def test_unknown_token_has_the_configured_status(serve: Serve, status: str) -> None:
    csms = await serve(**flags(f"--unknown-token {status}"))
    async with connected(csms) as station:
        assert await authorize(station) == {"status": status}
        assert await start(station) == {"status": status}


async def test_whitelist_mode_blocks_other_tokens(serve: Serve) -> None:
    csms = await serve(
        tokens={"KNOWN": {"status": "NoCredit"}}, **flags("--auth-mode whitelist --whitelist GOOD better")
    )
    names = ("good", "BETTER", "KNOWN", "valid_token", "OTHER")
    async with connected(csms) as station:
        statuses = [(await authorize(station, card(name)))["status"] for name in names]
        assert (await start(station, card("OTHER")))["status"] == "Blocked"
    assert statuses == ["Accepted", "Accepted", "NoCredit", "Blocked", "Blocked"]


async def test_blacklist_mode_blocks_listed_tokens(serve: Serve) -> None:
    csms = await serve(
        tokens={"KNOWN": {"status": "NoCredit"}},
        **flags("--auth-mode blacklist --blacklist BAD worse --unknown-token Unknown"),
    )
    names = ("bad", "WORSE", "KNOWN", "blocked_token", "OTHER")
    async with connected(csms) as station:
        statuses = [(await authorize(station, card(name)))["status"] for name in names]
        assert (await start(station, card("BAD")))["status"] == "Blocked"
    assert statuses == ["Blocked", "Blocked", "NoCredit", "Unknown", "Unknown"]


@pytest.mark.parametrize(
    ("mode", "name", "status"),
    [
        ("whitelist", "valid_token", "Accepted"),
        ("whitelist", "test_token", "Accepted"),
        ("whitelist", "authorized_user", "Accepted"),
        ("blacklist", "blocked_token", "Blocked"),
        ("blacklist", "invalid_user", "Blocked"),
    ],
)
async def test_auth_mode_has_sample_tokens(serve: Serve, mode: str, name: str, status: str) -> None:
    csms = await serve(**flags(f"--auth-mode {mode}"))
    async with connected(csms) as station:
        assert (await authorize(station, card(name)))["status"] == status


async def test_rate_limit_mode_rejects_every_token(serve: Serve) -> None:
    csms = await serve(tokens={"KNOWN": {}}, **flags("--auth-mode rate_limit"))
    async with connected(csms) as station:
        assert (await authorize(station, card("KNOWN")))["status"] == "NotAtThisTime"
        assert (await start(station, card("OTHER")))["status"] == "NotAtThisTime"


async def test_default_group_applies_to_tokens_without_a_group(serve: Serve) -> None:
    """C09."""
    csms = await serve(
        tokens={"KNOWN": {}, "CHILD": {"groupIdToken": "FAMILY"}}, **flags("--auth-group-id GROUP1")
    )
    async with connected(csms) as station:
        groups = [
            (await send(station, card(name)))["group_id_token"]["id_token"]
            for send in (authorize, start)
            for name in ("KNOWN", "CHILD", "OTHER")
        ]
    assert groups == ["GROUP1", "FAMILY", "GROUP1"] * 2


async def test_cache_expiry_counts_from_the_answer(serve: Serve) -> None:
    csms = await serve(tokens={"LONG": {"cacheExpiry": 7200}}, **flags("--auth-cache-expiry 3600"))
    async with connected(csms) as station:
        before = datetime.now(UTC) - timedelta(milliseconds=1)
        expiries = [
            parse_timestamp((await send(station, card(name)))["cache_expiry_date_time"])
            for send in (authorize, start)
            for name in ("OTHER", "LONG")
        ]
        after = datetime.now(UTC)
    for expiry, hours in zip(expiries, (1, 2) * 2, strict=True):
        assert expiry is not None
        assert before <= expiry - timedelta(hours=hours) <= after


async def test_authorize_offline_is_an_internal_error(serve: Serve) -> None:
    csms = await serve(tokens={"AABBCC": {}}, **flags("--offline"))
    async with connected(csms) as station:
        with pytest.raises(InternalError):
            await authorize(station)


async def test_transaction_event_offline_still_returns_the_token_status(serve: Serve) -> None:
    csms = await serve(tokens={"AABBCC": {"status": "Blocked"}}, **flags("--offline"))
    async with connected(csms) as station:
        assert await start(station) == {"status": "Blocked"}


async def test_offline_is_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(stations={"CS1": {"offline": True}})
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        with pytest.raises(InternalError):
            await authorize(one)
        assert await authorize(two) == {"status": "Accepted"}


# One transaction at a time


async def test_token_charging_at_one_station_is_concurrent_at_another(serve: Serve) -> None:
    csms = await serve(**flags("--concurrent-tx"))
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        assert await start(one) == {"status": "Accepted"}
        assert await authorize(two, card("aabbcc")) == {"status": "ConcurrentTx"}
        assert await start(two, transaction_id="tx-2") == {"status": "ConcurrentTx"}


async def test_token_is_not_concurrent_after_its_transaction_ended(serve: Serve) -> None:
    csms = await serve(concurrent_tx=True)
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        await start(one)
        await one.transaction("Ended", 1)
        assert await authorize(two) == {"status": "Accepted"}
        assert await start(two, transaction_id="tx-2") == {"status": "Accepted"}


async def test_token_still_charges_after_its_station_reconnected(serve: Serve) -> None:
    csms = await serve(concurrent_tx=True)
    async with connected(csms, "CS1") as one:
        await start(one)
    async with connected(csms, "CS1"), connected(csms, "CS2") as two:
        assert await authorize(two) == {"status": "ConcurrentTx"}


async def test_token_is_not_concurrent_in_its_own_transaction(serve: Serve) -> None:
    csms = await serve(concurrent_tx=True)
    async with connected(csms) as station:
        await start(station)
        for kind, seq_no in (("Started", 0), ("Updated", 1), ("Ended", 2)):
            answer = await station.transaction(kind, seq_no, id_token=CARD)
            assert answer.id_token_info == {"status": "Accepted"}


async def test_charging_token_is_accepted_at_its_own_station(serve: Serve) -> None:
    """The driver may present the token to stop the transaction (E07)."""
    csms = await serve(concurrent_tx=True)
    async with connected(csms) as station:
        await start(station)
        assert await authorize(station) == {"status": "Accepted"}


async def test_second_transaction_at_the_same_station_is_concurrent(serve: Serve) -> None:
    csms = await serve(concurrent_tx=True)
    async with connected(csms) as station:
        await start(station)
        assert await start(station, transaction_id="tx-2") == {"status": "ConcurrentTx"}


async def test_concurrent_token_does_not_count_as_charging(serve: Serve) -> None:
    csms = await serve(concurrent_tx=True)
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        await start(one)
        await start(two, transaction_id="tx-2")
        await one.transaction("Ended", 1)
        assert await authorize(one) == {"status": "Accepted"}


async def test_blocked_token_stays_blocked_instead_of_concurrent(serve: Serve) -> None:
    csms = await serve(concurrent_tx=True, stations={"CS2": {"tokens": {"AABBCC": {"status": "Blocked"}}}})
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        await start(one)
        assert await authorize(two) == {"status": "Blocked"}


async def test_token_may_charge_at_several_stations_by_default(serve: Serve) -> None:
    csms = await serve()
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        await start(one)
        assert await authorize(two) == {"status": "Accepted"}
        assert await start(two, transaction_id="tx-2") == {"status": "Accepted"}


# The master pass (C16)

MASTER = {"status": "Accepted", "group_id_token": {"id_token": "MASTER", "type": "Central"}}


async def test_master_pass_group_is_set_after_the_boot(serve: Serve) -> None:
    csms = await serve(**flags("--master-pass-group MASTER"))
    async with connected(csms) as station:
        await station.boot()
        assert await station.next("SetVariables") == {
            "set_variable_data": [
                {
                    "component": {"name": "AuthCtrlr"},
                    "variable": {"name": "MasterPassGroupId"},
                    "attribute_value": "MASTER",
                }
            ]
        }


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_master_pass_group_is_not_set_when_the_boot_is_not_accepted(serve: Serve, status: str) -> None:
    csms = await serve(master_pass_group="MASTER", boot_status=status)
    async with connected(csms) as station:
        await station.boot()
        await station.boot()
    assert station.order == []


async def test_master_pass_token_cannot_start_a_transaction(serve: Serve) -> None:
    csms = await serve(master_pass_group="MASTER", tokens={"AABBCC": {"groupIdToken": "MASTER"}})
    async with connected(csms) as station:
        assert await start(station) == {**MASTER, "status": "Invalid"}


async def test_master_pass_token_is_authorized_with_its_group(serve: Serve) -> None:
    csms = await serve(master_pass_group="MASTER", tokens={"AABBCC": {"groupIdToken": "MASTER"}})
    async with connected(csms) as station:
        assert await authorize(station) == MASTER


@pytest.mark.parametrize("kind", ["Updated", "Ended"])
async def test_master_pass_token_stops_a_transaction(serve: Serve, kind: str) -> None:
    csms = await serve(master_pass_group="MASTER", tokens={"AABBCC": {"groupIdToken": "MASTER"}})
    async with connected(csms) as station:
        await start(station, card("DRIVER"))
        assert (await station.transaction(kind, 1, id_token=CARD)).id_token_info == MASTER


async def test_token_of_another_group_starts_a_transaction(serve: Serve) -> None:
    csms = await serve(master_pass_group="MASTER", tokens={"AABBCC": {"groupIdToken": "FAMILY"}})
    async with connected(csms) as station:
        assert (await start(station))["status"] == "Accepted"


# Contract certificates (C07, errata 2.4.1)

HASH_DATA = {
    "hash_algorithm": "SHA256",
    "issuer_name_hash": "ab" * 32,
    "issuer_key_hash": "cd" * 32,
    "serial_number": "0123",
    "responder_url": "http://ocsp.example",
}


def certificate(valid_until: datetime) -> str:
    """Build a self-signed contract certificate in PEM that expires at ``valid_until``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "DE-8AA-123")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(valid_until - timedelta(days=365)).not_valid_after(valid_until)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def valid_certificate() -> str:
    return certificate(datetime.now(UTC) + timedelta(hours=1))


def expired_certificate() -> str:
    return certificate(datetime.now(UTC) - timedelta(hours=1))


async def plug_and_charge(station: Station, **proof: Any) -> tuple[str, str | None]:
    """Authorize with a contract, and return the status of its token and that of its certificate."""
    answer = await station.send(call.Authorize(id_token=CONTRACT, **proof))
    return answer.id_token_info["status"], answer.certificate_status


async def test_certificate_status_is_omitted_without_a_certificate(serve: Serve) -> None:
    csms = await serve(tokens={"DE-8AA-123": {"certificateStatus": "CertificateRevoked"}})
    async with connected(csms) as station:
        assert await plug_and_charge(station) == ("Accepted", None)


@pytest.mark.parametrize("status", STATUSES)
async def test_certificate_hashes_get_the_status_of_the_token(serve: Serve, status: str) -> None:
    csms = await serve(tokens={"DE-8AA-123": {"status": status}})
    is_cancelled = status in {"Blocked", "Expired", "Invalid", "Unknown"}
    async with connected(csms) as station:
        statuses = await plug_and_charge(station, iso15118_certificate_hash_data=[HASH_DATA])
    assert statuses == (status, "ContractCancelled" if is_cancelled else "Accepted")


@pytest.mark.parametrize(
    ("status", "certificate_status"), [("Accepted", "Accepted"), ("Blocked", "ContractCancelled")]
)
async def test_valid_certificate_gets_the_status_of_the_token(
    serve: Serve, status: str, certificate_status: str
) -> None:
    csms = await serve(tokens={"DE-8AA-123": {"status": status}})
    async with connected(csms) as station:
        statuses = await plug_and_charge(station, certificate=valid_certificate())
    assert statuses == (status, certificate_status)


@pytest.mark.parametrize("status", ["Accepted", "Blocked"])
async def test_expired_certificate_is_expired_for_every_token_status(serve: Serve, status: str) -> None:
    csms = await serve(tokens={"DE-8AA-123": {"status": status}})
    async with connected(csms) as station:
        statuses = await plug_and_charge(station, certificate=expired_certificate())
    assert statuses == ("Expired", "CertificateExpired")


@pytest.mark.parametrize("proof", [
    pytest.param({"certificate": "no certificate"}, id="not PEM"),
    pytest.param({"certificate": ""}, id="empty"),
    pytest.param({"iso15118_certificate_hash_data": [{**HASH_DATA, "issuer_key_hash": "cd"}]}, id="hash"),
    pytest.param({"iso15118_certificate_hash_data": [HASH_DATA, {**HASH_DATA, "serial_number": "xy"}]},
                 id="second serial number"),
])  # fmt: skip
async def test_certificate_that_cannot_be_verified_is_a_chain_error(
    serve: Serve, proof: dict[str, Any]
) -> None:
    """C07.FR.17."""
    csms = await serve()
    async with connected(csms) as station:
        assert await plug_and_charge(station, **proof) == ("Invalid", "CertChainError")


async def test_configured_certificate_status_wins(serve: Serve) -> None:
    csms = await serve(tokens={"DE-8AA-123": {"certificateStatus": "CertificateRevoked"}})
    async with connected(csms) as station:
        hashed = await plug_and_charge(station, iso15118_certificate_hash_data=[HASH_DATA])
        complete = await plug_and_charge(station, certificate=expired_certificate())
    assert hashed == complete == ("Invalid", "CertificateRevoked")


async def test_configured_pair_of_statuses_wins(serve: Serve) -> None:
    token = {"certificateStatus": "CertificateRevoked", "status": "Accepted"}
    csms = await serve(tokens={"DE-8AA-123": token})
    async with connected(csms) as station:
        statuses = await plug_and_charge(station, certificate=expired_certificate())
    assert statuses == ("Accepted", "CertificateRevoked")


# Late events, and names in another case


async def test_late_started_event_does_not_make_a_token_charge_again(serve: Serve) -> None:
    csms = await serve(concurrent_tx=True)
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        await one.transaction("Ended", 1)
        await start(one)
        assert (await authorize(two))["status"] == "Accepted"


async def test_transaction_unknown_to_the_station_frees_its_token(serve: Serve) -> None:
    csms = await serve(concurrent_tx=True, check_transactions=True)
    async with connected(csms, "CS1") as one:
        await start(one)
    async with raw_connection(csms, "CS1") as connection, connected(csms, "CS2") as two:
        _, message_id, action, _ = await receive(connection)
        assert action == "GetTransactionStatus"
        answer = {"messagesInQueue": False, "ongoingIndicator": False}
        await connection.send(json.dumps([3, message_id, answer]))
        while not csms.stations["CS1"].transactions["tx-1"].ended:
            assert await heartbeat_is_answered(connection)
        assert (await authorize(two))["status"] == "Accepted"


async def test_master_pass_group_ignores_case(serve: Serve) -> None:
    csms = await serve(master_pass_group="MASTER", tokens={"AABBCC": {"groupIdToken": "master"}})
    async with connected(csms) as station:
        assert (await start(station))["status"] == "Invalid"


async def test_more_specific_token_wins_regardless_of_case(serve: Serve) -> None:
    stations = {
        "CS*": {"tokens": {"AABBCC": {"status": "Blocked"}}},
        "CS1": {"tokens": {"aabbcc": {"status": "NoCredit"}}},
    }
    csms = await serve(tokens={"aabbcc": {"status": "Expired"}}, stations=stations)
    async with connected(csms) as station:
        assert (await authorize(station))["status"] == "NoCredit"


# Tokens in later events


async def update(station: Station, id_token: dict[str, str]) -> Any:
    """Present a token in an Updated event, and return the idTokenInfo."""
    return (await station.transaction("Updated", 1, "tx-1", id_token=id_token)).id_token_info


@pytest.mark.parametrize(
    "settings", [{"unknown_token": "Unknown"}, {"auth_mode": "whitelist"}, {"auth_mode": "rate_limit"}]
)
async def test_no_authorization_token_is_accepted_in_transaction_events(
    serve: Serve, settings: dict[str, Any]
) -> None:
    """C02.FR.02."""
    csms = await serve(**settings)
    async with connected(csms) as station:
        for event_type, seq_no in (("Started", 0), ("Updated", 1), ("Ended", 2)):
            token = {"id_token": "", "type": "NoAuthorization"}
            answer = await station.transaction(event_type, seq_no, "tx-1", id_token=token)
            assert answer.id_token_info == {"status": "Accepted"}


async def test_master_pass_cannot_authorize_a_transaction_that_began_with_the_cable(serve: Serve) -> None:
    """C12.FR.09, C16.FR.03."""
    csms = await serve(master_pass_group="MASTER", tokens={"AABBCC": {"groupIdToken": "MASTER"}})
    async with connected(csms) as station:
        await station.transaction("Started", 0, "tx-1")
        assert (await update(station, CARD))["status"] == "Invalid"


async def test_master_pass_may_stop_a_transaction_of_another_token(serve: Serve) -> None:
    csms = await serve(master_pass_group="MASTER", tokens={"AABBCC": {"groupIdToken": "MASTER"}})
    async with connected(csms) as station:
        await start(station, card("DRIVER"))
        assert (await update(station, CARD))["status"] == "Accepted"


# A second token while the first one is not authorized any more (C01.FR.24)


@pytest.mark.parametrize(
    ("refuses", "trigger", "second", "status"),
    [
        (True, "StopAuthorized", "OTHER", "NotAtThisTime"),
        (True, "Deauthorized", "OTHER", "NotAtThisTime"),
        (True, "RemoteStop", "OTHER", "NotAtThisTime"),
        (True, "StopAuthorized", "AABBCC", "Accepted"),
        (True, "ChargingStateChanged", "OTHER", "Accepted"),
        (False, "StopAuthorized", "OTHER", "Accepted"),
    ],
)
async def test_second_token_is_refused_on_request_after_the_authorization_has_ended(
    serve: Serve, refuses: bool, trigger: str, second: str, status: str
) -> None:
    csms = await serve(refuse_second_token=refuses)
    async with connected(csms) as station:
        await start(station)
        await station.transaction("Updated", 1, trigger_reason=trigger)
        assert (await authorize(station, card(second)))["status"] == status


async def test_second_token_is_accepted_once_the_transaction_has_ended(serve: Serve) -> None:
    csms = await serve(refuse_second_token=True)
    async with connected(csms) as station:
        await start(station)
        await station.transaction("Updated", 1, trigger_reason="StopAuthorized")
        await station.transaction("Ended", 2, trigger_reason="EVDeparted")
        assert (await authorize(station, card("OTHER")))["status"] == "Accepted"


# Messages and tariffs for the driver (I01, I06)


def report_display(csms: Csms, display: str, tariff: str) -> None:
    model = csms.stations["CS1"].device_model
    model.set({"name": "DisplayMessageCtrlr"}, {"name": "Available"}, display)
    model.set({"name": "TariffCostCtrlr"}, {"name": "Available", "instance": "Tariff"}, tariff)


@pytest.mark.parametrize(
    ("display", "tariff", "is_sent"),
    [("false", "false", False), ("true", "false", True), ("false", "true", True)],
)
async def test_message_is_sent_only_to_a_station_that_can_show_it(
    serve: Serve, display: str, tariff: str, is_sent: bool
) -> None:
    """I01.FR.02."""
    csms = await serve(tokens={"AABBCC": {"personalMessage": "Hello"}}, updated_tariff="0.32 EUR/kWh")
    async with connected(csms) as station:
        assert "personal_message" in await authorize(station)
        report_display(csms, display, tariff)
        assert ("personal_message" in await authorize(station)) is is_sent
        assert ("personal_message" in await start(station)) is is_sent
        updated = await station.transaction("Updated", 1)
        assert (updated.updated_personal_message is not None) is is_sent


async def test_updated_tariff_is_sent_once_to_each_transaction(serve: Serve) -> None:
    """I06.FR.02."""
    csms = await serve(updated_tariff="0.32 EUR/kWh")
    async with connected(csms) as station:
        answers = [
            await station.transaction(kind, seq_no, transaction_id)
            for kind, seq_no, transaction_id in (
                ("Started", 0, "tx-1"),
                ("Updated", 1, "tx-1"),
                ("Updated", 2, "tx-1"),
                ("Updated", 1, "tx-2"),
            )
        ]
        csms.change_profile("CS1", {"updated_tariff": "0.40 EUR/kWh"})
        answers.append(await station.transaction("Updated", 3, "tx-1"))
    contents = [answer.updated_personal_message for answer in answers]
    assert [message and message["content"] for message in contents] == [
        None,
        "0.32 EUR/kWh",
        None,
        "0.32 EUR/kWh",
        "0.40 EUR/kWh",
    ]
