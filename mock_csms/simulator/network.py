"""Network connection profiles, and the choice of the profile for a connection (B09, B10)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ocpp.routing import on
from ocpp.v201 import call_result
from ocpp.v201.enums import Action, OCPPTransportEnumType, SetNetworkProfileStatusEnumType

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import INVALID_VALUE, MAX_INTEGER, Key, ValueViolation
from mock_csms.simulator.security_setup import CLIENT_CERTIFICATE_PROFILE, TLS_PROFILES, scheme_of

PRIORITY: Final = Key("OCPPCommCtrlr", "NetworkConfigurationPriority")
FIRST_SLOT: Final = "1"
NO_DOWNGRADE: Final = ValueViolation("NoSecurityDowngrade", "security profile is lower than the active one")
INVALID_PROFILE: Final = "InvalidNetworkConf"


@dataclass(frozen=True)
class NetworkProfile:
    """The parts of a network connection profile that the station uses."""

    url: str
    """Address of the central system, without the identity."""
    security_profile: int
    message_timeout_s: int


class Network:
    """Network connection profiles in numbered slots. At first, only slot 1 has a profile, from the setup.

    A changed profile takes effect at the next reboot (remarks of B09).
    """

    def __init__(self, core: Core, has_certificate: Callable[[str], bool] = lambda _: False) -> None:
        """``has_certificate`` takes a type, CSMSRootCertificate or ChargingStationCertificate, and returns
        whether the station has a certificate of this type that is valid now.
        """
        self._core = core
        self._has_certificate = has_certificate
        self._stored = {
            FIRST_SLOT: NetworkProfile(
                core.setup.url,
                core.variables.integer("SecurityCtrlr", "SecurityProfile"),
                core.setup.message_timeout_s,
            )
        }
        self._active = dict(self._stored)
        core.variables.add_rule(PRIORITY, self._priority_violation)

    @on(Action.set_network_profile)
    def set_network_profile(
        self, configuration_slot: int, connection_data: JsonObject
    ) -> call_result.SetNetworkProfile:
        """Store a profile in a slot if it is valid; it is not used before the next reboot (B09)."""
        violation = self._profile_violation(str(configuration_slot), connection_data)
        if violation is not None:
            return call_result.SetNetworkProfile(
                SetNetworkProfileStatusEnumType.rejected, status_info=violation.as_json
            )
        self._stored[str(configuration_slot)] = NetworkProfile(
            connection_data["ocppCsmsUrl"],
            connection_data["securityProfile"],
            connection_data["messageTimeout"],
        )
        return call_result.SetNetworkProfile(SetNetworkProfileStatusEnumType.accepted)

    def slot_for_attempt(self, attempt: int) -> str:
        """Slot of the profile for a connection attempt. Attempt 0 is the first after a reboot or a lost
        connection.

        Every entry of the priority list gets NetworkProfileConnectionAttempts attempts (B10.FR.03); after the
        last entry, the list starts again (B10.FR.08).
        """
        slots = self._usable_slots
        return slots[attempt // self._attempts_per_slot % len(slots)]

    def cycle_of_attempt(self, attempt: int) -> int:
        """Number of times that the whole priority list failed before this attempt."""
        return attempt // (self._attempts_per_slot * len(self._usable_slots))

    def profile_for_attempt(self, attempt: int) -> NetworkProfile:
        """Profile to connect with in this attempt."""
        return self._active[self.slot_for_attempt(attempt)]

    def uses_replaced_root(self, attempt: int) -> bool:
        """Whether an attempt trusts the replaced CSMS root instead of the new one.

        While the station changes to another slot, attempts at that slot trust the new root, and attempts at
        the active slot trust the replaced root (M05.FR.15, M05.FR.16). If the station only reconnects, it
        trusts the new root and the replaced root in turn (M05.FR.14).
        """
        active = self._core.variables.text("OCPPCommCtrlr", "ActiveNetworkProfile")
        is_migrating = self.slot_for_attempt(0) != active
        return self.slot_for_attempt(attempt) == active and (is_migrating or attempt % 2 == 1)

    def connected(self, attempt: int) -> bool:
        """Record a successful attempt. Return whether the slot changed: then a boot is due (B10.FR.10).

        The security profile of the attempt becomes the active security profile. If the active security
        profile rises, network profiles with lower security profiles are removed (A05.FR.06). The active
        security profile falls only after an allowed downgrade (A05.FR.08).
        """
        slot = self.slot_for_attempt(attempt)
        previous = self._core.variables.text("OCPPCommCtrlr", "ActiveNetworkProfile")
        profile = self._active[slot]
        self._put("ActiveNetworkProfile", slot)
        self._put("MessageTimeout", str(profile.message_timeout_s), "Default")
        was_raised = profile.security_profile > self._security_profile
        self._core.variables.put(Key("SecurityCtrlr", "SecurityProfile"), str(profile.security_profile))
        if was_raised:
            self._remove_below(profile.security_profile)
        return slot != previous

    def apply_pending(self) -> None:
        """Apply changed profiles, and the values of variables that wait for a reboot."""
        self._active = dict(self._stored)
        self._core.variables.apply_pending()

    @property
    def _usable_slots(self) -> list[str]:
        return [slot for slot in self._priority if slot in self._active] or list(self._active)

    @property
    def _attempts_per_slot(self) -> int:
        return self._core.variables.integer("OCPPCommCtrlr", "NetworkProfileConnectionAttempts")

    @property
    def _security_profile(self) -> int:
        return self._core.variables.integer("SecurityCtrlr", "SecurityProfile")

    @property
    def _priority(self) -> list[str]:
        return self._core.variables.members("OCPPCommCtrlr", "NetworkConfigurationPriority")

    def _put(self, variable: str, value: str, instance: str | None = None) -> None:
        self._core.variables.put(Key("OCPPCommCtrlr", variable, instance), value)

    def _remove_below(self, security_profile: int) -> None:
        for profiles in (self._active, self._stored):
            for slot in [s for s, profile in profiles.items() if profile.security_profile < security_profile]:
                del profiles[slot]
        slots = [slot for slot in self._priority if slot in self._active]
        self._core.variables.put(PRIORITY, ",".join(slots))

    def _profile_violation(self, slot: str, data: JsonObject) -> ValueViolation | None:
        if slot not in self._core.variables.variable(PRIORITY).values:  # B09.FR.05
            return ValueViolation(
                "InvalidConfSlot", "slot is not in the values of NetworkConfigurationPriority"
            )
        if text := invalid_content(data):  # B09.FR.02
            return ValueViolation(INVALID_PROFILE, text)
        return NO_DOWNGRADE if self._is_too_low(data["securityProfile"]) else None

    def _priority_violation(self, value: str) -> ValueViolation | None:
        """Return why a new priority list is invalid, or None (B10.FR.02, A05.FR.02, A05.FR.03)."""
        for slot in (item.strip() for item in value.split(",")):
            if slot not in self._stored:
                return ValueViolation(INVALID_VALUE, f"slot {slot} has no profile")
            security_profile = self._stored[slot].security_profile
            if self._is_too_low(security_profile):
                return NO_DOWNGRADE
            if security_profile > self._security_profile and not self._is_prepared_for(security_profile):
                return ValueViolation(
                    INVALID_VALUE, f"a valid certificate for the profile of slot {slot} is not installed"
                )
        return None

    def _is_too_low(self, security_profile: int) -> bool:
        """Whether a security profile is lower than allowed (B09.FR.04, B09.FR.31, A05.FR.08 to FR.10)."""
        active = self._security_profile
        allows_downgrade = self._core.variables.boolean("SecurityCtrlr", "AllowSecurityProfileDowngrade")
        is_allowed = (
            allows_downgrade and active == CLIENT_CERTIFICATE_PROFILE and security_profile in TLS_PROFILES
        )
        return security_profile < active and not is_allowed

    def _is_prepared_for(self, security_profile: int) -> bool:
        if security_profile in TLS_PROFILES and not self._has_certificate("CSMSRootCertificate"):
            return False
        is_certificate_needed = security_profile == CLIENT_CERTIFICATE_PROFILE
        return not is_certificate_needed or self._has_certificate("ChargingStationCertificate")


def invalid_content(data: JsonObject) -> str | None:
    """Return the first error in a NetworkConnectionProfileType, or None. ocppVersion is not checked."""
    security_profile = data["securityProfile"]
    if data["ocppTransport"] != OCPPTransportEnumType.json:
        return "transport is not JSON"
    if security_profile not in range(4):
        return "security profile is not 0 to 3"
    if not 0 < data["messageTimeout"] <= MAX_INTEGER:
        return "message timeout is not a positive number of seconds"
    scheme = scheme_of(security_profile)
    if not is_url(data["ocppCsmsUrl"], scheme):
        return f"URL is not a {scheme} URL"
    return None


def is_url(text: str, scheme: str) -> bool:
    """Whether a text is a URL with this scheme, a host, a valid port and no user name."""
    try:
        url = urlsplit(text)
        is_port_valid = url.port is None or url.port > 0
    except ValueError:
        return False
    is_plain = text.isascii() and text.isprintable() and not {" ", "@"} & set(text) and not url.fragment
    return is_plain and is_port_valid and url.scheme == scheme and bool(url.hostname)
