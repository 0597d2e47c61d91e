"""Meter values in messages: their times, contexts, measurands, places and signatures."""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from mock_csms.client import TranscriptEntry

DEFAULT_CONTEXT: Final = "Sample.Periodic"
DEFAULT_MEASURAND: Final = "Energy.Active.Import.Register"
STATE_OF_CHARGE: Final = "SoC"

type MeterValue = Mapping[str, Any]
"""MeterValueType: a time and the values that were sampled at it."""


def meter_values(messages: Iterable[TranscriptEntry]) -> list[MeterValue]:
    """Return all meter values of messages."""
    return [value for message in messages for value in message.payload.get("meterValue", ())]


def contexts(values: Iterable[MeterValue]) -> set[str]:
    """Return the contexts of meter values; the first sampled value of each tells its context."""
    return {value["sampledValue"][0].get("context", DEFAULT_CONTEXT) for value in values}


def with_context(values: Iterable[MeterValue], context: str) -> list[MeterValue]:
    """Return the meter values with this context."""
    return [value for value in values if contexts([value]) == {context}]


def measurands_of(values: Iterable[MeterValue]) -> set[str]:
    """Return the measurands of the sampled values."""
    return {sampled.get("measurand", DEFAULT_MEASURAND) for sampled in _sampled(values)}


def are_from_station(values: Iterable[MeterValue]) -> bool:
    """Whether no sampled value except the state of charge has the location EV."""
    return all(
        sampled.get("location") != "EV" or sampled.get("measurand") == STATE_OF_CHARGE
        for sampled in _sampled(values)
    )


def signatures(values: Iterable[MeterValue]) -> list[Mapping[str, Any]]:
    """Return the signatures of the sampled values that have one."""
    return [sampled["signedMeterValue"] for sampled in _sampled(values) if "signedMeterValue" in sampled]


def keys_are_sent(signed: Iterable[Mapping[str, Any]], when: str | None) -> bool:
    """Whether signatures have public keys in Base64, and as many of them as ``when`` requires.

    ``when`` is the value of PublicKeyWithSignedMeterValue; with None, any number of keys is accepted.
    """
    keys = [signature["publicKey"] for signature in signed]
    if not all(_is_base64(key) for key in keys):
        return False
    return {
        "Never": not any(keys),
        "OncePerTransaction": len(set(keys) - {""}) <= 1,
        "EveryMeterValue": all(keys),
    }.get(when or "", True)


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def by_moment(values: Iterable[MeterValue], tolerance_s: float) -> list[list[MeterValue]]:
    """Group meter values by the time when they were taken; times within the tolerance are one moment."""
    groups: list[list[MeterValue]] = []
    for value in sorted(values, key=taken_at):
        if groups and taken_at(value) - taken_at(groups[-1][0]) <= tolerance_s:
            groups[-1].append(value)
        else:
            groups.append([value])
    return groups


def taken_at(value: MeterValue) -> float:
    """Return the time of a meter value as a Unix time in seconds."""
    return datetime.fromisoformat(value["timestamp"]).timestamp()


def are_regular(times_s: Iterable[float], interval_s: float, tolerance_s: float) -> bool:
    """Whether each time follows the one before it at the interval, give or take the tolerance."""
    return all(abs(later - earlier - interval_s) <= tolerance_s for earlier, later in pairwise(times_s))


def _sampled(values: Iterable[MeterValue]) -> Iterable[Mapping[str, Any]]:
    return (sampled for value in values for sampled in value["sampledValue"])
