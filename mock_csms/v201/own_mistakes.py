"""Requirements that a command of the central system breaks. The command is sent anyway, with a warning."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject
from mock_csms.stations.device_model import ACTUAL, variable_key
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import id_token_key
from mock_csms.text import is_language_tag
from mock_csms.v201 import charging_profiles
from mock_csms.v201.charging_profiles import EXTERNAL_CONSTRAINTS
from mock_csms.v201.features import reported_number
from mock_csms.v201.installed_certificates import listed_hash_data, serial_number_of

MANY_DECIMALS: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d\.\d{4,}(?:[Zz]|[+-]\d\d:\d\d)")
CUSTOMER_IDENTIFIERS: Final = frozenset({"idToken", "customerCertificate", "customerIdentifier"})
ONLY_ACCEPTED: Final = frozenset({Action.request_start_transaction, Action.request_stop_transaction})
"""Commands that may only be sent to a station whose boot is Accepted (B02.FR.05)."""
REPORT_CRITERIA: Final = frozenset(
    {"chargingLimitSource", "chargingProfileId", "chargingProfilePurpose", "stackLevel"}
)
MAX_CHAIN_SIZE: Final = "SecurityCtrlr/MaxCertificateChainSize"
PROFILE_CRITERIA: Final = frozenset({"chargingProfilePurpose", "evseId", "stackLevel"})


def own_mistakes(action: str, payload: JsonObject, station: Station, now: datetime) -> Iterator[str]:
    """Describe each known requirement that a valid command to a station breaks."""
    if action in ONLY_ACCEPTED and station.registration == "Pending":
        yield "a station whose boot is Pending must reject it (B02.FR.05)"
    yield from charging_profiles.broken_rules(action, payload, station, now)
    if find := MISTAKES.get(action):
        yield from find(payload, station)
    for time in _times_with_many_decimals(payload):
        yield f"the time {time} has more than three decimals (Part 2, 3.1)"


def _times_with_many_decimals(payload: JsonObject) -> Iterator[str]:
    """Yield the times with more than three decimals. Without recursion: payloads may be nested deeply."""
    parts: list[Any] = [payload]
    while parts:
        part = parts.pop()
        if isinstance(part, str) and MANY_DECIMALS.fullmatch(part):
            yield part
        elif isinstance(part, dict | list):
            parts += part.values() if isinstance(part, dict) else part


def _in_trigger_message(payload: JsonObject, station: Station) -> Iterator[str]:
    requested = payload["requestedMessage"]
    if requested == "StatusNotification" and "connectorId" not in payload.get("evse", {}):
        yield "a trigger for StatusNotification needs an evse with a connectorId (F06.FR.13)"
    if requested == "BootNotification" and station.registration == "Accepted":
        yield "a station whose boot is Accepted must reject a trigger for BootNotification (F06.FR.17)"


def _in_set_variables(payload: JsonObject, _: Station) -> Iterator[str]:
    keys = [
        (variable_key(item["component"], item["variable"]).lower(), item.get("attributeType", ACTUAL))
        for item in payload["setVariableData"]
    ]
    if len(set(keys)) < len(keys):
        yield "the same attribute of a variable is set twice (B05.FR.13)"


def _in_send_local_list(payload: JsonObject, station: Station) -> Iterator[str]:
    version, known = payload["versionNumber"], station.local_list_version
    if version <= 0:
        yield "versionNumber must be greater than 0 (D01.FR.18)"
    elif payload["updateType"] == "Differential" and known is not None and version <= known:
        yield f"the station has version {known} of the list, so it must refuse version {version} (D01.FR.19)"
    tokens = [id_token_key(item["idToken"]) for item in payload.get("localAuthorizationList", [])]
    if len(set(tokens)) < len(tokens):
        yield "an idToken is listed twice (D01.FR.06)"


def _in_clear_charging_profile(payload: JsonObject, _: Station) -> Iterator[str]:
    criteria = payload.get("chargingProfileCriteria", {})
    if "chargingProfileId" not in payload and PROFILE_CRITERIA.isdisjoint(criteria):
        yield "it needs a chargingProfileId or criteria (K10.FR.02)"
    if criteria.get("chargingProfilePurpose") == EXTERNAL_CONSTRAINTS:
        yield f"profiles for {EXTERNAL_CONSTRAINTS} must not be cleared (K10.FR.06)"


def _in_set_display_message(payload: JsonObject, _: Station) -> Iterator[str]:
    language = payload["message"]["message"].get("language")
    if language is not None and not is_language_tag(language):
        yield f"{language!r} is not a language tag of RFC 5646, such as en-US (O01.FR.17)"


def _in_get_charging_profiles(payload: JsonObject, _: Station) -> Iterator[str]:
    if REPORT_CRITERIA.isdisjoint(payload["chargingProfile"]):
        yield f"chargingProfile needs one of {', '.join(sorted(REPORT_CRITERIA))} (K09.FR.03)"


def _in_customer_information(payload: JsonObject, station: Station) -> Iterator[str]:
    identifiers = CUSTOMER_IDENTIFIERS & payload.keys()
    if len(identifiers) != 1:
        requirement = "N09.FR.09" if identifiers else "N09.FR.04, N10.FR.08"
        yield f"it needs exactly one of idToken, customerCertificate and customerIdentifier ({requirement})"
    if hash_data := payload.get("customerCertificate"):
        yield from _in_customer_certificate(hash_data, station)


def _in_customer_certificate(hash_data: JsonObject, station: Station) -> Iterator[str]:
    algorithms = {
        listed["hashAlgorithm"]
        for listed in listed_hash_data(station.certificates)
        if serial_number_of(listed) == serial_number_of(hash_data)
    }
    if algorithms and hash_data["hashAlgorithm"] not in algorithms:
        yield (
            f"the station lists the customerCertificate with {', '.join(sorted(algorithms))} "
            "(N09.FR.08, N10.FR.09)"
        )


def _in_certificate_signed(payload: JsonObject, station: Station) -> Iterator[str]:
    size, limit = len(payload["certificateChain"]), reported_number(station.device_model, MAX_CHAIN_SIZE)
    if limit and size > limit:
        yield f"the chain has {size} characters, more than {MAX_CHAIN_SIZE} = {limit} (A02.FR.16)"


MISTAKES: Final[Mapping[str, Callable[[JsonObject, Station], Iterator[str]]]] = {
    Action.certificate_signed: _in_certificate_signed,
    Action.clear_charging_profile: _in_clear_charging_profile,
    Action.customer_information: _in_customer_information,
    Action.set_display_message: _in_set_display_message,
    Action.get_charging_profiles: _in_get_charging_profiles,
    Action.send_local_list: _in_send_local_list,
    Action.set_variables: _in_set_variables,
    Action.trigger_message: _in_trigger_message,
}
