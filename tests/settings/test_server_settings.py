"""Settings for one station: profiles by identity and glob, and the rules of all sources."""

from typing import Any

import pytest

from mock_csms.behaviour.tokens import Token
from mock_csms.settings import Profile, Settings
from mock_csms.settings.check import check
from mock_csms.settings.server_settings import MAX_GLOBS
from server import OCPP_VERSIONS
from tests.support.settings import ErrorOf, Read, settings_of


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


# Profiles


INTERVALS = """
heartbeat_interval = 1
{tables}
"""


def interval(read: Read, identity: str, **profiles: int) -> int:
    tables = "\n".join(
        f"[stations.'{pattern}']\nheartbeat_interval = {value}" for pattern, value in profiles.items()
    )
    return read(INTERVALS.format(tables=tables)).profile(identity).heartbeat_interval


@pytest.mark.parametrize(
    ("identity", "profiles", "expected"),
    [
        case("no profile", "CS1", {}, 1),
        case("no matching profile", "CS1", {"CS2": 2, "X*": 3}, 1),
        case("exact", "CS1", {"CS1": 2}, 2),
        case("glob", "CS1", {"CS*": 2}, 2),
        case("question mark", "CS1", {"CS?": 2}, 2),
        case("set of characters", "CS1", {"CS[123]": 2}, 2),
        case("exact over glob", "CS1", {"CS1": 2, "CS*": 3}, 2),
        case("exact over earlier glob", "CS1", {"CS*": 3, "CS1": 2}, 2),
        case("exact over a glob with more characters", "CS1", {"CS1": 2, "CS[0-9]*": 3}, 2),
        case("longer glob over shorter", "CS1", {"CS*": 2, "C*": 3}, 2),
        case("longer glob over earlier shorter one", "CS1", {"C*": 3, "CS*": 2}, 2),
        case("longer only by wildcards", "CS1", {"C**": 2, "CS*": 3}, 3),
        case("the later of equals", "CS1", {"CS*": 2, "*S1": 3}, 3),
        case("glob in another case", "cs1", {"CS*": 3}, 3),
        case("part of the identity", "CS12", {"CS1": 2}, 1),
    ],
)
def test_most_specific_profile_wins(
    read: Read, identity: str, profiles: dict[str, int], expected: int
) -> None:
    assert interval(read, identity, **profiles) == expected


def test_profiles_are_merged_key_by_key(read: Read) -> None:
    profile = read("""
        boot_status = "Rejected"
        heartbeat_interval = 1
        boot_retry_interval = 1
        cost_per_kwh = 1
        [stations.CS1]
        heartbeat_interval = 4
        [stations."CS*"]
        heartbeat_interval = 3
        boot_retry_interval = 3
        [stations."*"]
        heartbeat_interval = 2
        boot_retry_interval = 2
        cost_per_kwh = 2
    """).profile("CS1")

    assert profile.boot_status == "Rejected"
    assert (profile.heartbeat_interval, profile.boot_retry_interval, profile.cost_per_kwh) == (4, 3, 2)


def test_default_value_in_profile_overrides(read: Read) -> None:
    settings = read("heartbeat_interval = 1\n[stations.CS1]\nheartbeat_interval = 300")

    assert settings.profile("CS1").heartbeat_interval == 300


def test_empty_list_in_profile_overrides(read: Read) -> None:
    settings = read("boot_status_sequence = ['Pending']\n[stations.CS1]\nboot_status_sequence = []")

    assert settings.profile("CS1").boot_status_sequence == ()


def test_false_in_profile_removes_seconds(read: Read) -> None:
    settings = read("cost_updates = 30\n[stations.CS1]\ncost_updates = false")

    assert (settings.profile("CS1").cost_updates, settings.profile("CS2").cost_updates) == (None, 30)


def test_profile_wins_over_flag(read: Read) -> None:
    settings = read("[stations.CS1]\nheartbeat_interval = 2", "--heartbeat-interval 1")

    assert settings.profile("CS1").heartbeat_interval == 2
    assert settings.profile("CS2").heartbeat_interval == 1


def test_tokens_of_profiles_are_merged(read: Read) -> None:
    profile = read("""
        [tokens.ALL]
        [tokens.GLOB]
        [tokens.ONE]
        [stations."CS*".tokens.GLOB]
        status = "Blocked"
        [stations."CS*".tokens.ONE]
        status = "Blocked"
        [stations.CS1.tokens.ONE]
        status = "Expired"
        [stations.CS1.tokens.OWN]
        status = "Invalid"
    """).profile("CS1")

    statuses = {name: token.status for name, token in profile.tokens.items()}
    assert statuses == {"ALL": "Accepted", "GLOB": "Blocked", "ONE": "Expired", "OWN": "Invalid"}


def test_token_in_profile_replaces_whole_token(read: Read) -> None:
    settings = read("[tokens.A]\nlanguage = 'en'\n[stations.CS1.tokens.A]\nstatus = 'Blocked'")

    assert settings.profile("CS1").tokens["A"] == Token(status="Blocked")


def test_token_in_profile_replaces_token_in_other_case(read: Read) -> None:
    settings = read("[tokens.Card]\nlanguage = 'en'\n[stations.CS1.tokens.CARD]\nstatus = 'Blocked'")

    assert list(settings.profile("CS1").tokens) == ["CARD"]


def test_token_in_profile_is_unknown_to_other_stations(read: Read) -> None:
    settings = read("[tokens.A]\n[stations.CS1.tokens.B]\nstatus = 'Blocked'")

    assert list(settings.profile("CS2").tokens) == ["A"]


def test_profile_removes_inherited_command() -> None:
    settings = Settings.model_validate(
        {"command": "Reset", "delay": 1, "stations": {"CS1": {"command": "", "commands": "ClearCache:0"}}}
    )

    assert [str(step) for step in settings.profile("CS1").steps] == ["ClearCache:0"]


# Rules


def test_all_rules_are_those_of_file_then_profiles_then_flags(read: Read) -> None:
    settings = read("""
        faults = ["Heartbeat:reset", "Authorize:reset"]
        [stations."CS*"]
        faults = ["Heartbeat:delay=1", "Heartbeat:delay=2"]
        [stations.CS1]
        faults = ["MeterValues:stall"]
        [[rules]]
        set = "a"
        [[rules]]
        id = "mine"
        set = "b"
        [[rules]]
        set = "c"
    """)

    assert [rule.id for rule in settings.all_rules()] == [
        "rule-1",
        "mine",
        "rule-3",
        "CS*: Heartbeat:delay=1",
        "CS*: Heartbeat:delay=2",
        "CS1: MeterValues:stall",
        "Heartbeat:reset",
        "Authorize:reset",
    ]


def test_fault_in_profile_is_limited_to_its_stations(read: Read) -> None:
    settings = read("[stations.'CS*']\nfaults = ['Heartbeat:reset']")

    assert [(rule.when.station, rule.when.action) for rule in settings.all_rules()] == [("CS*", "Heartbeat")]


def test_fault_of_flag_applies_to_every_station(read: Read) -> None:
    settings = read("", "--fault Heartbeat:reset --fault CS1/Heartbeat:reset")

    assert [rule.when.station for rule in settings.all_rules()] == ["*", "CS1"]


def test_faults_of_flags_replace_faults_of_file(read: Read) -> None:
    settings = read("faults = ['Heartbeat:reset']", "--fault Heartbeat:stall")

    assert [rule.id for rule in settings.all_rules()] == ["Heartbeat:stall"]


def test_all_rules_change_only_the_id(read: Read) -> None:
    settings = read("[[rules]]\nwhen = { action = 'Heartbeat' }\nthen = { fault = { kind = 'no-answer' } }\n")

    assert [rule.model_copy(update={"id": ""}) for rule in settings.all_rules()] == [*settings.rules]


def test_all_rules_without_rules_and_faults_is_empty(read: Read) -> None:
    assert list(read("[stations.CS1]\nboot_status = 'Pending'").all_rules()) == []


def test_duplicate_rule_id_is_rejected(error_in: ErrorOf) -> None:
    rule = "[[rules]]\nid = 'it'\nwhen = { action = 'Heartbeat' }\nthen = { fault = { kind = 'reset' } }\n"
    assert error_in(rule * 2) == "settings.toml: two rules have the id 'it'; give each its own id, or none"


# The plan for the log


@pytest.mark.parametrize(
    ("line", "words"),
    [
        case("no command", "", ["none"]),
        case("period", "-c Reset -p 5", ["Reset", "every 5 s", "every station"]),
        case("delay", "-c Reset -d 0", ["Reset", "after 0 s", "every station"]),
        case("both", "-c Reset -d 2.5 -p 5", ["Reset", "after 2.5 s", "every 5 s"]),
        case("sequence", "--commands Reset:5,ClearCache:0.5", ["Reset after 5 s", "ClearCache after 0.5 s"]),
        case("some stations", "-c Reset -p 5 --station 'CS0*'", ["CS0*"]),
    ],
)
def test_plan_in_words_names_commands_and_times(line: str, words: list[str]) -> None:
    plan = settings_of(line).plan_in_words()

    assert [word for word in words if word not in plan] == []


def test_station_origins_are_written_as_browsers_send_them() -> None:
    settings = Settings.model_validate({"station_origins": "HTTP://LocalHost:3000/ null"})
    assert settings.station_origins == ("http://localhost:3000", "null")


@pytest.mark.parametrize("origin", ["localhost", "localhost:3000", "http://", "http://a/b", "*"])
def test_station_origin_without_a_scheme_and_host_is_rejected(origin: str) -> None:
    with pytest.raises(ValueError, match="as in http://localhost:3000"):
        Settings.model_validate({"station_origins": [origin]})


def test_thousands_of_profiles_are_checked_in_linear_time() -> None:
    """Matching each `Profile` with every other would take minutes."""
    settings = Settings(stations={f"CS{number}": Profile(boot_status="Pending") for number in range(10_000)})

    assert check(settings, OCPP_VERSIONS) is None
    assert settings.matching("CS7") == ("CS7",)


@pytest.mark.parametrize(
    ("names", "matching"),
    [
        (["CS1", "CS*", "*"], ("*", "CS*", "CS1")),
        (["*1", "C*", "CS2"], ("*1", "C*")),
        (["CS*", "X*"], ("CS*",)),
    ],
)
def test_matching_profiles_are_listed_from_general_to_specific(
    names: list[str], matching: tuple[str, ...]
) -> None:
    assert Settings(stations={name: Profile() for name in names}).matching("CS1") == matching


def test_profiles_with_wildcards_are_limited() -> None:
    stations = {f"A*{number}*B": Profile() for number in range(MAX_GLOBS)}
    assert Settings(stations=stations).matching("A7B") == ("A*7*B",)

    with pytest.raises(ValueError, match=r"1001 names of \[stations\] have wildcards"):
        Settings(stations={**stations, "*": Profile()})


def test_plans_are_those_of_profiles_that_match_a_scheduling_one() -> None:
    reset = Profile(command="Reset", period=5)
    settings = Settings(
        stations={"A*": reset, "A1": Profile(), "A2": Profile(command="GetLog"), "B": Profile()}
    )

    plans = {name: (plan.command, plan.period) for name, plan in settings.plans.items()}

    assert plans == {"A*": ("Reset", 5), "A1": ("Reset", 5), "A2": ("GetLog", 5)}
