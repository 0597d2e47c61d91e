"""GetChargingProfiles whose report is not complete (K09)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.charging_profiles import TX_PROFILE
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.charging_profiles import AcceptedProfile, ChargingProfiles
from mock_csms.v201.findings.known import Known201

CSO: Final = "CSO"
_NOTHING_FOUND: Final = "NoProfiles"


@dataclass(slots=True)
class ProfileQuery:
    """A GetChargingProfiles, and the profiles in the parts of its report so far."""

    at: float
    frame: int
    evse_id: int | None
    criteria: JsonObject
    is_settled: bool = True
    """Whether no command that may change the profiles was sent after the query."""
    reported: set[int] = field(default_factory=set)
    """Ids of the profiles in the parts so far."""
    has_parts: bool = False

    @property
    def requirement(self) -> str:
        """Return the requirement about the profiles that match this query."""
        if self.evse_id is None:
            return "K09.FR.06"
        return "K09.FR.04" if self.evse_id else "K09.FR.05"

    def mismatch(self, evse_id: int, source: str, profile: JsonObject) -> str | None:
        """Return how a reported profile does not match the query; None if it matches."""
        if self.evse_id not in {None, evse_id}:
            return f"is on EVSE {evse_id}, not on EVSE {self.evse_id}"
        if source not in self.criteria.get("chargingLimitSource", [source]):
            return f"has the source {source}"
        if profile["id"] not in self.criteria.get("chargingProfileId", [profile["id"]]):
            return "has another id"
        for name in ("chargingProfilePurpose", "stackLevel"):
            if self.criteria.get(name, profile[name]) != profile[name]:
                return f"has the {name} {profile[name]}, not {self.criteria[name]}"
        return None

    def asks_for(self, number: int, profile: AcceptedProfile | None) -> bool:
        """Return whether the profile with the id `number`, set by the central system, certainly matches the
        query. `profile` is None if only the id is known.
        """
        if profile is None:
            return (
                self.evse_id is None
                and self.criteria.keys() == {"chargingProfileId"}
                and (number in self.criteria["chargingProfileId"])
            )
        as_json = {
            "id": number,
            "chargingProfilePurpose": profile.purpose,
            "stackLevel": profile.stack_level,
        }
        return self.mismatch(profile.evse_id, CSO, as_json) is None


class ProfileQueryResult(NamedTuple):
    """A query and the ids of all profiles that were reported."""

    query: ProfileQuery
    reported: frozenset[int]
    has_answered_none: bool
    """Whether the station has answered NoProfiles."""


class OpenQueries(BoundedDict[int, ProfileQuery]):
    """Queries by requestId."""

    __slots__ = ()
    limit = 10


class FinishedReports(BoundedDict[int, int]):
    """Hash of the last part of each complete report, by requestId."""

    __slots__ = ()
    limit = 20


class ProfileQueries(Facts):
    """Queries without the last part of their report, and the reports that are complete."""

    __slots__ = ("finished", "open")

    def __init__(self) -> None:
        self.open = OpenQueries()
        self.finished = FinishedReports()

    def asked(self, command: CommandCall) -> None:
        """Register a query. If another query with the same requestId is open, neither query is followed."""
        request = command.request
        number = request["requestId"]
        self.finished.pop(number, None)
        if self.open.pop(number, None) is None:
            criteria = request["chargingProfile"]
            self.open[number] = ProfileQuery(command.at, command.frame, request.get("evseId"), criteria)

    def add_part(self, part: JsonObject) -> None:
        """Register a part of a report."""
        number = part["requestId"]
        query = self.open.get(number)
        if query is None:
            return
        if not part.get("tbc", False):
            del self.open[number]
            self.finished[number] = part_hash(part)
        else:
            query.has_parts = True
            query.reported |= {profile["id"] for profile in part["chargingProfile"]}

    def unsettle(self) -> None:
        """Register a command that may change the profiles."""
        for query in self.open.values():
            query.is_settled = False

    def booted(self, reason: str) -> None:
        self.disconnected()

    def disconnected(self) -> None:
        self.open.clear()
        self.finished.clear()

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.report_charging_profiles}:
            self.disconnected()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.get_charging_profiles}:
            self.disconnected()


def part_hash(part: JsonObject) -> int:
    """Return a hash of a part of a report, by which a repeated part is recognized."""
    return hash(repr(part))


def result_of_report(call: StationCall, known: Known201) -> ProfileQueryResult | None:
    """Return the result of a query if this is the last part of its report; None otherwise, or if a command
    may have changed the profiles since the query.
    """
    query = known[ProfileQueries].open.get(call.payload["requestId"])
    if query is None or not query.is_settled or call.payload.get("tbc", False):
        return None
    ids = {profile["id"] for profile in call.payload["chargingProfile"]}
    return ProfileQueryResult(query, frozenset(query.reported | ids), has_answered_none=False)


def result_of_answer(command: AnsweredCommand, known: Known201) -> ProfileQueryResult | None:
    """Return the result of a query if the station answers that it has no matching profile; None otherwise, or
    if a command may have changed the profiles since the query.
    """
    query = known[ProfileQueries].open.get(command.request["requestId"])
    if query is None or not query.is_settled or command.answer["status"] != _NOTHING_FOUND:
        return None
    return ProfileQueryResult(query, frozenset(query.reported), has_answered_none=True)


def expected_profiles(known: Known201, query: ProfileQuery) -> Iterator[tuple[int, AcceptedProfile]]:
    """Yield the profiles that certainly match a query and are on the station."""
    for number, profile in known[ChargingProfiles].accepted.items():
        if (profile.is_kept or _has_transaction(profile, known)) and query.asks_for(number, profile):
            yield number, profile


def _has_transaction(profile: AcceptedProfile, known: Known201) -> bool:
    running = known.running.by_id.get(profile.transaction_id or "")
    return (
        profile.purpose == TX_PROFILE
        and not profile.ends
        and running is not None
        and not running.may_have_ended
    )


def _drop_lost(known: Known201, result: ProfileQueryResult | None) -> None:
    """Drop the profiles that a complete report should have but lacks, so that each is reported as lost only
    once.
    """
    if result is not None:
        for number, _ in list(expected_profiles(known, result.query)):
            if number not in result.reported:
                del known[ChargingProfiles].accepted[number]


@CHECKS.learn_sent(Action.get_charging_profiles)
def _learn_query(command: CommandCall, known: Known201) -> None:
    known[ProfileQueries].asked(command)


@CHECKS.learn_sent(
    Action.set_charging_profile,
    Action.clear_charging_profile,
    Action.request_start_transaction,
    Action.set_variables,
)
def _learn_change(_: CommandCall, known: Known201) -> None:
    if queries := known.find(ProfileQueries):
        queries.unsettle()


@CHECKS.learn_command(Action.get_charging_profiles)
def _learn_answer(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == _NOTHING_FOUND:
        _drop_lost(known, result_of_answer(command, known))
        known[ProfileQueries].open.pop(command.request["requestId"], None)


@CHECKS.learn_call(Action.report_charging_profiles)
def _learn_part(call: StationCall, known: Known201) -> None:
    _drop_lost(known, result_of_report(call, known))
    known[ProfileQueries].add_part(call.payload)
