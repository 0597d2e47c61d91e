"""Smart charging (K): charging profiles, external limits and schedules of ISO 15118 vehicles."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import batched
from math import floor
from typing import Final

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import (
    Action,
    ChargingLimitSourceEnumType,
    ChargingProfileStatusEnumType,
    ChargingRateUnitEnumType,
    ClearChargingProfileStatusEnumType,
    EnergyTransferModeEnumType,
    GenericStatusEnumType,
    GetChargingProfileStatusEnumType,
)
from ocpp.v201.enums import ChargingProfilePurposeEnumType as Purpose

from mock_csms.messages import CallRejected, ErrorCode, JsonObject
from mock_csms.simulator.charging_profiles import (
    Abilities,
    Installed,
    Refusal,
    change_percent,
    duplicate,
    external_limit,
    profile_refusal,
)
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import MAX_INTEGER, Key
from mock_csms.simulator.schedules import (
    ChargingProfile,
    EvseLimits,
    Limits,
    Rate,
    StationLimits,
    composite,
)
from mock_csms.simulator.signals import Signal
from mock_csms.simulator.variables import MAX_CHARGING_PROFILES

SMART_CHARGING_CTRLR: Final = "SmartChargingCtrlr"
ENABLED: Final = Key(SMART_CHARGING_CTRLR, "Enabled")
EXTERNAL_PROFILE_ID: Final = -1
PROFILES_PER_REPORT: Final = 4

VEHICLE_HORIZON_S: Final = 86_400
"""Length of the schedule that a simulated ISO 15118 vehicle returns."""
VEHICLE_MAX_TUPLES: Final = 1024
VEHICLE_NEEDS: Final[JsonObject] = {
    "requestedEnergyTransfer": EnergyTransferModeEnumType.ac_three_phase,
    "acChargingParameters": {
        "energyAmount": 20_000,
        "evMinCurrent": 6,
        "evMaxCurrent": 32,
        "evMaxVoltage": 400,
    },
}


class SmartCharging:
    """Charging profiles and the limits that follow from them (K)."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.limits_changed: Signal[[]] = Signal()
        """The limit of any EVSE may have changed, because profiles, transactions or settings have changed."""
        self._profiles: dict[int, Installed] = {}
        """Installed profiles by id; they survive a power cycle (K01.FR.27)."""
        self._notified_limit_a: float | None = None
        self._vehicles: dict[int, EvseLimits | None] = {}
        """Limits of the schedule last given to an ISO 15118 vehicle, by EVSE; None until the central
        system sends a profile for the transaction of the vehicle.
        """
        core.powered_off.connect(self._vehicles.clear)
        core.variables.changed.connect(self._variable_changed)

    @on(Action.set_charging_profile)
    def set_charging_profile(
        self, evse_id: int, charging_profile: JsonObject
    ) -> call_result.SetChargingProfile:
        """Install or replace a charging profile (K01)."""
        self._require_support()
        wrong = self._refusal(evse_id, charging_profile)
        if wrong is None:
            is_for_vehicle = charging_profile["chargingProfilePurpose"] == Purpose.tx_profile
            self._install(evse_id, charging_profile, for_vehicle=is_for_vehicle)
        status = ChargingProfileStatusEnumType
        return call_result.SetChargingProfile(
            status.accepted if wrong is None else status.rejected, _status_info(wrong)
        )

    @on(Action.clear_charging_profile)
    def clear_charging_profile(
        self, charging_profile_id: int | None, charging_profile_criteria: JsonObject | None
    ) -> call_result.ClearChargingProfile:
        """Remove the matching charging profiles, except those of an external system (K10)."""
        self._require_support()
        criteria = charging_profile_criteria or {}
        if charging_profile_id is not None:  # an id needs no further criteria (K10.FR.03)
            matching = [self._profiles[charging_profile_id]] if charging_profile_id in self._profiles else []
        else:
            matching = [each for each in self._profiles.values() if _matches(each, criteria)]
        ids = {each.json["id"] for each in matching if not each.is_external}
        if ids:
            self._replace({key: each for key, each in self._profiles.items() if key not in ids})
        status = ClearChargingProfileStatusEnumType
        return call_result.ClearChargingProfile(status.accepted if ids else status.unknown)

    @on(Action.get_charging_profiles)
    def get_charging_profiles(
        self, request_id: int, evse_id: int | None, charging_profile: JsonObject
    ) -> call_result.GetChargingProfiles:
        """Report the matching charging profiles (K09)."""
        self._require_support()
        criteria = charging_profile if evse_id is None else {**charging_profile, "evseId": evse_id}
        matching = [each for each in self._profiles.values() if _matches(each, criteria)]
        self.core.send_report(_report(request_id, matching))
        status = GetChargingProfileStatusEnumType
        return call_result.GetChargingProfiles(status.accepted if matching else status.no_profiles)

    @on(Action.get_composite_schedule)
    def get_composite_schedule(
        self, duration: int, evse_id: int, charging_rate_unit: str | None
    ) -> call_result.GetCompositeSchedule:
        """Calculate the schedule of an EVSE, or of the grid connection for EVSE 0 (K08)."""
        self._require_support()
        supported = self.core.variables.members(SMART_CHARGING_CTRLR, "RateUnit")
        unit = charging_rate_unit or supported[0]
        wrong = self._composite_refusal(evse_id, duration, unit, supported)
        now = self._now()
        periods = None if wrong else composite(self._limits(evse_id, now), now, duration, unit)
        if periods is None:
            wrong = wrong or ("TooManyElements", "the schedule has too many periods")
            return call_result.GetCompositeSchedule(
                GenericStatusEnumType.rejected, status_info=_status_info(wrong)
            )
        schedule = {
            "evseId": evse_id,
            "duration": duration,
            "scheduleStart": self.core.timestamp(),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": periods,
        }
        return call_result.GetCompositeSchedule(GenericStatusEnumType.accepted, schedule=schedule)

    def limit_w(self, evse_id: int) -> float:
        """Power that an EVSE may give now, in watts."""
        now = self._now()
        return self._evse_limits(evse_id, now).at(now).rate.watts

    def can_accept_transaction_profile(self, evse_id: int, profile: JsonObject) -> bool:
        """Whether a profile of RequestStartTransaction is valid (F01.FR.26).

        It is also true while smart charging is disabled, because the profile is ignored then.
        """
        if not self._is_supported:  # F01.FR.12
            return True
        if profile["chargingProfilePurpose"] != Purpose.tx_profile or "transactionId" in profile:
            return False  # F01.FR.09, F01.FR.11
        return evse_id != 0 and self._profile_refusal(evse_id, profile) is None

    def add_transaction_profile(self, evse_id: int, transaction_id: str, profile: JsonObject) -> bool:
        """Install the profile of RequestStartTransaction for its transaction (F01.FR.10).

        Return whether the profile is valid; while smart charging is disabled, return true and ignore it.
        """
        if not self.can_accept_transaction_profile(evse_id, profile):
            return False
        if self._is_supported:
            self._install(evse_id, {**profile, "transactionId": transaction_id}, for_vehicle=True)
        return True

    def transaction_started(self) -> None:
        """Recalculate the limits, because one more EVSE shares the limits of the station (K04.FR.05)."""
        self._limits_may_have_changed()

    def transaction_ended(self, evse_id: int, transaction_id: str) -> None:
        """Delete the TxProfiles of a transaction (K02.FR.05) and the limits given to its vehicle."""
        self._vehicles.pop(evse_id, None)
        self._replace(
            {
                key: each
                for key, each in self._profiles.items()
                if each.json.get("transactionId") != transaction_id
            }
        )

    def set_external_limit(self, limit_a: float | None, source: str = "EMS") -> None:
        """Set or change the external limit of the whole station in amperes per phase; None removes it.

        The call is ignored while ExternalControlSignalsEnabled is false. The source is never CSO (K11.FR.05,
        K12.FR.04).
        """
        if not self.core.variables.boolean(SMART_CHARGING_CTRLR, "ExternalControlSignalsEnabled"):
            return
        if limit_a is None:
            self._release_external_limit()
            return
        limit_a = floor(max(limit_a, 0) * 10) / 10
        json = external_limit(EXTERNAL_PROFILE_ID, limit_a, self.core.timestamp())
        profile = Installed(ChargingProfile.of(0, json), json, source)
        self._replace({**self._profiles, EXTERNAL_PROFILE_ID: profile})
        change = change_percent(self._notified_limit_a, limit_a)
        if change > float(self.core.variables.text(SMART_CHARGING_CTRLR, "LimitChangeSignificance")):
            self._notified_limit_a = limit_a
            self._notify_external_limit(profile)

    def report_vehicle_needs(self, evse_id: int) -> None:
        """Report the needs of an ISO 15118 vehicle. The vehicle then waits for a schedule (K15.FR.01,
        K17.FR.01).
        """
        self._vehicles[evse_id] = None
        self.core.send(
            call.NotifyEVChargingNeeds(
                charging_needs=VEHICLE_NEEDS, evse_id=evse_id, max_schedule_tuples=VEHICLE_MAX_TUPLES
            )
        )

    @property
    def _is_supported(self) -> bool:
        return self.core.variables.boolean(SMART_CHARGING_CTRLR, "Enabled")

    def _require_support(self) -> None:
        if not self._is_supported:  # K01.FR.29
            raise CallRejected(ErrorCode.NOT_SUPPORTED, "smart charging is disabled")

    def _now(self) -> float:
        return self.core.now().timestamp()

    @property
    def _maximum(self) -> Rate:
        return Rate.of(self.core.setup.max_power_w, ChargingRateUnitEnumType.watts)

    def _abilities(self) -> Abilities:
        variables = self.core.variables
        return Abilities(
            frozenset(variables.members(SMART_CHARGING_CTRLR, "RateUnit")),
            variables.integer(SMART_CHARGING_CTRLR, "ProfileStackLevel"),
            variables.integer(SMART_CHARGING_CTRLR, "PeriodsPerSchedule"),
        )

    def _refusal(self, evse_id: int, profile: JsonObject) -> Refusal:
        """Reason to reject a profile of SetChargingProfile, or None."""
        purpose = profile["chargingProfilePurpose"]
        if evse_id != 0 and self.core.evses.get(evse_id) is None:  # K01.FR.28
            return "UnknownEvse", f"there is no EVSE {evse_id}"
        if purpose == Purpose.charging_station_max_profile and evse_id != 0:  # K04.FR.03
            return "InvalidProfile", "a ChargingStationMaxProfile is only for EVSE 0"
        wrong = self._transaction_refusal(evse_id, profile) if purpose == Purpose.tx_profile else None
        return wrong or self._profile_refusal(evse_id, profile)

    def _transaction_refusal(self, evse_id: int, profile: JsonObject) -> Refusal:
        evse = self.core.evses.get(evse_id)
        if evse is None:  # K01.FR.16
            return "InvalidProfile", "a TxProfile is not for EVSE 0"
        if "transactionId" not in profile:  # K01.FR.03
            return "MissingParam", "a TxProfile needs a transactionId"
        if evse.transaction_id is None:  # K01.FR.09
            return "TxNotFound", f"there is no transaction on EVSE {evse_id}"
        if evse.transaction_id != profile["transactionId"]:  # K01.FR.33
            return "TxNotFound", f"EVSE {evse_id} has another transaction"
        return None

    def _profile_refusal(self, evse_id: int, profile: JsonObject) -> Refusal:
        """Reason to reject a profile, because of its content or of the installed profiles; otherwise None."""
        if wrong := profile_refusal(profile, self._abilities(), may_choose=evse_id in self._vehicles):
            return wrong
        replaced = self._profiles.get(profile["id"])
        if replaced is not None and replaced.is_external:  # K01.FR.05
            return "InvalidProfile", "the profile of an external system cannot be replaced"
        if replaced is None and len(self._profiles) >= MAX_CHARGING_PROFILES:
            return "OutOfStorage", f"{MAX_CHARGING_PROFILES} profiles are installed"
        others = [each for each in self._profiles.values() if each is not replaced]
        return duplicate(evse_id, profile, others)

    def _composite_refusal(self, evse_id: int, duration: int, unit: str, supported: list[str]) -> Refusal:
        if evse_id != 0 and self.core.evses.get(evse_id) is None:  # K08.FR.05
            return "UnknownEvse", f"there is no EVSE {evse_id}"
        if unit not in supported:  # K08.FR.07
            return "UnsupportedRateUnit", f"chargingRateUnit {unit} is not supported"
        if not 0 < duration <= MAX_INTEGER:
            return "ValueOutOfRange", "duration is not a positive 32-bit integer"
        return None

    def _limits(self, evse_id: int, now: float) -> Limits:
        if evse_id != 0:
            return self._evse_limits(evse_id, now)
        return StationLimits([self._evse_limits(evse.id, now) for evse in self.core.evses])

    def _evse_limits(self, evse_id: int, now: float) -> EvseLimits:
        """Limits of an EVSE. Without a transaction, they are for a transaction that starts now
        (K08.FR.06).
        """
        evse = self.core.evses.by_id[evse_id]
        others = sum(other.transaction_id is not None for other in self.core.evses if other.id != evse_id)
        profiles = self._profiles.values() if self._is_supported else ()
        return EvseLimits(
            [each.profile for each in profiles if each.profile.evse_id in {0, evse_id}],
            self._maximum,
            evse.charging_since.timestamp() if evse.charging_since else now,
            sharers=1 + others,
        )

    def _install(self, evse_id: int, profile: JsonObject, *, for_vehicle: bool) -> None:
        installed = Installed(ChargingProfile.of(evse_id, profile), profile, ChargingLimitSourceEnumType.cso)
        is_first = for_vehicle and evse_id in self._vehicles and self._vehicles[evse_id] is None
        self._replace({**self._profiles, profile["id"]: installed})
        if is_first:
            self._give_vehicle_schedule(evse_id, self._evse_limits(evse_id, self._now()))

    def _replace(self, profiles: dict[int, Installed]) -> None:
        """Store these profiles in place of all installed profiles, and apply the new limits."""
        self._profiles = profiles
        self.core.variables.put(Key(SMART_CHARGING_CTRLR, "Entries", "ChargingProfiles"), str(len(profiles)))
        self._limits_may_have_changed()

    def _variable_changed(self, key: Key, _old: str, _new: str) -> None:
        if key == ENABLED:
            self._limits_may_have_changed()

    def _limits_may_have_changed(self) -> None:
        """Give new limits to each ISO 15118 vehicle whose composite schedule has changed (K16.FR.02, errata
        2.50), and emit `limits_changed`.
        """
        now = self._now()
        for evse_id, given in list(self._vehicles.items()):
            limits = self._evse_limits(evse_id, now)
            if given is not None and self._has_changed(given, limits, now):
                self._give_vehicle_schedule(evse_id, limits)
        self.limits_changed.emit()

    def _has_changed(self, old: EvseLimits, new: EvseLimits, now: float) -> bool:
        """Whether ``old`` and ``new`` lead to different composite schedules if Relative profiles start at the
        same moment in both.
        """
        old = replace(old, power_path_closed=new.power_path_closed)
        return old != new and self._vehicle_periods(old, now) != self._vehicle_periods(new, now)

    def _release_external_limit(self) -> None:
        released = self._profiles.get(EXTERNAL_PROFILE_ID)
        if released is None:
            return
        self._notified_limit_a = None
        self._replace({key: each for key, each in self._profiles.items() if key != EXTERNAL_PROFILE_ID})
        self.core.send(call.ClearedChargingLimit(released.source))  # K13.FR.02

    def _notify_external_limit(self, installed: Installed) -> None:
        with_schedule = self.core.variables.boolean(SMART_CHARGING_CTRLR, "NotifyChargingLimitWithSchedules")
        self.core.send(
            call.NotifyChargingLimit(
                charging_limit={"chargingLimitSource": installed.source},
                charging_schedule=installed.json["chargingSchedule"] if with_schedule else None,
            )
        )

    def _vehicle_periods(self, limits: EvseLimits, now: float) -> list[JsonObject]:
        unit = self.core.variables.members(SMART_CHARGING_CTRLR, "RateUnit")[0]
        return composite(limits, now, VEHICLE_HORIZON_S, unit) or []

    def _give_vehicle_schedule(self, evse_id: int, limits: EvseLimits) -> None:
        """Give an ISO 15118 vehicle its limits, and report the charging schedule of the vehicle.

        The vehicle plans to use all offered power (K15.FR.10, K16.FR.05).
        """
        self._vehicles[evse_id] = limits
        periods = self._vehicle_periods(limits, self._now())
        if not periods:
            return
        schedule = {
            "id": self._selected_schedule_id(evse_id),
            "duration": VEHICLE_HORIZON_S,
            "chargingRateUnit": self.core.variables.members(SMART_CHARGING_CTRLR, "RateUnit")[0],
            "chargingSchedulePeriod": periods,
        }
        self.core.send(call.NotifyEVChargingSchedule(self.core.timestamp(), schedule, evse_id))

    def _selected_schedule_id(self, evse_id: int) -> int:
        """Id of the first schedule in the TxProfile of the highest stack level; the vehicle selects it."""
        own = [
            each
            for each in self._profiles.values()
            if each.profile.purpose == Purpose.tx_profile and each.profile.evse_id == evse_id
        ]
        highest = max(own, key=lambda each: each.profile.stack_level, default=None)
        return int(highest.json["chargingSchedule"][0]["id"]) if highest else 1


def _matches(installed: Installed, criteria: JsonObject) -> bool:
    """Whether a profile meets all criteria of GetChargingProfiles or ClearChargingProfile."""
    profile = installed.profile
    return (
        criteria.get("evseId", profile.evse_id) == profile.evse_id
        and criteria.get("chargingProfilePurpose", profile.purpose) == profile.purpose
        and criteria.get("stackLevel", profile.stack_level) == profile.stack_level
        and installed.source in criteria.get("chargingLimitSource", [installed.source])
        and installed.json["id"] in criteria.get("chargingProfileId", [installed.json["id"]])
    )


def _report(request_id: int, matching: Iterable[Installed]) -> Iterator[call.ReportChargingProfiles]:
    """Parts of a report. Each is about one EVSE and one source; all except the last have tbc=true
    (K09.FR.02).
    """
    groups: dict[tuple[int, str], list[JsonObject]] = {}
    for each in matching:
        groups.setdefault((each.profile.evse_id, each.source), []).append(each.json)
    parts = [
        (evse_id, source, list(part))
        for (evse_id, source), profiles in groups.items()
        for part in batched(profiles, PROFILES_PER_REPORT)
    ]
    for number, (evse_id, source, profiles) in enumerate(parts, start=1):
        yield call.ReportChargingProfiles(request_id, source, profiles, evse_id, tbc=number < len(parts))


def _status_info(wrong: Refusal) -> JsonObject | None:
    return None if wrong is None else {"reasonCode": wrong[0], "additionalInfo": wrong[1]}
