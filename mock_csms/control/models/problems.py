"""Problem details (RFC 9457), and the kinds of problems with their status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from mock_csms.control.models.base import Model, absent
from mock_csms.control.models.journal import JournalEntry
from mock_csms.control.models.waits import Verified
from mock_csms.verdict.matches import Match

URN: Final = "urn:ocpp2-mock-server:"
"""Prefix of the type of a problem."""


class ProblemDetails(BaseModel):
    """The reason why a request was not fulfilled (RFC 9457)."""

    model_config = ConfigDict(defer_build=True)

    type: str
    """Stable identifier of the kind of problem: `urn:ocpp2-mock-server:` and the name of the kind."""
    title: str
    """The HTTP status in words."""
    status: int
    """The HTTP status."""
    detail: str
    """Sentence about the cause, usually with the remedy."""


class FieldDifference(Model):
    """A field of an entry that does not meet the `match` of the request."""

    field: str
    """Name of the field, or the path to it, such as `payload.reason`."""
    expected: Any
    """Value that `match` requires."""
    actual: Any
    """Value in the entry; null if the entry does not have the field."""


class ClosestEntry(Model):
    """The journal entry that differs least from a `match` of the request, without meeting it."""

    entry: JournalEntry
    """The journal entry."""
    match: Match
    """The `match` of the request from which the entry differs least."""
    differences: list[FieldDifference]
    """The fields of the entry that do not meet this `match`."""


class ExpectedEntries(Model):
    """The conditions on the entries that a request waited for, and the required number of entries."""

    match: Match | None = absent()
    """`match` of the request."""
    any_of: list[Match] | None = absent(alias="any")
    """`any` of the request, which has several matches in place of `match`."""
    times: int
    """Number of matching entries that were required."""


class WaitProblem(ProblemDetails):
    """Problem details of a wait that has failed."""

    expected: ExpectedEntries
    """The conditions on the entries, and their required number."""
    actual: list[JournalEntry]
    """The matching entries that came before the wait failed."""


class WaitTimeout(WaitProblem):
    """Too few matching entries came in time."""

    closest: ClosestEntry | None
    """The entry that comes closest to a match; null if there is none."""


class WaitUnless(WaitProblem):
    """An unwanted entry came before enough matching entries."""

    entry: JournalEntry
    """The unwanted entry."""
    unless: Match
    """The match in `unless` of the request that the unwanted entry meets."""


class ExpectedNumber(Model):
    """The number of matching entries that the request expected."""

    match: Match
    """The match of the request."""
    times: int | None = absent()
    """Exact number of matching entries."""
    at_least: int | None = absent()
    """Minimum number of matching entries."""
    at_most: int | None = absent()
    """Maximum number of matching entries."""


class WrongNumber(ProblemDetails):
    """The number of matching entries is not the expected one."""

    expected: ExpectedNumber
    """The match of the request, and the number of entries that it requires."""
    actual: Verified
    """The actual number of matching entries, and the newest of them."""
    closest: ClosestEntry | None
    """If too few entries match, the entry that comes closest to matching. Null if there is no such entry, or
    if too many entries match.
    """


class ProblemKind(NamedTuple):
    """A kind of problem: its status, an example of its detail, and its model."""

    status: HTTPStatus
    detail: str
    model: type[ProblemDetails] = ProblemDetails


_CONFLICT = HTTPStatus.CONFLICT
_INVALID = HTTPStatus.UNPROCESSABLE_ENTITY
_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE

PROBLEM_KINDS: Final[Mapping[str, ProblemKind]] = {
    "unauthorized": ProblemKind(
        HTTPStatus.UNAUTHORIZED,
        "send the header Authorization: Bearer TOKEN, with the token of --control-token",
    ),
    "forbidden": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "pages of http://example.com may not use the control API; allow them with --control-origins",
    ),
    "not-found": ProblemKind(HTTPStatus.NOT_FOUND, "there is no GET /v2; /docs lists the operations"),
    "unknown-station": ProblemKind(HTTPStatus.NOT_FOUND, "no station 'CS9' is known; did you mean CS1?"),
    "unknown-listener": ProblemKind(HTTPStatus.NOT_FOUND, "there is no listener 'mian'; did you mean main?"),
    "unknown-rule": ProblemKind(HTTPStatus.NOT_FOUND, "there is no rule 'lost'"),
    "unknown-scope": ProblemKind(HTTPStatus.NOT_FOUND, "no scope 'TC_E_14' is open; did you mean TC_E_41?"),
    "unknown-token": ProblemKind(HTTPStatus.NOT_FOUND, "there is no token 'AABBCCDD'"),
    "no-rehearsal": ProblemKind(
        HTTPStatus.NOT_FOUND, "there is no certification rehearsal; `mock-csms certify` starts one"
    ),
    "unknown-case": ProblemKind(
        HTTPStatus.NOT_FOUND, "the run has no case 'TC_B_1_CS'; did you mean TC_B_01_CS?"
    ),
    "unknown-prompt": ProblemKind(HTTPStatus.NOT_FOUND, "prompt '6' is not open; the prompt is 7 now"),
    "unknown-action": ProblemKind(
        HTTPStatus.NOT_FOUND, "OCPP 2.0.1 has no action 'Rset'; did you mean Reset?"
    ),
    "unknown-file": ProblemKind(HTTPStatus.NOT_FOUND, "there is no file firmware-2.bin"),
    "invalid-range": ProblemKind(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        "the file has 2 bytes; ask for a range that begins within it",
    ),
    "not-offline": ProblemKind(
        HTTPStatus.NOT_FOUND, "the mock is not offline for CS1; POST to this path takes it offline"
    ),
    "method-not-allowed": ProblemKind(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "there is no GET /v1/reset; use POST, or another path: /docs lists the operations",
    ),
    "body-timeout": ProblemKind(HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive within 30 s"),
    "wait-timeout": ProblemKind(
        HTTPStatus.REQUEST_TIMEOUT, "0 of 1 matching entries within 0.1 s", WaitTimeout
    ),
    "wait-unless": ProblemKind(
        _CONFLICT, 'entry 17 meets "unless" after 0 of 1 matching entries', WaitUnless
    ),
    "rehearsal-too-large": ProblemKind(
        _CONFLICT, "the cases of a run have at most 16777216 bytes in all; send shorter steps"
    ),
    "prompt-answered": ProblemKind(_CONFLICT, "prompt 7 has been answered already: done"),
    "not-verified": ProblemKind(_CONFLICT, "1 matching entries, expected at least 2", WrongNumber),
    "not-connected-in-time": ProblemKind(
        HTTPStatus.REQUEST_TIMEOUT, "CS1 did not connect within 60 s, so Reset was not sent"
    ),
    "not-connected": ProblemKind(_CONFLICT, "CS1 is not connected"),
    "not-sent": ProblemKind(
        _CONFLICT,
        "the boot of CS1 was Rejected, so no command may be sent (B03.FR.03); "
        '"validate": false sends it anyway',
    ),
    "nothing-held": ProblemKind(
        _CONFLICT,
        'nothing is held for CS1; the fault "hold" holds answers, and certificates = "hold" holds signed '
        "certificates",
    ),
    "name-taken": ProblemKind(_CONFLICT, "logs is a folder; upload under another name"),
    "too-many-offline": ProblemKind(
        _CONFLICT, "the mock is offline for 1000 stations already; end some with DELETE"
    ),
    "too-many-profiles": ProblemKind(
        _CONFLICT, "20000 stations have a changed profile, the maximum; POST /v1/reset first"
    ),
    "too-many-rules": ProblemKind(_CONFLICT, "there are 1000 rules, the maximum; delete one first"),
    "too-many-scopes": ProblemKind(
        _CONFLICT, "1000 scopes are open, the maximum; revert one with DELETE /v1/scopes/{name}"
    ),
    "too-many-tokens": ProblemKind(_CONFLICT, "10000 tokens have changed, the maximum; POST /v1/reset first"),
    "body-too-large": ProblemKind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body must not be larger than 1048576 bytes"
    ),
    "upload-too-large": ProblemKind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "an upload must not be larger than 104857600 bytes (--max-upload)",
    ),
    "invalid-request": ProblemKind(_INVALID, "body: there is no key 'Action'; did you mean action?"),
    "not-one-station": ProblemKind(
        _INVALID, "the mock goes offline for one station at a time; name each station instead of 'CS*'"
    ),
    "unknown-parameter": ProblemKind(
        _INVALID, "there is no parameter 'staton' here; did you mean station?; this operation takes station"
    ),
    "unknown-finding": ProblemKind(
        _INVALID, "there is no finding heartbeat-mising; did you mean heartbeat-missing?"
    ),
    "unknown-event": ProblemKind(
        _INVALID,
        "there is no event 5 yet, the newest is 0; if the server has been restarted, begin with since=0",
    ),
    "unknown-command": ProblemKind(_INVALID, "there is no command 'Rset'; did you mean Reset?"),
    "invalid-payload": ProblemKind(
        _INVALID, "the payload breaks the schema of Reset: type: 'Now' is not one of 'Immediate' or 'OnIdle'"
    ),
    "list-too-long": ProblemKind(
        _INVALID,
        "CS1 accepts at most 4 items of getVariableData in a GetVariables (B06.FR.05); "
        '"split": true sends it in parts, and "validate": false sends it as it is',
    ),
    "nothing-to-do": ProblemKind(
        _INVALID, "RequestStopTransaction has no default payload for CS1 now: no transaction is running"
    ),
    "invalid-close-code": ProblemKind(
        _INVALID, "code: 1005 cannot be sent as a close code; use 1000 to 1003, 1007 to 1014 or 3000 to 4999"
    ),
    "invalid-close-reason": ProblemKind(
        _INVALID, "reason: the reason in a close frame must not be longer than 123 bytes"
    ),
    "invalid-profile": ProblemKind(
        _INVALID, "there is no key 'heartbeatIntervall'; did you mean heartbeatInterval?"
    ),
    "invalid-password": ProblemKind(
        _INVALID, "the password has 5 characters; a station accepts 16 to 40 (A00.FR.205)"
    ),
    "invalid-rule": ProblemKind(_INVALID, "then.0.fault: there is no fault 'delai'; did you mean delay?"),
    "invalid-token": ProblemKind(
        _INVALID,
        "status: Input should be 'Accepted', 'Blocked' or 'Expired', not 'blocked'; did you mean Blocked?",
    ),
    "invalid-listener": ProblemKind(_INVALID, "securityProfile: 2 needs TLS"),
    "no-file": ProblemKind(_INVALID, "the form has no file"),
    "internal-server-error": ProblemKind(
        HTTPStatus.INTERNAL_SERVER_ERROR, "the mock server failed; its log says why"
    ),
    "no-certificates": ProblemKind(
        _UNAVAILABLE, "the certificates cannot be used: pki is locked by another process"
    ),
    "stopping": ProblemKind(
        _UNAVAILABLE, "the server is stopping; a command may have been sent, but its answer is unknown"
    ),
    "too-many-requests": ProblemKind(
        _UNAVAILABLE, "the server handles at most 2000 requests at a time; try again later"
    ),
    "too-many-streams": ProblemKind(
        _UNAVAILABLE,
        "100 event streams are open, the maximum; close one, or follow all stations with one stream "
        "(without 'station')",
    ),
    "too-many-waits": ProblemKind(_UNAVAILABLE, "1000 waits are open, the maximum; try again later"),
    "not-stored": ProblemKind(
        HTTPStatus.INSUFFICIENT_STORAGE, "the upload cannot be stored: No space left on device"
    ),
    "uploads-full": ProblemKind(
        HTTPStatus.INSUFFICIENT_STORAGE,
        "the uploads have reached their limit of 1000 files or 1048576000 bytes; delete files from the "
        "folder, or raise --max-upload",
    ),
}
"""Kinds of problems by name, which is the end of their ``type``."""
