"""Authorization: idTokens, their status, and where they charge (C01 to C16)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, PositiveInt
from pydantic.alias_generators import to_camel

from mock_csms.messages import JsonObject
from mock_csms.text import is_language_tag, timestamp

AuthMode = Literal["normal", "whitelist", "blacklist", "rate_limit"]
AuthorizationStatus = Literal[
    "Accepted",
    "Blocked",
    "ConcurrentTx",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
]
IdTokenType = Literal[
    "Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization"
]
CertificateStatus = Literal[
    "Accepted",
    "SignatureError",
    "CertificateExpired",
    "CertificateRevoked",
    "NoCertificateAvailable",
    "CertChainError",
    "ContractCancelled",
]

CANCELS_THE_CONTRACT: Final = frozenset({"Blocked", "Expired", "Invalid", "Unknown"})
"""Statuses of an idToken that cancel its contract certificate (errata 2.4.1)."""


def _in_utc(moment: datetime) -> datetime:
    """Convert to UTC, taking a time without a zone as UTC."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("must be within the years 1 to 9999 when converted to UTC") from None


def _reject_number(value: object) -> object:
    """Reject a number that is not valid as seconds from now; pydantic would read it as a time since 1970."""
    if isinstance(value, int | float):
        raise ValueError("too many seconds; the time must be within the years 1 to 9999")
    return value


def _language_tag(text: str) -> str:
    """Return a language tag; raises ValueError if it is not valid by RFC 5646 (C01.FR.17)."""
    if not is_language_tag(text):
        raise ValueError(f"{text!r} is not a language tag of RFC 5646, such as en or en-US")
    return text


A_CENTURY: Final = 3_155_760_000
SecondsFromNow = Annotated[FiniteFloat, Field(ge=-A_CENTURY, le=A_CENTURY)]
ExpiryTime = Annotated[datetime, BeforeValidator(_reject_number), AfterValidator(_in_utc)]


class Token(BaseModel):
    """An idToken; fields that are not set are not sent to the station."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, defer_build=True
    )

    status: AuthorizationStatus = "Accepted"
    """Status in the idTokenInfo."""
    type: IdTokenType | None = None
    """Type that a station must present the token with; if not set, any type."""
    group_id_token: Annotated[str, Field(max_length=36)] | None = None
    """groupIdToken in the idTokenInfo, of the type Central."""
    cache_expiry: SecondsFromNow | ExpiryTime | None = None
    """When the station's cache entry expires: a time, or seconds after the answer."""
    personal_message: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """personalMessage in the idTokenInfo, in the format UTF8."""
    evse_id: tuple[PositiveInt, ...] = ()
    """EVSEs that the token may use; empty: all EVSEs of the station."""
    language: Annotated[str, Field(max_length=8), AfterValidator(_language_tag)] | None = None
    """language1 in the idTokenInfo, and the language of the personalMessage."""
    certificate_status: CertificateStatus | None = None
    """certificateStatus in the answer to an Authorize with the token and a contract certificate; if it is not
    set, the mock derives it from the certificate and the ``status`` of the token.
    """

    def info(self, clock: Callable[[], datetime]) -> JsonObject:
        """Make the token's IdTokenInfoType; a ``cache_expiry`` in seconds is added to ``clock()``."""
        info: JsonObject = {"status": self.status}
        if self.group_id_token is not None:
            info["groupIdToken"] = {"idToken": self.group_id_token, "type": "Central"}
        if self.cache_expiry is not None:
            info["cacheExpiryDateTime"] = timestamp(_expiry_time(self.cache_expiry, clock))
        if self.personal_message is not None:
            message = {"format": "UTF8", "content": self.personal_message, "language": self.language}
            info["personalMessage"] = {name: value for name, value in message.items() if value}
        if self.evse_id and self.status != "NotAtThisLocation":  # without a list of EVSEs (C01.FR.22)
            info["evseId"] = list(self.evse_id)
        if self.language is not None:
            info["language1"] = self.language
        return info


def _expiry_time(expiry: float | datetime, clock: Callable[[], datetime]) -> datetime:
    return expiry if isinstance(expiry, datetime) else clock() + timedelta(seconds=expiry)


@cache
def _unknown_token(status: AuthorizationStatus) -> Token:
    """Stand-in for an unknown idToken with the given status."""
    return Token(status=status)


def merge_tokens[Value](tokens: Mapping[str, Value], overrides: Mapping[str, Value]) -> dict[str, Value]:
    """Merge tokens with overrides; idTokens that differ only in case are the same."""
    replaced = {name.lower() for name in overrides}
    kept = {name: token for name, token in tokens.items() if name.lower() not in replaced}
    return {**kept, **overrides}


@dataclass(frozen=True, slots=True)
class TokenBook:
    """Known tokens, and the status of unknown idTokens. All idTokens in the fields are in lower case."""

    tokens: Mapping[str, Token]
    mode: AuthMode = "normal"
    whitelist: frozenset[str] = frozenset()
    blacklist: frozenset[str] = frozenset()
    unknown: AuthorizationStatus = "Accepted"
    group_id_token: str | None = None
    cache_expiry: float | None = None

    def find(self, id_token: JsonObject) -> Token:
        """Find the token for an IdTokenType; return a stand-in for an unknown idToken."""
        name = str(id_token.get("idToken", "")).lower()
        token = self.tokens.get(name)
        if token is None or token.type not in {None, id_token.get("type")}:
            token = _unknown_token(self._status_of_unknown(name))
        elif self.mode == "rate_limit":
            token = token.model_copy(update={"status": "NotAtThisTime"})
        if self.group_id_token is None and self.cache_expiry is None:
            return token
        defaults = {"group_id_token": self.group_id_token, "cache_expiry": self.cache_expiry}
        missing = {
            field_name: default
            for field_name, default in defaults.items()
            if default is not None and getattr(token, field_name) is None
        }
        return token.model_copy(update=missing) if missing else token

    def as_presented(self, name: str) -> JsonObject:
        """IdTokenType of an idToken: with its configured type, or as an RFID card (ISO14443)."""
        token = self.tokens.get(name.lower())
        return {"idToken": name, "type": (token and token.type) or "ISO14443"}

    def _status_of_unknown(self, name: str) -> AuthorizationStatus:
        match self.mode:
            case "whitelist":
                return "Accepted" if name in self.whitelist else "Blocked"
            case "blacklist":
                return "Blocked" if name in self.blacklist else self.unknown
            case "rate_limit":
                return "NotAtThisTime"
            case _:
                return self.unknown


ChainState = Literal["valid", "expired", "revoked", "unverifiable"]
"""State of a contract certificate chain."""

type ContractStatus = tuple[CertificateStatus, AuthorizationStatus]
"""certificateStatus and idTokenInfo.status for one answer to Authorize; they must fit together."""

STATUS_OF_INVALID_CHAIN: Final[Mapping[ChainState, ContractStatus]] = {
    "expired": ("CertificateExpired", "Expired"),
    "revoked": ("CertificateRevoked", "Invalid"),
    "unverifiable": ("CertChainError", "Invalid"),
}
"""Statuses for a chain that is not valid (C07.FR.15, C07.FR.16, C07.FR.17)."""


def contract_status(token: Token, chain: ChainState) -> ContractStatus:
    """Statuses for a token presented with a contract certificate (C07.FR.13 to C07.FR.17).

    If a certificate_status is configured for the token, it is returned. The token's status beside it is the
    configured one; if none is configured, it is one that fits the certificate_status.
    """
    if token.certificate_status is not None:
        return token.certificate_status, _status_beside(token.certificate_status, token)
    if chain != "valid":
        return STATUS_OF_INVALID_CHAIN[chain]
    return "ContractCancelled" if token.status in CANCELS_THE_CONTRACT else "Accepted", token.status


def _status_beside(certificate_status: CertificateStatus, token: Token) -> AuthorizationStatus:
    """Status of a token with a configured certificate_status: its own configured status, or one that fits."""
    if certificate_status == "Accepted" or "status" in token.model_fields_set:
        return token.status
    return "Expired" if certificate_status == "CertificateExpired" else "Invalid"


type ChargingPlace = tuple[str, str]
"""A station and one of its transactions."""


MAX_CHARGING: Final = 50_000
"""Maximum number of transactions in `Charging`; above it, the oldest ones count as ended."""
MAX_ID_TOKEN_LENGTH: Final = 255


@dataclass(slots=True)
class Charging:
    """Running transactions by idToken. They show which idTokens are charging in two places at once."""

    _places_by_token: dict[str, set[ChargingPlace]] = field(default_factory=dict)
    _token_by_place: dict[ChargingPlace, str] = field(default_factory=dict)

    def begin(self, id_token: JsonObject, station: str, transaction: str) -> None:
        """Record that a token is used in a transaction."""
        place = station, transaction
        name = str(id_token.get("idToken", "")).lower()
        if name and len(name) <= MAX_ID_TOKEN_LENGTH and self._token_by_place.get(place) != name:
            self.end(station, transaction)
            if len(self._token_by_place) >= MAX_CHARGING:
                self.end(*next(iter(self._token_by_place)))
            self._token_by_place[place] = name
            self._places_by_token.setdefault(name, set()).add(place)

    def end(self, station: str, transaction: str) -> None:
        """Record the end of a transaction."""
        place = station, transaction
        name = self._token_by_place.pop(place, None)
        if name is not None:
            self._places_by_token[name].discard(place)
            if not self._places_by_token[name]:
                del self._places_by_token[name]

    def elsewhere(self, id_token: JsonObject, station: str, transaction: str | None = None) -> bool:
        """Return whether a token is charging in another transaction.

        With ``transaction=None``, transactions at the same station do not count, because the driver may be
        about to stop one of them (E07).
        """
        places = self._places_by_token.get(str(id_token.get("idToken", "")).lower(), set())
        if transaction is None:
            return any(place[0] != station for place in places)
        return bool(places - {(station, transaction)})
