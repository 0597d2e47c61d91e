from random import Random

from mock_csms.simulator.core import Setup
from mock_csms.simulator.drivers import Act, Drivers, Planner, Tokens
from mock_csms.simulator.station import SimulatedStation
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.virtual_station import VirtualHost

SETUP = Setup(identity="CS001", url="ws://127.0.0.1:9000", connectors=2)
TOKENS = Tokens.of("CS001")


def station_on(host: VirtualHost) -> SimulatedStation:
    return SimulatedStation(SETUP, host, Random(7), OCPP_2_0_1)


def visits(seed: int = 7, number: int = 300) -> list[list[Act]]:
    planner = Planner(Random(seed), TOKENS, station_on(VirtualHost()), 1)
    return [planner.visit() for _ in range(number)]


def verbs(visit: list[Act]) -> list[str]:
    return [act.step.verb.name for act in visit]


def tokens(visit: list[Act]) -> list[str]:
    return [act.step.arguments["token"] for act in visit if act.step.verb.name == "present"]


def test_same_seed_plans_the_same_visits() -> None:
    assert visits(7) == visits(7)
    assert visits(7) != visits(8)


def test_every_visit_ends_with_unplugging_and_leaving() -> None:
    assert all(verbs(visit)[-2:] == ["unplug", "leave"] for visit in visits())


def test_token_comes_before_or_after_the_cable() -> None:
    first = {next(name for name in verbs(visit) if name in {"plug-in", "present"}) for visit in visits()}

    assert first == {"plug-in", "present"}


def test_visits_show_every_way_to_stop() -> None:
    stops = {tuple(tokens(visit)[1:]) for visit in visits()}

    assert () in stops
    assert any(stop[:1] == (TOKENS.companion,) and len(stop) == 2 for stop in stops)
    assert any(stop in {(token,) for token in TOKENS.own} for stop in stops)


def test_visits_have_strangers_pauses_and_iso_15118() -> None:
    planned = visits()

    assert any(tokens(visit) == [TOKENS.stranger] for visit in planned)
    assert any("pause" in verbs(visit) for visit in planned)
    assert any(act.step.arguments.get("iso15118") for visit in planned for act in visit)


def test_awaited_driver_presents_no_token_to_start() -> None:
    planner = Planner(Random(7), TOKENS, station_on(VirtualHost()), 1)

    assert all(act.is_stop for act in planner.visit(is_awaited=True) if act.step.verb.name == "present")


def test_stations_have_tokens_of_their_own() -> None:
    assert not set(Tokens.of("CS002").own) & set(TOKENS.own)
    assert all(len(token) == 8 for token in TOKENS.own)


def test_drivers_come_again_and_again() -> None:
    host = VirtualHost()
    reported: list[str] = []
    Drivers(station_on(host), 1, Random(7), reported.append).start()
    host.advance(3600)

    assert sum(line.startswith("unplug") for line in reported) > 3


def test_awaited_driver_comes_when_the_connector_is_repaired() -> None:
    host = VirtualHost()
    reported: list[str] = []
    station = station_on(host)
    station.charging.session(1).is_authorized = True
    station.charging.fault(1)
    Drivers(station, 1, Random(7), reported.append).start()
    host.advance(3600)
    assert not reported

    station.charging.fault(1, is_faulted=False)
    host.advance(30)

    assert reported[0].startswith("plug-in")
