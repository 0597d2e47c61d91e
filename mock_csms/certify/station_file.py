"""The station file: what a station claims to support, its tokens, its times and its rig."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    ValidationError,
)
from pydantic_core import ErrorDetails

from mock_csms.certify.catalogue import CATALOGUE
from mock_csms.certify.conditions import known_feature
from mock_csms.certify.features import PROFILES
from mock_csms.errors import UsageError
from mock_csms.text import suggest, suggest_or_list, truncate

MAX_STATION_FILE_BYTES: Final = 1_000_000
"""Maximum size of a station file."""
MAX_TIME_S: Final = 86_400.0
"""Maximum of a time in the station file: a day."""
MAX_SHOWN_VALUE: Final = 100
"""Maximum characters of a wrong value in an error."""


class Strict(BaseModel):
    """A table of the station file; unknown keys are errors."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True
    )


class CaseToken(Strict):
    """An idToken."""

    id_token: Annotated[str, Field(alias="idToken", min_length=1, max_length=36)] = "AABBCCDD"
    type: str = "ISO14443"

    @property
    def as_json(self) -> dict[str, str]:
        """The token as IdTokenType."""
        return {"idToken": self.id_token, "type": self.type}


def _known_profile(name: str) -> str:
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}{suggest_or_list(name, PROFILES)}")
    return name


def _known_case(case_id: str) -> str:
    if case_id not in CATALOGUE:
        hint = suggest(case_id, CATALOGUE) or "; certify --list shows all ids"
        raise ValueError(f"unknown case {case_id!r}{hint}")
    return case_id


def _identity(text: str) -> str:
    if not text.isprintable():
        raise ValueError("an identity has printable characters only")
    return text


def _distinct(slots: tuple[int, int]) -> tuple[int, int]:
    if slots[0] == slots[1]:
        raise ValueError(f"write two different slots such as [1, 2], not {list(slots)}")
    return slots


Identity = Annotated[str, Field(min_length=1, max_length=48), AfterValidator(_identity)]
PlaceId = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Id of an EVSE or connector, at least 1; EVSE 0 would be the station itself."""


class StationTable(Strict):
    """Table ``[station]``: identity, certification profiles and features of the station."""

    identity: Identity = "CS001"
    profiles: tuple[Annotated[str, AfterValidator(_known_profile)], ...] = ("Core",)
    """Certification profiles that the station is to pass."""
    evses: Annotated[
        Mapping[PlaceId, Annotated[tuple[PlaceId, ...], Field(min_length=1)]], Field(min_length=1)
    ] = {1: (1,), 2: (1,)}
    """Connectors by EVSE; the cases use the first EVSE and its first connector."""
    features: tuple[Annotated[str, AfterValidator(known_feature)], ...] = ()
    """Optional features that the station claims, by their ids in Part 5."""
    slots: Annotated[tuple[int, int], AfterValidator(_distinct)] = (1, 2)
    """Two slots of the station for network profiles, which the cases use."""
    password: str | None = Field(default=None, repr=False)
    """BasicAuthPassword of the station; cases that change the password restore this one."""
    start: Literal["local", "remote"] = "local"
    """Kind of authorization in cases that allow both: by a token at the station (local) or a remote start."""
    stop: Literal["local", "remote"] = "local"
    """Kind of stop in cases that allow both: by a token at the station (local) or a remote stop."""


class TokensTable(Strict):
    """Table ``[tokens]``: tokens that a person or rig can present at the station, and their groups."""

    valid: CaseToken = CaseToken()
    second: CaseToken = CaseToken(id_token="11223344")
    """Another token that the server accepts."""
    group: Annotated[str, Field(max_length=36)] = "GROUP1"
    """Group of the tokens in cases about groups."""
    invalid: CaseToken = CaseToken(id_token="DEADBEEF")
    """A token that the server refuses in cases about refused tokens."""
    master_pass: CaseToken = CaseToken(id_token="55667788")
    master_pass_group: Annotated[str, Field(max_length=36)] = "MASTERPASS"


class TimesTable(Strict):
    """Table ``[times]``: times in seconds."""

    message: Annotated[float, Field(gt=0, le=MAX_TIME_S)] = 30
    """Maximum time until an expected message comes."""
    boot: Annotated[float, Field(gt=0, le=MAX_TIME_S)] = 120
    """Maximum time of a restart."""
    deviation: Annotated[float, Field(ge=0, le=MAX_TIME_S)] = 4
    """Accepted deviation of measured times."""
    silence: Annotated[float, Field(gt=0, le=MAX_TIME_S)] = 5
    """Time for which the absence of a message is checked."""
    transaction: Annotated[float, Field(ge=0, le=MAX_TIME_S)] = 5
    """Time of energy transfer before a session is stopped."""
    ev_connection_timeout: Annotated[int, Field(gt=0, le=MAX_TIME_S)] = 15
    """EVConnectionTimeOut in cases about it."""
    aligned_interval: Annotated[int, Field(gt=0, le=MAX_TIME_S)] = 30
    """Interval of clock-aligned readings in cases about them."""
    sampled_interval: Annotated[int, Field(gt=0, le=MAX_TIME_S)] = 10
    """Interval of the readings of a transaction in cases about them."""
    manual: Annotated[float, Field(gt=0, le=MAX_TIME_S)] = 120
    """Maximum seconds that a person or a rig may take for one action at the station."""
    transfer: Annotated[float, Field(gt=0, le=MAX_TIME_S)] = 300
    """Maximum time of a download, an installation or an upload."""
    signing: Annotated[int, Field(gt=0, le=MAX_TIME_S)] = 30
    """CertSigningWaitMinimum in the case in which the station has to repeat its SignCertificate."""
    reservation: Annotated[int, Field(gt=0, le=MAX_TIME_S)] = 60
    """Duration of a reservation that is to expire."""
    schedule: Annotated[float, Field(gt=0, le=MAX_TIME_S)] = 60
    """Time until a scheduled download or installation, or the start or end of a display message."""


class RigTable(Strict):
    """Table ``[rig]`` with at most one key: the rig that plugs in and presents tokens; default: a person."""

    http: str | None = None
    """URL of an HTTP service that takes stimuli: ``POST /plug-in {"evse": 1}``."""
    command: str | None = None
    """Program that is run with the stimulus and its parameters: ``./rig.sh plug-in evse=1``."""
    python: str | None = None
    """Rig as a Python class: ``module:Class``."""


class FirmwareTable(Strict):
    """Table ``[firmware]``: firmware that the station accepts or refuses; default: the server's own."""

    location: str | None = None
    """URL of a firmware that the station can install."""
    signing_certificate: FilePath | None = None
    """PEM file of the certificate that signs the firmware."""
    signature: str | None = None
    """Signature of the firmware in Base64."""
    broken_location: str | None = None
    """URL of a firmware that has a valid signature, and whose installation fails."""
    broken_signature: str | None = None

    def signing_certificate_pem(self) -> str | None:
        """Return the certificate as PEM, or None if the table names no file; raises OSError."""
        return pem_text(self.signing_certificate)


class CertificatesTable(Strict):
    """Table ``[certificates]``: PEM files of roots for the station to trust; default: the server's own."""

    v2g_root: FilePath | None = None
    """Root of the certificates of charging stations for ISO 15118."""
    mo_root: FilePath | None = None
    """Root of the contract certificate of the vehicle."""

    def v2g_root_pem(self) -> str | None:
        """Return the V2G root as PEM, or None if the table names no file; raises OSError."""
        return pem_text(self.v2g_root)

    def mo_root_pem(self) -> str | None:
        """Return the root of the contract as PEM, or None if the table names no file; raises OSError."""
        return pem_text(self.mo_root)


class StationFile(Strict):
    """The station file with all its tables."""

    station: StationTable = StationTable()
    tokens: TokensTable = TokensTable()
    times: TimesTable = TimesTable()
    rig: RigTable = RigTable()
    firmware: FirmwareTable = FirmwareTable()
    certificates: CertificatesTable = CertificatesTable()
    known: Mapping[Annotated[str, AfterValidator(_known_case)], str] = {}
    """Cases that are expected to fail, with the reason."""

    @property
    def claims(self) -> frozenset[str]:
        """Profiles and features that the station claims; ``HFS-8>1`` is added if it has several EVSEs."""
        several = ("HFS-8>1",) if len(self.station.evses) > 1 else ()
        return frozenset((*self.station.profiles, *self.station.features, *several))

    @property
    def evse(self) -> int:
        """The EVSE that the cases use."""
        return min(self.station.evses)

    @property
    def connector(self) -> int:
        """The connector that the cases use."""
        return self.connector_of(self.evse)

    def connector_of(self, evse: int) -> int:
        """Return the lowest connector of an EVSE, which the cases use; 1 if the station has no such EVSE."""
        return min(self.station.evses.get(evse, [1]))

    def for_second_session(self, evse: int) -> "StationFile":
        """Return a copy of the file, whose cases use this EVSE and the second token."""
        station = self.station.model_copy(update={"evses": {evse: self.station.evses[evse]}})
        tokens = self.tokens.model_copy(update={"valid": self.tokens.second})
        return self.model_copy(update={"station": station, "tokens": tokens})

    @property
    def connectors(self) -> list[tuple[int, int]]:
        """All connectors with their EVSEs."""
        return [(evse, connector) for evse, of_evse in self.station.evses.items() for connector in of_evse]

    def connectors_at(self, evse: int | None, connector: int | None = None) -> list[tuple[int, int]]:
        """Return the connectors of the station, of an EVSE, or one connector."""
        return [each for each in self.connectors if evse in {None, each[0]} and connector in {None, each[1]}]


def read_station_file(path: Path) -> StationFile:
    """Read a station file; raises UsageError with the place of a wrong value."""
    try:
        return StationFile.model_validate(tomllib.loads(_text_of(path)))
    except OSError as error:
        hint = "; mock-csms certify init ID writes one" if isinstance(error, FileNotFoundError) else ""
        raise UsageError(f"cannot read {path}: {error.strerror}{hint}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text") from None
    except ValidationError as error:
        raise UsageError(f"{path}: {_sentence(error.errors(include_url=False)[0])}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"{path} is not valid TOML: its values are nested too deeply") from None


def checked_identity(text: str) -> str:
    """Return ``text`` if a station can have this identity; otherwise raises UsageError."""
    try:
        return StationTable(identity=text).identity
    except ValidationError as error:
        raise UsageError(_sentence(error.errors(include_url=False)[0])) from None


def _text_of(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_STATION_FILE_BYTES + 1)
    if len(content) > MAX_STATION_FILE_BYTES:
        raise UsageError(
            f"{path} has more than {MAX_STATION_FILE_BYTES:,} bytes, so it is not a station file"
        )
    return content.decode("utf-8-sig")


def _sentence(error: ErrorDetails) -> str:
    """Return the place of a wrong value in the station file, and what to write instead."""
    location = error["loc"]
    place = ".".join(str(step) for step in location if step != "[key]")
    match error["type"]:
        case "extra_forbidden":
            keys = _keys_at(location[:-1])
            return f"there is no key {place}{suggest(str(location[-1]), keys)}; valid keys: {', '.join(keys)}"
        case "model_type" | "dict_type" | "mapping_type":
            reason = "write a table"
        case "tuple_type":
            reason = "write a list"
        case "too_short":
            reason = "write at least one"
        case _:
            reason = error["msg"].removeprefix("Value error, ")
    is_shown = error["type"] != "value_error" and "password" not in location
    return f"{place}: {reason}" + (
        f", not {truncate(repr(error['input']), MAX_SHOWN_VALUE)}" if is_shown else ""
    )


def _keys_at(location: tuple[int | str, ...]) -> list[str]:
    """Return the valid keys of a table of the station file."""
    model: Any = StationFile
    for step in location:
        model = model.model_fields[str(step)].annotation
    return [field.alias or name for name, field in model.model_fields.items()]


def pem_text(file: Path | None) -> str | None:
    """Return the text of a PEM file, or None if ``file`` is None; raises OSError."""
    return None if file is None else file.read_text(encoding="ascii")
