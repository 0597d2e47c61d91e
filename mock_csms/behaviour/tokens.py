"""Who may charge: the book of idTokens, and what is said of each (C01 to C16)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, PositiveInt
from pydantic.alias_generators import to_camel

from mock_csms.messages import JsonObject
from mock_csms.text import timestamp

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
"""What a token may be found to be that makes a contract certificate worthless (errata 2.4.1)."""


def _in_utc(moment: datetime) -> datetime:
    """Read a moment without a zone as UTC."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a moment within the years 1 to 9999") from None


def _no_number(value: object) -> object:
    """Numbers are seconds from now, never since the epoch."""
    if isinstance(value, int | float):
        raise ValueError("too many seconds")
    return value


A_CENTURY: Final = 3_155_760_000
SecondsFromNow = Annotated[FiniteFloat, Field(ge=-A_CENTURY, le=A_CENTURY)]
ExpiryTime = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_in_utc)]


class Token(BaseModel):
    """One idToken; what is not said of it is not told to the station."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, defer_build=True
    )

    status: AuthorizationStatus = "Accepted"
    type: IdTokenType | None = None
    """Only a token presented with this type is this token."""
    group_id_token: Annotated[str, Field(max_length=36)] | None = None
    cache_expiry: SecondsFromNow | ExpiryTime | None = None
    """When a station has to forget it: a moment, or seconds from the answer on."""
    personal_message: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    evse_id: tuple[PositiveInt, ...] = ()
    """The EVSEs it is good for; all of the station if empty."""
    language: Annotated[str, Field(max_length=8)] | None = None
    certificate_status: CertificateStatus | None = None
    """What is said of a certificate that comes with it; by default what follows from the status."""

    def info(self, clock: Callable[[], datetime]) -> JsonObject:
        """What is said of it, as IdTokenInfoType; the clock tells from when on seconds count."""
        info: JsonObject = {"status": self.status}
        if self.group_id_token is not None:
            info["groupIdToken"] = {"idToken": self.group_id_token, "type": "Central"}
        if self.cache_expiry is not None:
            info["cacheExpiryDateTime"] = timestamp(_moment(self.cache_expiry, clock))
        if self.personal_message is not None:
            message = {"format": "UTF8", "content": self.personal_message, "language": self.language}
            info["personalMessage"] = {name: value for name, value in message.items() if value}
        if self.evse_id:
            info["evseId"] = list(self.evse_id)
        if self.language is not None:
            info["language1"] = self.language
        return info


def _moment(expiry: float | datetime, clock: Callable[[], datetime]) -> datetime:
    return expiry if isinstance(expiry, datetime) else clock() + timedelta(seconds=expiry)


@cache
def _stranger(status: AuthorizationStatus) -> Token:
    """A token of which nothing is known but how it is found to be."""
    return Token(status=status)


def merge_tokens[It](tokens: Mapping[str, It], stronger: Mapping[str, It]) -> dict[str, It]:
    """Lay tokens over others, by idToken in whatever case."""
    replaced = {name.lower() for name in stronger}
    return {**{name: it for name, it in tokens.items() if name.lower() not in replaced}, **stronger}


@dataclass(frozen=True, slots=True)
class TokenBook:
    """What is known of tokens, and how an unknown one is found to be; all idTokens in lower case."""

    tokens: Mapping[str, Token]
    mode: AuthMode = "normal"
    whitelist: frozenset[str] = frozenset()
    blacklist: frozenset[str] = frozenset()
    unknown: AuthorizationStatus = "Accepted"
    group_id_token: str | None = None
    cache_expiry: float | None = None

    def find(self, id_token: JsonObject) -> Token:
        """What is known of an IdTokenType, or what holds for one that is not known."""
        name = str(id_token.get("idToken", "")).lower()
        token = self.tokens.get(name)
        if token is None or token.type not in {None, id_token.get("type")}:
            token = _stranger(self._status_of_unknown(name))
        elif self.mode == "rate_limit":
            token = token.model_copy(update={"status": "NotAtThisTime"})
        if self.group_id_token is None and self.cache_expiry is None:
            return token
        more = {"group_id_token": self.group_id_token, "cache_expiry": self.cache_expiry}
        missing = {name: it for name, it in more.items() if it is not None and getattr(token, name) is None}
        return token.model_copy(update=missing) if missing else token

    def as_presented(self, name: str) -> JsonObject:
        """The IdTokenType of an idToken, an RFID card where nobody says what it is."""
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


def certificate_status(token: Token, *, expired: bool) -> CertificateStatus:
    """What is said of a contract certificate that comes with a token (C07, errata 2.4.1)."""
    if token.certificate_status is not None:
        return token.certificate_status
    if expired:
        return "CertificateExpired"
    return "ContractCancelled" if token.status in CANCELS_THE_CONTRACT else "Accepted"


type ChargingPlace = tuple[str, str]
"""A station and one of its transactions."""


@dataclass(slots=True)
class Charging:
    """Which tokens charge where."""

    _places: dict[str, set[ChargingPlace]] = field(default_factory=dict)
    _tokens: dict[ChargingPlace, str] = field(default_factory=dict)

    def begin(self, id_token: JsonObject, station: str, transaction: str) -> None:
        """Note that a token is used in a transaction."""
        place = station, transaction
        name = str(id_token.get("idToken", "")).lower()
        if name and self._tokens.get(place) != name:
            self.end(station, transaction)
            self._tokens[place] = name
            self._places.setdefault(name, set()).add(place)

    def end(self, station: str, transaction: str) -> None:
        """Note that a transaction has ended."""
        place = station, transaction
        name = self._tokens.pop(place, None)
        if name is not None:
            self._places[name].discard(place)
            if not self._places[name]:
                del self._places[name]

    def elsewhere(self, id_token: JsonObject, station: str, transaction: str | None = None) -> bool:
        """Tell whether a token charges anywhere but in this transaction.

        Without a transaction, a running one of the same station does not count: its driver may be about to
        stop it (E07).
        """
        places = self._places.get(str(id_token.get("idToken", "")).lower(), set())
        if transaction is None:
            return any(place[0] != station for place in places)
        return bool(places - {(station, transaction)})
