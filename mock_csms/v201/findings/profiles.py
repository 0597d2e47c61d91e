"""Charging profiles: a station must still know the profiles that it accepted (K01, K10)."""

from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict

MAX_INSTALLED_PROFILES: Final = 100
KEPT: Final = frozenset({"ChargingStationMaxProfile", "TxDefaultProfile"})
"""Purposes of profiles that a station keeps until they are cleared or replaced (K01.FR.27)."""


class InstalledProfile(NamedTuple):
    """An accepted profile that does not end by itself."""

    evse_id: int
    purpose: str
    stack_level: int
    frame: int


class RecentProfiles(BoundedDict[int, InstalledProfile]):
    """Accepted profiles, by id."""

    __slots__ = ()
    limit = MAX_INSTALLED_PROFILES


class InstalledProfiles:
    """Profiles that are certainly on a station. In doubt, a profile is dropped."""

    __slots__ = ("_clearing", "_known", "_report")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._known = RecentProfiles()
        self._clearing: tuple[int, InstalledProfile] | None = None

    def command_sent(self, action: str, request: JsonObject) -> None:
        """Register a command that replaces or clears profiles; its answer may get lost."""
        if action == Action.set_charging_profile:
            self._replace(request["chargingProfile"])
        elif action == Action.request_start_transaction and "chargingProfile" in request:
            self._known.pop(request["chargingProfile"]["id"], None)
        elif action == Action.clear_charging_profile:
            matches = [
                number for number, profile in self._known.items() if _matches(number, profile, request)
            ]
            self._clearing = None
            for number in matches:
                self._clearing = number, self._known.pop(number)

    def _replace(self, new: JsonObject) -> None:
        """Drop the profiles that a new one replaces or may replace, on any EVSE.

        It replaces the profile with the same id (K01.FR.05). Another profile with the same purpose and
        stackLevel must not exist (K01.FR.06), so the station may have dropped it.
        """
        place = new["chargingProfilePurpose"], new["stackLevel"]
        for number, profile in list(self._known.items()):
            if number == new["id"] or (profile.purpose, profile.stack_level) == place:
                del self._known[number]

    def accepted(self, frame: int, request: JsonObject) -> None:
        """Register an accepted SetChargingProfile. Profiles that end by themselves are ignored."""
        profile = request["chargingProfile"]
        ends = "validTo" in profile or any("duration" in schedule for schedule in profile["chargingSchedule"])
        if profile["chargingProfilePurpose"] in KEPT and not ends:
            self._known[profile["id"]] = InstalledProfile(
                request["evseId"], profile["chargingProfilePurpose"], profile["stackLevel"], frame
            )

    def cleared(self, at: float, frame: int, status: str | None) -> Findings:
        """Check the answer to the last ClearChargingProfile."""
        clearing, self._clearing = self._clearing, None
        if clearing is None or status != "Unknown":
            return NO_FINDINGS
        number, profile = clearing
        return self._report(
            "charging-profile-unknown",
            at,
            (profile.frame, frame),
            f"a ClearChargingProfile for the profile {number} was answered with Unknown although the profile "
            "was accepted; the answer must be Accepted",
        )

    def forget(self) -> None:
        """Drop all profiles, for example after a firmware update."""
        self._known.clear()


def _matches(number: int, profile: InstalledProfile, request: JsonObject) -> bool:
    """Return whether a ClearChargingProfile certainly clears a profile (K10.FR.03, K10.FR.04)."""
    if "chargingProfileId" in request:
        return bool(request["chargingProfileId"] == number)
    criteria = request.get("chargingProfileCriteria")
    if not criteria:
        return False
    wanted = criteria.get("evseId"), criteria.get("chargingProfilePurpose"), criteria.get("stackLevel")
    return wanted[0] != 0 and all(
        value in {None, own} for value, own in zip(wanted, profile[:3], strict=True)
    )
