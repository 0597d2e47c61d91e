"""The running mock: the stations it knows, their connections, its clock and its prices."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from cryptography import x509

from mock_csms.behaviour.tokens import Token
from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.ocppj.session import Session
from mock_csms.settings import Profile, Settings
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import Transaction
from mock_csms.text import timestamp
from mock_csms.v201.version import OCPP_2_0_1
from server import VERSIONS
from tests.support.payloads import content


class Visit(Session):
    """A session that counts how often it has to give way and is configured."""

    version = OCPP_2_0_1

    def __init__(self, identity: str = "CS001") -> None:
        self.station = Station(identity)
        self.replaced = 0
        self.refreshed = -1  # the first time is when it is connected

    def configure(self, *_: object) -> None:
        self.refreshed += 1

    def supersede(self) -> None:
        self.replaced += 1


@pytest.fixture
def csms() -> Csms:
    return Csms(Settings(), VERSIONS)


def charged(kwh: float) -> Transaction:
    """A transaction in which so much energy was taken."""
    transaction = Transaction("T1")
    readings = [
        {"timestamp": f"2024-01-01T1{hour}:00:00Z", "sampledValue": [{"value": wh}]}
        for hour, wh in enumerate((0, kwh * 1000))
    ]
    transaction.meter.read(content("TransactionEvent", {"meterValue": readings}).meterValue)
    return transaction


# Stations and their connections


def test_a_station_is_known_by_its_identity_for_as_long_as_the_mock_runs(csms: Csms) -> None:
    csms.station("CS001").boots = 1

    assert csms.station("CS001").boots == 1


def test_stations_of_different_identities_are_different(csms: Csms) -> None:
    csms.station("CS001").boots = 1

    assert csms.station("cs001").boots == 0


def test_a_station_that_comes_back_takes_over_from_its_old_connection(csms: Csms) -> None:
    """OCPP-J 5.3: a half-open connection gives way to a new one."""
    old, new = Visit(), Visit()
    csms.connect(old)

    csms.connect(new)

    assert csms.sessions == {"CS001": new}
    assert (old.replaced, new.replaced) == (1, 0)


def test_the_end_of_a_replaced_connection_leaves_the_new_one(csms: Csms) -> None:
    old, new = Visit(), Visit()
    csms.connect(old)
    csms.connect(new)

    csms.disconnect(old)

    assert csms.sessions == {"CS001": new}


def test_the_end_of_a_connection_is_noted(csms: Csms) -> None:
    csms.station("CS001")
    session = Visit()
    csms.connect(session)

    csms.disconnect(session)

    assert csms.sessions == {}


def test_the_end_of_a_connection_that_nobody_knows_changes_nothing(csms: Csms) -> None:
    session = Visit()
    csms.connect(session)

    csms.disconnect(Visit("CS002"))

    assert csms.sessions == {"CS001": session}


def test_connections_of_different_stations_leave_each_other_alone(csms: Csms) -> None:
    """OCPP-J 6: a Local Controller brings several stations from one address."""
    first, second = Visit(), Visit("CS002")

    csms.connect(first)
    csms.connect(second)

    assert (first.replaced, second.replaced) == (0, 0)


def test_what_is_known_of_a_station_outlives_its_connection(csms: Csms) -> None:
    csms.station("CS001").register("Accepted")
    session = Visit()
    csms.connect(session)

    csms.disconnect(session)

    assert csms.station("CS001").registration == "Accepted"


def test_a_station_that_never_said_anything_is_forgotten_with_its_connection(csms: Csms) -> None:
    csms.station("CS001")
    csms.station("CS002")
    session = Visit()
    csms.connect(session)

    csms.disconnect(session)

    assert set(csms.stations) == {"CS002"}


def test_a_silent_station_is_not_forgotten_while_its_new_connection_lives(csms: Csms) -> None:
    csms.station("CS001")
    old, new = Visit(), Visit()
    csms.connect(old)
    csms.connect(new)

    csms.disconnect(old)

    assert set(csms.stations) == {"CS001"}


# Ids, clock and certificates


def test_an_id_is_used_once(csms: Csms) -> None:
    ids = list(islice(csms.ids, 100))

    assert len(set(ids)) == 100


def test_two_mocks_count_their_ids_apart() -> None:
    first, second = Csms(Settings(), VERSIONS), Csms(Settings(), VERSIONS)
    next(first.ids)

    assert next(first.ids) > next(second.ids)


def test_the_time_has_milliseconds_and_z(csms: Csms) -> None:
    """RFC 3339; a currentTime without a zone is one of the traps."""
    now = csms.now()

    assert len(now) == len("2024-01-01T12:00:00.000Z")
    assert now.endswith("Z")
    assert abs(datetime.fromisoformat(now) - datetime.now(UTC)) < timedelta(seconds=10)


def test_the_time_goes_on(csms: Csms) -> None:
    began = datetime.fromisoformat(csms.now())

    while (now := datetime.fromisoformat(csms.now())) == began:
        assert datetime.now(UTC) - began < timedelta(seconds=10)

    assert now > began


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        pytest.param(datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00.000Z", id="whole second"),
        pytest.param(
            datetime(2024, 1, 1, microsecond=7_999, tzinfo=UTC), "2024-01-01T00:00:00.007Z", id="cut"
        ),
    ],
)
def test_a_moment_is_written_with_milliseconds_and_z(moment: datetime, written: str) -> None:
    assert timestamp(moment) == written


def test_the_root_certificate_stays_the_same_while_the_mock_runs(csms: Csms) -> None:
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
def test_ten_kwh_cost(settings: Settings, cost: float) -> None:
    assert settings.cost_of(charged(10)) == cost


def test_the_fixed_price_is_that_of_an_empty_transaction_too() -> None:
    assert Settings(total_cost=12.5).cost_of(Transaction("T1")) == 12.5


def test_a_reset_takes_back_the_profile_of_a_station_that_never_connected() -> None:
    csms = Csms(Settings(), VERSIONS)
    csms.change_profile("CS1", {"heartbeat_interval": 7})
    csms.reset("CS1")
    assert csms.profile("CS1").heartbeat_interval == Settings().heartbeat_interval


# Profiles


def test_stations_that_match_the_same_profiles_share_one_with_its_book_of_tokens() -> None:
    csms = Csms(Settings(stations={"CS*": Profile(tokens={"BADTAG": Token(status="Blocked")})}), VERSIONS)

    assert csms.profile("CS1") is csms.profile("CS2")
    assert csms.profile("CS1").token_book is csms.profile("CS2").token_book
    assert csms.profile("OTHER") is not csms.profile("CS1")


def test_a_station_that_was_changed_has_a_profile_of_its_own() -> None:
    csms = Csms(Settings(tokens={"BADTAG": Token(status="Blocked")}), VERSIONS)
    csms.change_profile("CS1", {"heartbeat_interval": 7})

    assert csms.profile("CS1").heartbeat_interval == 7
    assert csms.profile("CS2").heartbeat_interval == 300
    assert csms.profile("CS1").token_book == csms.profile("CS2").token_book


@pytest.mark.parametrize("changes", [{}, {"heartbeat_interval": 7}])
def test_a_token_that_is_put_into_the_book_is_found_at_once(changes: JsonObject) -> None:
    csms = Csms(Settings(tokens={"BADTAG": Token(status="Blocked")}), VERSIONS)
    csms.change_profile("CS1", changes)
    presented = {"idToken": "badtag", "type": "ISO14443"}
    assert csms.profile("CS1").token_book.find(presented).status == "Blocked"

    csms.change_token("BADTAG", Token(status="NoCredit"))
    assert csms.profile("CS1").token_book.find(presented).status == "NoCredit"

    csms.change_token("BADTAG", None)
    assert csms.profile("CS1").token_book.find(presented).status == "Accepted"
