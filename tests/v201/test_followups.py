"""What a central system does by itself: which commands follow from what a station says."""

from collections.abc import Iterable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mock_csms.csms import Csms
from mock_csms.messages import Command, JsonObject
from mock_csms.settings import Settings
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import parse_timestamp
from mock_csms.v201 import followups as duties
from mock_csms.v201.learning import learn_from_answer, learn_from_message
from mock_csms.v201.version import OCPP_2_0_1
from server import VERSIONS
from tests.support.payloads import call, content

NOW = "2026-03-01T12:00:00Z"
TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}
KEY = ec.generate_private_key(ec.SECP256R1())


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def mock(**settings: Any) -> Csms:
    return Csms(Settings.model_validate(settings), VERSIONS, address="127.0.0.1:9000")


@pytest.fixture
def csms() -> Csms:
    return mock()


@pytest.fixture
def station(csms: Csms) -> Station:
    return csms.station("CS1")


def valid(commands: Iterable[Command]) -> list[tuple[str, JsonObject]]:
    """The commands, each of which keeps to its schema."""
    found = list(commands)
    for action, payload in found:
        assert OCPP_2_0_1.request(action).violation(payload) is None
    return [(str(action), payload) for action, payload in found]


def event(
    kind: str, transaction_id: str = "T1", evse_id: int | None = 1, id_token: JsonObject | None = None
) -> JsonObject:
    """A TransactionEvent."""
    return {
        "eventType": kind,
        "timestamp": NOW,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": transaction_id},
        **({"evse": {"id": evse_id}} if evse_id is not None else {}),
        **({"idToken": id_token} if id_token else {}),
    }


def charge(station: Station, transaction_id: str = "T1", evse_id: int | None = 1) -> None:
    learn_from_message(station, call("TransactionEvent", event("Started", transaction_id, evse_id)))


def stop(station: Station, transaction_id: str = "T1") -> None:
    learn_from_message(station, call("TransactionEvent", event("Ended", transaction_id)))


# After a boot


def test_the_master_pass_group_is_set_after_a_boot() -> None:
    """C16."""
    assert valid(duties.after_boot(mock(master_pass_group="MASTER").profile("CS1"))) == [
        (
            "SetVariables",
            {
                "setVariableData": [
                    {
                        "component": {"name": "AuthCtrlr"},
                        "variable": {"name": "MasterPassGroupId"},
                        "attributeValue": "MASTER",
                    }
                ]
            },
        )
    ]


def test_nothing_follows_a_boot_where_there_is_no_master_pass_group(csms: Csms) -> None:
    assert valid(duties.after_boot(csms.profile("CS1"))) == []


# After a reconnect


def test_the_status_of_each_transaction_that_was_left_open_is_asked_for(station: Station) -> None:
    """E14."""
    for transaction_id in ("T1", "T2", "T3"):
        charge(station, transaction_id)
    stop(station, "T2")
    asked = valid(duties.after_reconnect(mock(check_transactions=True).profile("CS1"), station))
    assert asked == [("GetTransactionStatus", {"transactionId": name}) for name in ("T3", "T1")]


def test_nothing_is_asked_of_a_station_that_left_no_transaction_open(station: Station) -> None:
    charge(station)
    stop(station)
    assert valid(duties.after_reconnect(mock(check_transactions=True).profile("CS1"), station)) == []


def test_nothing_follows_a_reconnect_by_default(csms: Csms, station: Station) -> None:
    charge(station)
    assert valid(duties.after_reconnect(csms.profile("CS1"), station)) == []


# After a TransactionEvent

NOT_ACCEPTED = [
    "Blocked",
    "ConcurrentTx",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
]


def answered(status: str) -> JsonObject:
    return {"idTokenInfo": {"status": status}}


@pytest.mark.parametrize("status", NOT_ACCEPTED)
def test_a_transaction_with_a_token_that_is_not_accepted_is_stopped(status: str) -> None:
    profile = mock(after_invalid_id="stop").profile("CS1")
    started = content("TransactionEvent", event("Started", "T7", id_token=TOKEN))
    followed = valid(duties.after_event(profile, started, answered(status)))
    assert followed == [("RequestStopTransaction", {"transactionId": "T7"})]


def test_a_transaction_that_is_authorized_later_is_stopped_too() -> None:
    profile = mock(after_invalid_id="stop").profile("CS1")
    updated = content("TransactionEvent", event("Updated", "T7", id_token=TOKEN))
    followed = valid(duties.after_event(profile, updated, answered("Blocked")))
    assert followed == [("RequestStopTransaction", {"transactionId": "T7"})]


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        case("with an accepted token", "Started", answered("Accepted")),
        case("without a token", "Started", {}),
        case("that has ended", "Ended", answered("Blocked")),
    ],
)
def test_a_transaction_is_not_stopped(kind: str, answer: JsonObject) -> None:
    profile = mock(after_invalid_id="stop").profile("CS1")
    told = content("TransactionEvent", event(kind))
    assert valid(duties.after_event(profile, told, answer)) == []


@pytest.mark.parametrize("status", NOT_ACCEPTED)
def test_a_transaction_is_not_stopped_by_default(csms: Csms, status: str) -> None:
    started = content("TransactionEvent", event("Started", id_token=TOKEN))
    assert valid(duties.after_event(csms.profile("CS1"), started, answered(status))) == []


# After a CSR


def csr() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CS1")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(KEY, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def test_the_certificate_that_was_asked_for_is_sent(csms: Csms, station: Station) -> None:
    """A02, A03."""
    request = {"csr": csr()}
    learn_from_message(station, call("SignCertificate", request))
    [(action, payload)] = valid(duties.after_csr(csms, station, request))
    leaf, root = x509.load_pem_x509_certificates(payload["certificateChain"].encode())
    assert action == "CertificateSigned"
    assert leaf.public_key() == KEY.public_key()
    leaf.verify_directly_issued_by(root)


@pytest.mark.parametrize("kind", ["ChargingStationCertificate", "V2GCertificate"])
def test_a_certificate_is_sent_with_the_type_it_was_asked_for(
    csms: Csms, station: Station, kind: str
) -> None:
    request = {"csr": csr(), "certificateType": kind}
    learn_from_message(station, call("SignCertificate", request))
    [(_, payload)] = valid(duties.after_csr(csms, station, request))
    assert payload["certificateType"] == kind


def test_a_certificate_that_was_asked_for_without_a_type_is_sent_without_one(
    csms: Csms, station: Station
) -> None:
    request = {"csr": csr()}
    learn_from_message(station, call("SignCertificate", request))
    [(_, payload)] = valid(duties.after_csr(csms, station, request))
    assert set(payload) == {"certificateChain"}


# After an EV's charging needs

AC = {"requestedEnergyTransfer": "AC_three_phase"}
DC = {"requestedEnergyTransfer": "DC"}


def ac(most: int, transfer: str = "AC_three_phase") -> JsonObject:
    """The needs of an EV that takes so many A."""
    parameters = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": most, "evMaxVoltage": 400}
    return {"requestedEnergyTransfer": transfer, "acChargingParameters": parameters}


def dc(amperes: int, volts: int, **more: int) -> JsonObject:
    parameters = {"evMaxCurrent": amperes, "evMaxVoltage": volts, **more}
    return {"requestedEnergyTransfer": "DC", "dcChargingParameters": parameters}


def needs(charging_needs: JsonObject, evse_id: int = 1) -> JsonObject:
    return {"evseId": evse_id, "chargingNeeds": charging_needs}


def limited(
    station: Station, source: str, *limits: float, unit: str = "A", evse_id: int | None = None
) -> None:
    """Let the station tell of a limit of its own, with one period after the other."""
    periods = [{"startPeriod": 60 * number, "limit": limit} for number, limit in enumerate(limits)]
    schedule = {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    notice: JsonObject = {
        "chargingLimit": {"chargingLimitSource": source},
        **({"evseId": evse_id} if evse_id is not None else {}),
        **({"chargingSchedule": [schedule]} if limits else {}),
    }
    assert OCPP_2_0_1.request("NotifyChargingLimit").violation(notice) is None
    learn_from_message(station, call("NotifyChargingLimit", notice))


def profile_for(csms: Csms, notice: JsonObject) -> JsonObject:
    """The charging profile that follows a notice, and is for its EVSE."""
    assert OCPP_2_0_1.request("NotifyEVChargingNeeds").violation(notice) is None
    [(action, payload)] = valid(duties.after_needs(csms, csms.station("CS1"), notice))
    assert (action, payload["evseId"]) == ("SetChargingProfile", notice["evseId"])
    profile: JsonObject = payload["chargingProfile"]
    return profile


def allowed(csms: Csms, charging_needs: JsonObject) -> tuple[float, str]:
    """The limit of the profile that follows such needs on EVSE 1, and its unit."""
    [schedule] = profile_for(csms, needs(charging_needs))["chargingSchedule"]
    [period] = schedule["chargingSchedulePeriod"]
    return period["limit"], schedule["chargingRateUnit"]


def accept(station: Station, profile: JsonObject, evse_id: int = 1) -> None:
    request = {"evseId": evse_id, "chargingProfile": profile}
    learn_from_answer(station, "SetChargingProfile", request, {"status": "Accepted"})


def test_a_profile_is_for_the_transaction_on_that_evse(csms: Csms, station: Station) -> None:
    """K15, K17."""
    for number in (1, 2, 3):
        charge(station, f"T{number}", evse_id=number)
    profile = profile_for(csms, needs(AC, evse_id=2))
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", "T2")


def test_a_profile_is_for_the_newest_transaction_that_runs_on_that_evse(csms: Csms, station: Station) -> None:
    for name in ("T1", "T2", "T3"):
        charge(station, name)
    stop(station, "T3")
    assert profile_for(csms, needs(AC))["transactionId"] == "T2"


@pytest.mark.parametrize(
    ("transaction_id", "evse_id"), [case("elsewhere", "T1", 2), case("nobody knows where", "T1", None)]
)
def test_a_transaction_that_is_not_on_that_evse_is_left_alone(
    csms: Csms, station: Station, transaction_id: str, evse_id: int | None
) -> None:
    charge(station, transaction_id, evse_id)
    assert profile_for(csms, needs(AC))["chargingProfilePurpose"] == "TxDefaultProfile"


@pytest.mark.parametrize("ended", [False, True])
def test_without_a_transaction_it_is_the_default_of_the_evse(
    csms: Csms, station: Station, ended: bool
) -> None:
    if ended:
        charge(station)
        stop(station)
    profile = profile_for(csms, needs(AC))
    assert profile["chargingProfilePurpose"] == "TxDefaultProfile"
    assert "transactionId" not in profile


def test_a_profile_holds_from_now_on(csms: Csms) -> None:
    """An Absolute profile has a startSchedule (K01.FR.40), and its first period starts at 0 (K01.FR.31)."""
    profile = profile_for(csms, needs(AC))
    [schedule] = profile["chargingSchedule"]
    assert profile["chargingProfileKind"] == "Absolute"
    assert parse_timestamp(schedule["startSchedule"]) is not None
    assert [period["startPeriod"] for period in schedule["chargingSchedulePeriod"]] == [0]


def ids(profile: JsonObject) -> tuple[int, int]:
    return profile["id"], profile["chargingSchedule"][0]["id"]


def test_another_negotiation_replaces_the_profile_of_the_transaction(csms: Csms, station: Station) -> None:
    """A TxProfile of another id on the same stackLevel would be refused (K01.FR.39)."""
    charge(station)
    first = profile_for(csms, needs(ac(32)))
    accept(station, first)
    second = profile_for(csms, needs(ac(10)))
    assert ids(second) == ids(first)
    assert second["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 10


def test_a_profile_that_the_station_reported_is_replaced_too(csms: Csms, station: Station) -> None:
    charge(station)
    reported = {**profile_for(csms, needs(AC)), "id": 77}
    report = {
        "requestId": 1,
        "chargingLimitSource": "CSO",
        "evseId": 1,
        "chargingProfile": [reported],
    }
    learn_from_message(station, call("ReportChargingProfiles", report))
    assert profile_for(csms, needs(AC))["id"] == 77


def test_the_profiles_of_other_transactions_are_left_alone(csms: Csms, station: Station) -> None:
    charge(station, "T1", evse_id=1)
    charge(station, "T2", evse_id=2)
    first = profile_for(csms, needs(AC, evse_id=1))
    accept(station, first)
    second = profile_for(csms, needs(AC, evse_id=2))
    assert second["id"] != first["id"]


@pytest.mark.parametrize("transfer", ["AC_single_phase", "AC_two_phase", "AC_three_phase"])
def test_the_limit_for_ac_is_what_the_ev_can_take_in_amperes(csms: Csms, transfer: str) -> None:
    assert allowed(csms, ac(13, transfer)) == (13, "A")


@pytest.mark.parametrize(
    ("charging_needs", "limit"),
    [
        case("current and voltage", dc(100, 400), 40_000),
        case("less power than that", dc(100, 400, evMaxPower=30_000), 30_000),
        case("more power than that", dc(100, 400, evMaxPower=50_000), 40_000),
        case("nothing at all", dc(0, 400), 0),
    ],
)
def test_the_limit_for_dc_is_what_the_ev_can_take_in_watts(
    csms: Csms, charging_needs: JsonObject, limit: float
) -> None:
    assert allowed(csms, charging_needs) == (limit, "W")


@pytest.mark.parametrize(
    ("charging_needs", "usual"),
    [
        case("AC", AC, (16.0, "A")),
        case("AC and when it leaves", {**AC, "departureTime": "2026-03-01T18:00:00Z"}, (16.0, "A")),
        case("DC", DC, (11_000.0, "W")),
        case("DC and when it leaves", {**DC, "departureTime": "2026-03-01T18:00:00Z"}, (11_000.0, "W")),
    ],
)
def test_an_ev_that_names_no_numbers_gets_what_is_usual(
    csms: Csms, charging_needs: JsonObject, usual: tuple[float, str]
) -> None:
    assert allowed(csms, charging_needs) == usual


@pytest.mark.parametrize(
    ("most", "charging_needs", "limit"),
    [
        case("less than the EV can take", 10, ac(32), (10, "A")),
        case("more than the EV can take", 40, ac(32), (32, "A")),
        case("where the EV names none", 20, AC, (20, "A")),
        case("less than the EV can take in watts", 22_000, dc(100, 400), (22_000, "W")),
        case("more than the EV can take in watts", 50_000, dc(100, 400), (40_000, "W")),
        case("where the EV names none in watts", 22_000, DC, (22_000, "W")),
    ],
)
def test_the_charging_limit_of_the_settings_holds(
    most: float, charging_needs: JsonObject, limit: tuple[float, str]
) -> None:
    assert allowed(mock(charging_limit=most), charging_needs) == limit


def test_the_charging_limit_of_the_stations_profile_holds() -> None:
    csms = mock(charging_limit=20, stations={"CS1": {"charging_limit": 8}})
    assert allowed(csms, ac(32)) == (8, "A")


@pytest.mark.parametrize("evse_id", [None, 0, 1])
def test_the_stations_own_limit_holds(csms: Csms, station: Station, evse_id: int | None) -> None:
    """K12: it is for all of the station where it names no EVSE, or 0."""
    limited(station, "EMS", 9.5, evse_id=evse_id)
    assert allowed(csms, ac(32)) == (9.5, "A")


def test_the_stations_own_limit_in_watts_holds_for_dc(csms: Csms, station: Station) -> None:
    limited(station, "SO", 5_000, unit="W")
    assert allowed(csms, dc(100, 400)) == (5_000, "W")


@pytest.mark.parametrize(
    ("unit", "evse_id", "limits"),
    [
        case("of another EVSE", "A", 2, [5]),
        case("in another unit", "W", 1, [5]),
        case("above the EV's", "A", 1, [40]),
        case("without numbers", "A", 1, []),
    ],
)
def test_the_stations_own_limit_does_not_matter(
    csms: Csms, station: Station, unit: str, evse_id: int, limits: list[float]
) -> None:
    limited(station, "EMS", *limits, unit=unit, evse_id=evse_id)
    assert allowed(csms, ac(32)) == (32, "A")


def test_the_lowest_of_all_limits_holds(station: Station, csms: Csms) -> None:
    limited(station, "EMS", 25, 14, 20)
    limited(station, "SO", 18)
    assert allowed(csms, ac(32)) == (14, "A")


def test_a_limit_that_was_cleared_holds_no_more(csms: Csms, station: Station) -> None:
    limited(station, "EMS", 9)
    learn_from_message(station, call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}))
    assert allowed(csms, ac(32)) == (32, "A")


# Profiles that must not meet on one level


def test_a_default_profile_is_replaced_by_the_next_one(csms: Csms, station: Station) -> None:
    """K01.FR.06."""
    needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}

    first, second = (valid(duties.after_needs(csms, station, needs))[0][1] for _ in range(2))

    assert first["chargingProfile"]["id"] == second["chargingProfile"]["id"]


def test_two_negotiations_before_an_answer_are_about_one_profile(csms: Csms, station: Station) -> None:
    """K01.FR.39."""
    charge(station)
    needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_three_phase"}}

    first, second = (valid(duties.after_needs(csms, station, needs))[0][1] for _ in range(2))

    assert first["chargingProfile"]["id"] == second["chargingProfile"]["id"]


def test_each_evse_has_its_own_limit_of_a_source(csms: Csms, station: Station) -> None:
    for evse_id, limit in ((1, 10), (2, 20)):
        schedule = {
            "id": evse_id,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        }
        limit_of_evse = {"chargingLimit": {"chargingLimitSource": "EMS"}, "chargingSchedule": [schedule]}
        learn_from_message(station, call("NotifyChargingLimit", {**limit_of_evse, "evseId": evse_id}))
    needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_three_phase"}}

    assert duties.limit_of(station, needs, None) == (10.0, "A")
