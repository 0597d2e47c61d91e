"""Texts of failures: the expected message, the closest one, and the last frames of the station."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from mock_csms.client.entries import MAX_DETAILED_CHARACTERS, StationFinding, TranscriptEntry
from mock_csms.client.failures import ApiError
from mock_csms.client.fields import PayloadDifference, weight
from mock_csms.client.patterns import Pattern, is_from_station
from mock_csms.client.transcript import Transcript

SHOWN_FRAMES: Final = 6
"""Maximum number of the station's newest journal entries in the text of a failure."""
MAX_SHOWN_FINDINGS: Final = 50
"""Maximum number of findings listed in the text of a failure."""
MAX_SEARCHED: Final = 1000
"""Number of newest entries searched for the one that comes closest to an expected message."""


def failure_text(
    transcript: Transcript, station: str, after: int, sentence: str, expected: Sequence[Pattern] = ()
) -> str:
    """Return ``sentence`` and lines that explain the failure, such as the last frames of the station.

    If a message was expected, some lines show the entry closest to it, of those numbered above ``after``.
    """
    return "\n".join(
        [
            sentence,
            *_closest(transcript, station, after, expected),
            *_too_early(transcript, station, after, expected),
            *_gap(transcript, after),
            *_connection(transcript, station),
            *_last_frames(transcript, station),
        ]
    )


def with_differences(entry: TranscriptEntry, found: Iterable[PayloadDifference]) -> list[str]:
    """Return a line with the entry, and a line for each difference from the expected message."""
    return [f"  {entry.as_line(MAX_DETAILED_CHARACTERS)}", *(f"    {difference}" for difference in found)]


def problem_text(problem: ApiError) -> str:
    """Return the detail of a problem, and the journal entry that came closest to a match, if it names one."""
    lines = [problem.detail]
    if closest := problem.members.get("closest"):
        found = [
            PayloadDifference(each["field"], each["expected"], each["actual"])
            for each in closest["differences"]
        ]
        lines += ["closest:", *with_differences(TranscriptEntry.of_json(closest["entry"]), found)]
    return "\n".join(lines)


def findings_text(findings: Sequence[StationFinding]) -> str:
    """Return a text with the number of findings, and a line for each of the first `MAX_SHOWN_FINDINGS`."""
    shown = findings[:MAX_SHOWN_FINDINGS]
    left_out = [f"  and {len(findings) - len(shown)} more"] if len(findings) > len(shown) else []
    count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    return "\n".join([f"{count}:", *(f"  {each}" for each in shown), *left_out])


def _closest(transcript: Transcript, station: str, after: int, expected: Sequence[Pattern]) -> list[str]:
    if not expected:
        return []
    candidates = transcript.after(station, after)[-MAX_SEARCHED:]
    nearest = min(
        (
            (weight(found), -entry.number, entry, found)
            for entry in candidates
            for each in expected
            if each.concerns(entry) and (found := each.differences(entry))
        ),
        key=lambda candidate: candidate[:2],
        default=None,
    )
    if nearest is not None:
        return ["closest:", *with_differences(nearest[2], nearest[3])]
    is_known = len(transcript.of(station)) > 0
    return _seen_instead(candidates, after) if is_known else []


def _seen_instead(candidates: Sequence[TranscriptEntry], after: int) -> list[str]:
    counts = Counter(entry.action for entry in candidates if is_from_station(entry))
    seen = ", ".join(f"{count} {action}" for action, count in counts.most_common()) or "nothing"
    return [f"since #{after} the station sent {seen}"]


def _too_early(transcript: Transcript, station: str, after: int, expected: Sequence[Pattern]) -> list[str]:
    """Return a line about the newest matching entry before the cursor; empty if there is none."""
    for entry in reversed(transcript.of(station)[-MAX_SEARCHED:]):
        if entry.number <= after and any(each.holds(entry) for each in expected):
            return [f"#{entry.number} matches, but it came before #{after}, the cursor of this handle"]
    return []


def _gap(transcript: Transcript, after: int) -> list[str]:
    if after + 1 >= transcript.first_complete:
        return []
    return [
        f"the entries before #{transcript.first_complete} were dropped before this client could compare them"
    ]


def _connection(transcript: Transcript, station: str) -> list[str]:
    """Return a line if the station is unknown, is not connected, or connected before the client."""
    entries = transcript.of(station)
    if not entries:
        return [_never_seen(transcript, station)]
    for entry in reversed(entries):
        if entry.type in {"connected", "disconnected", "refused"}:
            return [] if entry.type == "connected" else [f"{station} is not connected"]
    return [f"{station} connected before #{transcript.first_complete}, the first entry of this client"]


def _never_seen(transcript: Transcript, station: str) -> str:
    """Return a line about a station without entries: the client may have connected after the station."""
    since = f"connected or sent anything since #{transcript.start}, when this client started"
    missing = since if transcript.start else "connected"
    address = f", and does it connect to {transcript.station_url}/{station}" if transcript.station_url else ""
    others = ", ".join(transcript.stations)
    seen = f" The server has seen {others}." if others else ""
    return f"{station} has never {missing}; is it running{address}?{seen}"


def _last_frames(transcript: Transcript, station: str) -> list[str]:
    entries = transcript.of(station)[-SHOWN_FRAMES:]
    return (
        [f"last frames of {station} (<- from the station, -> to it):", *(f"  {entry}" for entry in entries)]
        if entries
        else []
    )
