"""The shared state of a mock: stations and sessions, ids, clock, certificates, prices, station settings."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from cryptography import x509

from mock_csms.behaviour.rule_sets import MAX_COUNTED_STATIONS
from mock_csms.behaviour.rulebook import MAX_RULE_SETS
from mock_csms.behaviour.rules import Rule
from mock_csms.behaviour.tokens import Token
from mock_csms.csms import Csms
from mock_csms.messages import Call, JsonObject
from mock_csms.ocppj.session import Session
from mock_csms.settings import Profile, Settings
from mock_csms.settings.effective import MAX_PATTERN_SETS
from mock_csms.stations.known import MAX_DISCONNECTED
from mock_csms.stations.memory import ConnectedStates
from mock_csms.stations.station import STATION_BYTES, Station
from mock_csms.stations.transactions import Transaction
from mock_csms.text import timestamp
from mock_csms.v201.version import OCPP_2_0_1
from server import VERSIONS
from tests.support.payloads import content


class CountingSession(Session):
    """A session that counts how often it is superseded and configured."""

    version = OCPP_2_0_1

    def __init__(self, identity: str = "CS001") -> None:
        self.station = Station(identity)
        self.times_superseded = 0
        self.times_refreshed = -1  # `Csms.connect` configures the session once

    def configure(self, *_: object) -> None:
        self.times_refreshed += 1

    def supersede(self) -> None:
        self.times_superseded += 1


@pytest.fixture
def csms() -> Csms:
    return Csms(Settings(), VERSIONS)


def transaction_of(kwh: float) -> Transaction:
    """A transaction whose meter values show that this energy was delivered."""
    transaction = Transaction("T1")
    readings = [
        {"timestamp": f"2024-01-01T1{hour}:00:00Z", "sampledValue": [{"value": wh}]}
        for hour, wh in enumerate((0, kwh * 1000))
    ]
    transaction.meter.read(content("TransactionEvent", {"meterValue": readings}).meterValue)
    return transaction


# Stations and their sessions


def test_station_keeps_its_state_under_its_identity(csms: Csms) -> None:
    csms.station("CS001").boots = 1

    assert csms.station("CS001").boots == 1


def test_identities_are_case_sensitive(csms: Csms) -> None:
    csms.station("CS001").boots = 1

    assert csms.station("cs001").boots == 0


def test_new_session_supersedes_the_previous_one(csms: Csms) -> None:
    """OCPP-J 5.3: a new connection replaces a half-open one."""
    old, new = CountingSession(), CountingSession()
    csms.connect(old)

    csms.connect(new)

    assert csms.sessions == {"CS001": new}
    assert (old.times_superseded, new.times_superseded) == (1, 0)


def test_end_of_a_superseded_session_keeps_the_new_one(csms: Csms) -> None:
    old, new = CountingSession(), CountingSession()
    csms.connect(old)
    csms.connect(new)

    csms.disconnect(old)

    assert csms.sessions == {"CS001": new}


def test_disconnect_removes_the_session(csms: Csms) -> None:
    csms.station("CS001")
    session = CountingSession()
    csms.connect(session)

    csms.disconnect(session)

    assert csms.sessions == {}


def test_end_of_an_unknown_session_changes_nothing(csms: Csms) -> None:
    session = CountingSession()
    csms.connect(session)

    csms.disconnect(CountingSession("CS002"))

    assert csms.sessions == {"CS001": session}


def test_session_of_another_station_supersedes_nothing(csms: Csms) -> None:
    """OCPP-J 6: a Local Controller connects several stations from one address."""
    first, second = CountingSession(), CountingSession("CS002")

    csms.connect(first)
    csms.connect(second)

    assert (first.times_superseded, second.times_superseded) == (0, 0)


def test_state_of_a_station_outlives_its_session(csms: Csms) -> None:
    csms.station("CS001").register("Accepted")
    session = CountingSession()
    csms.connect(session)

    csms.disconnect(session)

    assert csms.station("CS001").registration == "Accepted"


def test_station_that_sent_nothing_is_removed_with_its_session(csms: Csms) -> None:
    csms.station("CS001")
    csms.station("CS002")
    session = CountingSession()
    csms.connect(session)

    csms.disconnect(session)

    assert set(csms.stations) == {"CS002"}


def test_silent_station_is_kept_while_its_new_session_lasts(csms: Csms) -> None:
    csms.station("CS001")
    old, new = CountingSession(), CountingSession()
    csms.connect(old)
    csms.connect(new)

    csms.disconnect(old)

    assert set(csms.stations) == {"CS001"}


# Ids, clock and certificates


def test_ids_are_unique(csms: Csms) -> None:
    ids = list(islice(csms.ids, 100))

    assert len(set(ids)) == 100


def test_ids_of_two_mocks_are_independent() -> None:
    first, second = Csms(Settings(), VERSIONS), Csms(Settings(), VERSIONS)
    next(first.ids)

    assert next(first.ids) > next(second.ids)


def test_now_has_milliseconds_and_z(csms: Csms) -> None:
    """RFC 3339: a currentTime without a zone is invalid."""
    now = csms.now()

    assert len(now) == len("2024-01-01T12:00:00.000Z")
    assert now.endswith("Z")
    assert abs(datetime.fromisoformat(now) - datetime.now(UTC)) < timedelta(seconds=10)


def test_now_advances(csms: Csms) -> None:
    start = datetime.fromisoformat(csms.now())

    while (now := datetime.fromisoformat(csms.now())) == start:
        assert datetime.now(UTC) - start < timedelta(seconds=10)

    assert now > start


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00.000Z", id="whole second"),
        pytest.param(
            datetime(2024, 1, 1, microsecond=7_999, tzinfo=UTC),
            "2024-01-01T00:00:00.007Z",
            id="truncated to milliseconds",
        ),
    ],
)
def test_timestamp_has_milliseconds_and_z(moment: datetime, text: str) -> None:
    assert timestamp(moment) == text


def test_root_certificate_is_made_once(csms: Csms) -> None:
    first = x509.load_pem_x509_certificate(csms.authority.root_pem.encode())

    assert x509.load_pem_x509_certificate(csms.authority.root_pem.encode()) == first


# Prices


@pytest.mark.parametrize(
    ("settings", "cost"),
    [
        pytest.param(Settings(), 2.5, id="default price"),
        pytest.param(Settings(cost_per_kwh=0.4), 4.0, id="price of a kWh"),
        pytest.param(Settings(cost_per_kwh=0), 0.0, id="free"),
        pytest.param(Settings(total_cost=12.5), 12.5, id="fixed price"),
        pytest.param(Settings(total_cost=0), 0.0, id="fixed price of nothing"),
        pytest.param(Settings(total_cost=12.5, cost_per_kwh=0.4), 12.5, id="fixed price wins"),
    ],
)
def test_cost_of_ten_kwh(settings: Settings, cost: float) -> None:
    assert settings.cost_of(transaction_of(10)) == cost


def test_fixed_price_applies_to_an_empty_transaction() -> None:
    assert Settings(total_cost=12.5).cost_of(Transaction("T1")) == 12.5


def test_reset_reverts_the_profile_of_a_station_that_never_connected() -> None:
    csms = Csms(Settings(), VERSIONS)
    csms.change_profile("CS1", {"heartbeat_interval": 7})
    csms.reset(["CS1"])
    assert csms.profile("CS1").heartbeat_interval == Settings().heartbeat_interval


# Profiles


def test_stations_that_match_the_same_patterns_share_a_profile() -> None:
    csms = Csms(Settings(stations={"CS*": Profile(tokens={"BADTAG": Token(status="Blocked")})}), VERSIONS)

    assert csms.profile("CS1") is csms.profile("CS2")
    assert csms.profile("CS1").token_book is csms.profile("CS2").token_book
    assert csms.profile("OTHER") is not csms.profile("CS1")


def test_changed_station_has_its_own_profile() -> None:
    csms = Csms(Settings(tokens={"BADTAG": Token(status="Blocked")}), VERSIONS)
    csms.change_profile("CS1", {"heartbeat_interval": 7})

    assert csms.profile("CS1").heartbeat_interval == 7
    assert csms.profile("CS2").heartbeat_interval == 300
    assert csms.profile("CS1").token_book == csms.profile("CS2").token_book


@pytest.mark.parametrize("changes", [{}, {"heartbeat_interval": 7}], ids=["shared profile", "own profile"])
def test_changed_token_takes_effect_at_once(changes: JsonObject) -> None:
    csms = Csms(Settings(tokens={"BADTAG": Token(status="Blocked")}), VERSIONS)
    csms.change_profile("CS1", changes)
    id_token = {"idToken": "badtag", "type": "ISO14443"}
    assert csms.profile("CS1").token_book.find(id_token).status == "Blocked"

    csms.change_token("BADTAG", Token(status="NoCredit"))
    assert csms.profile("CS1").token_book.find(id_token).status == "NoCredit"

    csms.change_token("BADTAG", None)
    assert csms.profile("CS1").token_book.find(id_token).status == "Accepted"


# Limits on the stations that are not connected


def test_longest_disconnected_stations_are_forgotten(monkeypatch: pytest.MonkeyPatch, csms: Csms) -> None:
    monkeypatch.setattr("mock_csms.stations.known.MAX_DISCONNECTED", 2)
    for number in range(4):
        csms.station(f"CS{number}").boots = 1

    assert list(csms.stations) == ["CS2", "CS3"]


def test_disconnected_stations_are_forgotten_past_their_bytes(
    monkeypatch: pytest.MonkeyPatch, csms: Csms
) -> None:
    monkeypatch.setattr("mock_csms.stations.known.MAX_DISCONNECTED_BYTES", 3 * STATION_BYTES)
    for number in range(5):
        csms.station(f"CS{number}").boots = 1

    assert list(csms.stations) == ["CS2", "CS3", "CS4"]


def test_connected_station_is_never_forgotten(monkeypatch: pytest.MonkeyPatch, csms: Csms) -> None:
    monkeypatch.setattr("mock_csms.stations.known.MAX_DISCONNECTED", 1)
    csms.connect(CountingSession("CS001"))
    csms.station("CS001").boots = 1
    for number in range(3):
        csms.station(f"X{number}").boots = 1

    assert set(csms.stations) == {"CS001", "X2"}


def test_largest_state_is_trimmed_when_connected_stations_take_too_much(
    monkeypatch: pytest.MonkeyPatch, csms: Csms, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("mock_csms.stations.memory.MAX_CONNECTED_BYTES", 1_000_000)
    for number, reported in enumerate([100, 5_000, 100]):
        csms.connect(CountingSession(f"CS{number}"))
        csms.station(f"CS{number}").boots = 1
        for variable in range(reported):
            csms.stations[f"CS{number}"].device_model.set({"name": "C"}, {"name": f"V{variable}"}, "1")

    csms.limit_memory()

    sizes = [len(csms.stations[f"CS{number}"].device_model) for number in range(3)]
    assert (sizes, csms.stations["CS1"].boots) == ([100, 0, 100], 1)
    [line] = [record.getMessage() for record in caplog.records if "dropped" in record.getMessage()]
    assert line.startswith("CS1  its reports and lists (2.0 MiB) are dropped")

    csms.limit_memory()
    assert len(caplog.records) == 1


def test_stations_are_measured_in_turn(monkeypatch: pytest.MonkeyPatch, csms: Csms) -> None:
    monkeypatch.setattr("mock_csms.stations.memory.MIN_MEASURED", 1)
    states = ConnectedStates()
    for number in range(3):
        csms.station(f"CS{number}")
        states.add(f"CS{number}")

    sizes = [states.size]
    for _ in range(4):
        assert list(states.measure(csms.stations)) == []
        sizes.append(states.size)
    states.remove("CS1")

    assert sizes == [number * STATION_BYTES for number in (0, 1, 2, 3, 3)]
    assert states.size == 2 * STATION_BYTES


def test_trimmed_station_keeps_its_running_transactions_and_reservations() -> None:
    running, ended = Transaction("T1"), Transaction("T2", ended=True)
    station = Station("CS1", transactions={"T1": running, "T2": ended})
    station.reservations[1] = {"id": 1}
    station.monitors[1] = {"id": 1}

    station.trim()

    assert station.transactions == {"T1": running}
    assert (len(station.reservations), len(station.monitors)) == (1, 0)


def test_many_identities_leave_bounded_caches(csms: Csms) -> None:
    csms.rulebook.add(Rule.model_validate({"when": {"action": "Heartbeat"}, "set": "x"}))
    heartbeats = csms.rulebook.about("CS1")["Heartbeat"]
    for number in range(MAX_COUNTED_STATIONS + 1_000):
        heartbeats.hit(f"CS{number}", Call.of_json("Heartbeat", {}), "")
        csms.profile(f"CS{number}")

    assert len(csms.rulebook.entries[0].uses) == MAX_COUNTED_STATIONS
    assert len(csms.profiles._cached) == 0


def test_many_combinations_of_patterns_leave_bounded_caches(csms: Csms) -> None:
    csms.apply(Settings.model_validate({"stations": {f"*{letter}*": {} for letter in "abcdefghijkl"}}))
    for letter in "abcdefghijkl":
        csms.rulebook.add(
            Rule.model_validate({"when": {"station": f"*{letter}*", "action": "Heartbeat"}, "set": "x"})
        )
    for number in range(2**12):
        identity = "".join(letter for bit, letter in enumerate("abcdefghijkl") if number >> bit & 1)
        csms.profile(identity)
        csms.rulebook.about(identity)

    assert len(csms.profiles._by_patterns) <= MAX_PATTERN_SETS
    assert len(csms.rulebook._rule_sets) <= MAX_RULE_SETS


def test_many_silent_stations_leave_nothing(csms: Csms) -> None:
    for number in range(20_000):
        csms.station(f"CS{number}")

    assert len(csms.stations) == MAX_DISCONNECTED


# Rules of changed profiles


def test_unchanged_fault_of_a_profile_keeps_its_rule() -> None:
    csms = Csms(Settings(), VERSIONS)
    first, second, third = (f"Heartbeat:no-answer:nth={number}" for number in (1, 2, 3))
    csms.change_profile("CS1", {"faults": [first, second]})
    csms.change_profile("CS2", {"faults": [first]})
    kept = csms.rulebook.find(f"changed CS1: {second}")

    csms.change_profile("CS1", {"faults": [second, third]})

    assert csms.rulebook.find(f"changed CS1: {second}") is kept
    ids = {"changed CS1: " + second, "changed CS1: " + third, "changed CS2: " + first}
    assert {rule.id for rule in csms.rulebook} == ids
    csms.reset(["CS1"])
    assert {rule.id for rule in csms.rulebook} == {"changed CS2: " + first}
    csms.reset()
    assert list(csms.rulebook) == []
