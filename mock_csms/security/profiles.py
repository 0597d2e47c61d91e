"""Decides whether the credentials of a station meet its security profile (A00)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

from mock_csms.security.basic import BadAuthorization, BasicCredentials, parse_authorization
from mock_csms.security.passwords import Password
from mock_csms.text import truncate
from mock_csms.transport.handshake import is_identifier_string

BASIC_PROFILES: Final = frozenset({1, 2})
"""Security profiles with a password: 1 without TLS and 2 with TLS. Profile 3 has client certificates
(A00).
"""
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="OCPP", charset="UTF-8"'}
MAX_USER: Final = 60


class Presented(NamedTuple):
    """Credentials that a station presents at its opening handshake."""

    authorization: Sequence[str] = ()
    """Values of the Authorization headers in the handshake request."""
    is_encrypted: bool = False
    """Whether the connection is TLS."""
    certificate_flaw: str | None = None
    """Reason to reject the client certificate; empty if it is accepted, None if the station sent none."""


class Required(NamedTuple):
    """Security profile and passwords that the server requires of a connecting station."""

    identity: str
    security_profile: int
    """Security profile of the station or of the port, whichever is higher."""
    passwords: Sequence[Password] = ()
    """Passwords that are accepted; several while the station has not confirmed a password change."""
    former: Password | None = None
    """Password before the last change; no longer accepted."""


class Clearance(NamedTuple):
    """Decision about a station; if it is not admitted, ``status`` and ``reason`` are set."""

    status: HTTPStatus | None = None
    kind: str = ""
    """Label of the refusal in the metrics."""
    reason: str = ""
    password: Password | None = None
    """The one of `Required.passwords` that the station sent; None if none matched or none was checked."""
    remark: str = ""
    """Remark on credentials that were not needed, for the log."""

    @property
    def headers(self) -> dict[str, str]:
        """Additional headers of the response to a refused handshake."""
        return CHALLENGE if self.status is HTTPStatus.UNAUTHORIZED else {}


ADMITTED: Final = Clearance()


def judge(required: Required, presented: Presented) -> Clearance:
    """Decide whether a station is admitted."""
    match required.security_profile:
        case 0:
            return _without_requirement(required, presented)
        case 2 | 3 if not presented.is_encrypted:
            return _refuse_plain_text(required.security_profile)
        case 3:
            return _judge_certificate(presented.certificate_flaw)
    if not presented.authorization and presented.certificate_flaw == "":
        return ADMITTED  # a valid client certificate is enough for a lower profile too
    return _judge_password(required, presented.authorization)


def _refuse_plain_text(profile: int) -> Clearance:
    return Clearance(
        HTTPStatus.FORBIDDEN,
        "security-profile",
        f"it speaks plain text (ws://), but security profile {profile} requires TLS; set the station to "
        f"wss:// and security profile {profile}",
    )


def _judge_certificate(flaw: str | None) -> Clearance:
    if flaw == "":
        return ADMITTED
    reason = flaw or (
        "it sent no client certificate, which security profile 3 requires; install one in the station, or "
        "set it to security profile 3"
    )
    return Clearance(HTTPStatus.FORBIDDEN, "client-certificate", reason)


def _judge_password(required: Required, authorization: Sequence[str]) -> Clearance:
    if not required.passwords:
        return _unauthorized(
            f"no password is configured for {required.identity}; set --password, or password below "
            f'[stations."{required.identity}"]'
        )
    try:
        credentials = parse_authorization(authorization)
    except BadAuthorization as error:
        return _unauthorized(str(error))
    password = _matching(required.passwords, credentials.password)
    if flaw := _user_flaw(required, credentials):
        return _unauthorized(flaw)
    if password is None:
        return _unauthorized(_password_flaw(required, credentials.password))
    return Clearance(password=password)


def _unauthorized(reason: str) -> Clearance:
    return Clearance(HTTPStatus.UNAUTHORIZED, "password", reason)


def _matching(passwords: Sequence[Password], given: bytes) -> Password | None:
    """Return the password that matches. All are compared, so the time does not reveal which one it is."""
    matching = [password for password in passwords if password.matches(given)]
    return matching[0] if matching else None


def _user_flaw(required: Required, credentials: BasicCredentials) -> str:
    """Describe the error if the user name is not the identity (A00.FR.204). Case does not matter."""
    user = credentials.user.decode(errors="backslashreplace")
    if _is_same_identity(user, required.identity):
        return ""
    if _is_in_wrong_order(required, credentials):
        return "it sent its password as the user name; send IDENTITY:PASSWORD in this order (A00.FR.204)"
    return (
        f"its user name {truncate(repr(user), MAX_USER)} differs from its identity {required.identity!r} in "
        "the URL; set the user name to the identity (A00.FR.204)"
    )


def _is_same_identity(user: str, identity: str) -> bool:
    """Return whether a user name equals an identity. Case does not matter in an identifierString."""
    return user == identity or (is_identifier_string(user) and user.lower() == identity.lower())


def has_secret_user(required: Required, authorization: Sequence[str]) -> bool:
    """Return whether the user name in the Authorization header is probably a password.

    This happens if a station swaps the two. The user name must then not be logged.
    """
    try:
        return _is_in_wrong_order(required, parse_authorization(authorization[:1]))
    except BadAuthorization:
        return False


def _is_in_wrong_order(required: Required, credentials: BasicCredentials) -> bool:
    """Return whether a station sent PASSWORD:IDENTITY, or its present or former password as user name."""
    last_part = credentials.password.rpartition(b":")[2].decode(errors="backslashreplace")
    if _is_same_identity(last_part, required.identity):
        return not _is_same_identity(credentials.user.decode(errors="backslashreplace"), required.identity)
    known = [*required.passwords, required.former] if required.former else required.passwords
    return _matching(known, credentials.user) is not None


def _password_flaw(required: Required, given: bytes) -> str:
    if not given:
        return "its password is empty; set BasicAuthPassword in the station"
    if required.former and required.former.matches(given):
        return (
            "its password was valid before the last change (A01.FR.03); set the current one in the station, "
            f"or restore this one with PUT /v1/stations/{required.identity}/password"
        )
    try:
        given.decode()
    except UnicodeDecodeError:
        return (
            "its password is not UTF-8; send the text itself in UTF-8, not octets as in OCPP 1.6 (A00.FR.205)"
        )
    if given.strip() != given:
        return (
            "its password is wrong; it begins or ends with a space or a line break, which the station "
            "should not send"
        )
    return (
        "its password is wrong; compare BasicAuthPassword in the station with the password of "
        f'{required.identity} in the mock (--password, [stations."{required.identity}"], or a change at run '
        "time)"
    )


def _without_requirement(required: Required, presented: Presented) -> Clearance:
    """Admit a station at security profile 0 with any credentials.

    If a password is configured and the station sent one, add a remark on whether it is right.
    """
    if not presented.authorization or not required.passwords:
        return ADMITTED
    clearance = _judge_password(required, presented.authorization)
    if clearance.status is None:
        return clearance._replace(remark="its password is right, but security profile 0 does not need one")
    return Clearance(remark=f"security profile 1 would refuse it: {clearance.reason}")
