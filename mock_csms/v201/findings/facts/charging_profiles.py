"""Charging profiles that are certainly on a station, or certainly not (K01, K02, K05, K10)."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.charging_profiles import (
    EXTERNAL_CONSTRAINTS,
    STATION_MAX_PROFILE,
    TX_DEFAULT_PROFILE,
    TX_PROFILE,
)
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, DAY_S, seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import MAY_HAVE_NEW_FIRMWARE, Known201

_KEPT: Final = frozenset({STATION_MAX_PROFILE, TX_DEFAULT_PROFILE})
"""Purposes of profiles that a station keeps until they are cleared or replaced (K01.FR.27)."""

type Fit = Literal["certain", "possible", "none"]


class AcceptedProfile(NamedTuple):
    """The profile that the station has accepted last under an id."""

    evse_id: int
    purpose: str
    stack_level: int
    frame: int
    content: int = 0
    """Hash of the parts of the profile that a report must repeat."""
    replaced: int | None = None
    """Hash of the earlier accepted profile with the same id; None if there is no earlier profile, or if its
    contents are the same.
    """
    transaction_id: str | None = None
    is_from_start: bool = False
    """Whether the profile came with a RequestStartTransaction."""
    has_validity: bool = False
    ends: bool = False
    """Whether the profile ends by itself, because it has a validTo or a duration."""
    flat_limit: tuple[str, float] | None = None
    """Unit and limit of a profile that has one limit at all times; None for other profiles."""
    is_from_before_boot: bool = False
    """Whether the station has restarted, and has not reported the profile since."""

    @property
    def is_kept(self) -> bool:
        """Return whether the profile stays until it is cleared or replaced."""
        return self.purpose in _KEPT and not self.ends


class GoneProfile(NamedTuple):
    """A profile that the station must not have any more."""

    at: float
    frame: int
    requirement: str
    profile: AcceptedProfile | None
    """The profile as it was accepted; None if the central system did not know it."""


class AcceptedProfiles(BoundedDict[int, AcceptedProfile]):
    """Accepted profiles, by id."""

    __slots__ = ()
    limit = 100


class GoneProfiles(BoundedDict[int, GoneProfile]):
    """Profiles that are gone, by id."""

    __slots__ = ()
    limit = 50


class ExternalProfiles(BoundedDict[int, int]):
    """Frame numbers of the reports of external limits, by the id of the reported profile."""

    __slots__ = ()
    limit = 20


class StartProfiles(BoundedDict[int, tuple[JsonObject, int]]):
    """Profiles of accepted remote starts and the frame numbers of the answers, by remoteStartId."""

    __slots__ = ()
    limit = 5


class ChargingProfiles(Facts):
    """Charging profiles that are certainly on the station. A doubtful profile is dropped."""

    __slots__ = ("_started", "accepted", "affected", "external", "gone", "had_ended")

    def __init__(self) -> None:
        self.accepted = AcceptedProfiles()
        self.affected: dict[int, AcceptedProfile] = {}
        """Profiles that the latest command certainly or possibly clears or replaces."""
        self.gone = GoneProfiles()
        self.external = ExternalProfiles()
        self.had_ended: str | None = None
        """Id of the transaction in the latest SetChargingProfile, if that transaction had ended when the
        command was sent; otherwise None.
        """
        self._started = StartProfiles()

    def begin_replacing(self, new: JsonObject) -> None:
        """Drop the profiles that a new profile replaces or may replace, on any EVSE.

        The new profile replaces the profile with the same id (K01.FR.05). The station may also have dropped
        other profiles with the same purpose and stackLevel, which the new one excludes (K01.FR.06).
        """
        place = new["chargingProfilePurpose"], new["stackLevel"]
        self._drop(
            number
            for number, profile in self.accepted.items()
            if number == new["id"] or (profile.purpose, profile.stack_level) == place
        )
        self.forget(new["id"])

    def begin_clearing(self, request: JsonObject) -> None:
        """Drop the profiles that a ClearChargingProfile clears or may clear."""
        self._drop(
            number for number, profile in self.accepted.items() if _fit(number, profile, request) != "none"
        )

    def certainly_cleared(self, request: JsonObject) -> Iterator[tuple[int, AcceptedProfile]]:
        """Yield the kept profiles that the latest ClearChargingProfile certainly clears."""
        for number, profile in self.affected.items():
            if profile.is_kept and _fit(number, profile, request) == "certain":
                yield number, profile

    def _drop(self, numbers: Iterable[int]) -> None:
        self.affected = {number: self.accepted.pop(number) for number in list(numbers)}

    def forget(self, number: int) -> None:
        """Drop everything about an id that a command uses for a new profile."""
        self.accepted.pop(number, None)
        self.gone.pop(number, None)
        self.external.pop(number, None)

    def accept(self, at: float, frame: int, evse_id: int, profile: JsonObject) -> None:
        """Register an accepted SetChargingProfile."""
        number, content = profile["id"], content_of(profile)
        old = self.affected.get(number)
        self.accepted[number] = _accepted(frame, evse_id, profile)._replace(
            replaced=None if old is None or old.content == content else old.content,
            flat_limit=_flat_limit(profile, at),
        )

    def clear(self, at: float, frame: int, request: JsonObject) -> None:
        """Register an accepted ClearChargingProfile."""
        if (number := request.get("chargingProfileId")) is not None:
            self.gone[number] = GoneProfile(at, frame, "K10.FR.03", self.affected.get(number))
            return
        for number, profile in self.affected.items():
            if _fit(number, profile, request) == "certain":
                self.gone[number] = GoneProfile(at, frame, "K10.FR.04", profile)

    def start_accepted(self, frame: int, request: JsonObject) -> None:
        """Register an accepted RequestStartTransaction with a profile."""
        self._started[request["remoteStartId"]] = request["chargingProfile"], frame

    def started(self, remote_start_id: int, evse_id: int, transaction_id: str) -> None:
        """Register the transaction of a remote start: its profile applies now (K05.FR.03)."""
        start = self._started.pop(remote_start_id, None)
        if start is None or start[0]["chargingProfilePurpose"] != TX_PROFILE:
            return
        profile, frame = start
        self.accepted[profile["id"]] = _accepted(frame, evse_id, profile)._replace(
            transaction_id=transaction_id, is_from_start=True
        )

    def transaction_ended(self, at: float, frame: int, transaction_id: str) -> None:
        """Register the end of a transaction: the station deletes its TxProfiles (K02.FR.05)."""
        for number, profile in list(self.accepted.items()):
            if profile.transaction_id == transaction_id:
                del self.accepted[number]
                self.gone[number] = GoneProfile(at, frame, "K02.FR.05", profile)

    def seen(self, number: int) -> None:
        """Register that the station still has a profile, so a restart has not removed the profile."""
        if profile := self.accepted.get(number):
            self.accepted[number] = profile._replace(is_from_before_boot=False)

    @property
    def may_have_started(self) -> bool:
        """Whether a remote start may have started a transaction whose Started event has not arrived."""
        return bool(self._started)

    def drop_all(self) -> None:
        """Drop everything, because it may be wrong."""
        for profiles in (self.accepted, self.affected, self.gone, self.external, self._started):
            profiles.clear()

    def booted(self, reason: str) -> None:
        self.affected = {}
        self._started.clear()
        if reason in MAY_HAVE_NEW_FIRMWARE:
            self.drop_all()
        for number, profile in list(self.accepted.items()):
            if profile.purpose == TX_PROFILE:
                del self.accepted[number]
            else:
                self.accepted[number] = profile._replace(is_from_before_boot=True)

    def disconnected(self) -> None:
        self.affected = {}
        self._started.clear()
        self.gone.clear()

    def given_more_time(self, seconds: float) -> None:
        for number, gone in list(self.gone.items()):
            self.gone[number] = gone._replace(at=gone.at + seconds)

    def command_failed(self, action: str | None) -> None:
        if action is None:
            self.drop_all()


def content_of(profile: JsonObject) -> int:
    """Return a hash of the parts of a profile that a station does not change."""
    return hash(
        (
            profile["stackLevel"],
            profile["chargingProfilePurpose"],
            *(
                (
                    schedule["chargingRateUnit"],
                    *(
                        (period["startPeriod"], period["limit"])
                        for period in schedule["chargingSchedulePeriod"]
                    ),
                )
                for schedule in profile["chargingSchedule"]
            ),
        )
    )


def _accepted(frame: int, evse_id: int, profile: JsonObject) -> AcceptedProfile:
    return AcceptedProfile(
        evse_id,
        profile["chargingProfilePurpose"],
        profile["stackLevel"],
        frame,
        content=content_of(profile),
        transaction_id=profile.get("transactionId"),
        has_validity="validFrom" in profile or "validTo" in profile,
        ends="validTo" in profile or any("duration" in schedule for schedule in profile["chargingSchedule"]),
    )


def _flat_limit(profile: JsonObject, at: float) -> tuple[str, float] | None:
    schedule, *others = profile["chargingSchedule"]
    period, *later = schedule["chargingSchedulePeriod"]
    start = schedule.get("startSchedule")
    starts_at = at - DAY_S if start is None else seconds_of(start)
    has_started = starts_at is not None and starts_at < at - CLOCK_ERROR_S
    if others or later or not has_started or profile["chargingProfileKind"] == "Recurring":
        return None
    return None if "validFrom" in profile else (schedule["chargingRateUnit"], period["limit"])


def _fit(number: int, profile: AcceptedProfile, request: JsonObject) -> Fit:
    """Return whether a ClearChargingProfile clears a profile certainly, possibly or not (K10.FR.03,
    K10.FR.04).
    """
    if "chargingProfileId" in request:
        return "certain" if request["chargingProfileId"] == number else "none"
    criteria = request.get("chargingProfileCriteria")
    if not criteria:
        return "possible"
    wanted = criteria.get("chargingProfilePurpose"), criteria.get("stackLevel")
    if any(
        value not in {None, own}
        for value, own in zip(wanted, (profile.purpose, profile.stack_level), strict=True)
    ):
        return "none"
    evse_id = criteria.get("evseId")
    if evse_id == 0:  # some stations may take it for all EVSEs
        return "possible"
    return "certain" if evse_id in {None, profile.evse_id} else "none"


@CHECKS.learn_sent(Action.set_charging_profile)
def _learn_new(command: CommandCall, known: Known201) -> None:
    profile = command.request["chargingProfile"]
    known[ChargingProfiles].begin_replacing(profile)
    transaction_id = profile.get("transactionId", "")
    has_ended = known.transactions.has_ended(transaction_id)
    known[ChargingProfiles].had_ended = transaction_id if has_ended else None


@CHECKS.learn_command(Action.set_charging_profile)
def _learn_accepted(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == "Accepted":
        request = command.request
        profiles = known[ChargingProfiles]
        profiles.accept(command.at, command.frame, request["evseId"], request["chargingProfile"])


@CHECKS.learn_sent(Action.clear_charging_profile)
def _learn_clearing(command: CommandCall, known: Known201) -> None:
    known[ChargingProfiles].begin_clearing(command.request)


@CHECKS.learn_command(Action.clear_charging_profile)
def _learn_cleared(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == "Accepted":
        known[ChargingProfiles].clear(command.at, command.frame, command.request)


@CHECKS.learn_sent(Action.request_start_transaction)
def _learn_start(command: CommandCall, known: Known201) -> None:
    if "chargingProfile" in command.request:
        known[ChargingProfiles].forget(command.request["chargingProfile"]["id"])


@CHECKS.learn_command(Action.request_start_transaction)
def _learn_accepted_start(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == "Accepted" and "chargingProfile" in command.request:
        known[ChargingProfiles].start_accepted(command.frame, command.request)


@CHECKS.learn_sent(Action.set_variables)
def _learn_switch(command: CommandCall, known: Known201) -> None:
    """Drop all profiles if smart charging may be switched off."""
    names = {item["component"]["name"].lower() for item in command.request["setVariableData"]}
    if "smartchargingctrlr" in names and (profiles := known.find(ChargingProfiles)):
        profiles.drop_all()


@CHECKS.learn_event(triggers=("RemoteStart",))
def _learn_transaction(call: StationCall, known: Known201) -> None:
    info, evse, profiles = (
        call.payload["transactionInfo"],
        call.payload.get("evse"),
        known.find(ChargingProfiles),
    )
    if profiles is None or not evse or "remoteStartId" not in info:
        return
    if known[DeviceModelFacts].is_true("SmartChargingCtrlr", "Enabled"):
        profiles.started(info["remoteStartId"], evse["id"], info["transactionId"])


@CHECKS.learn_event(types=("Ended",))
def _learn_end(call: StationCall, known: Known201) -> None:
    if profiles := known.find(ChargingProfiles):
        profiles.transaction_ended(call.at, call.frame, call.payload["transactionInfo"]["transactionId"])


@CHECKS.learn_call(Action.report_charging_profiles)
def _learn_external(call: StationCall, known: Known201) -> None:
    external = known[ChargingProfiles].external
    for profile in call.payload["chargingProfile"]:
        external.pop(profile["id"], None)
        if profile["chargingProfilePurpose"] == EXTERNAL_CONSTRAINTS:
            external[profile["id"]] = call.frame
        else:
            known[ChargingProfiles].seen(profile["id"])
