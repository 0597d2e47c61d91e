"""Reads the password file, and finds missing passwords and passwords that a station may reject."""

from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Protocol

from mock_csms.log.output import logger
from mock_csms.security.passwords import Password, parse_password
from mock_csms.security.profiles import BASIC_PROFILES
from mock_csms.settings.files import read_file
from mock_csms.settings.profiles import is_profile_glob
from mock_csms.settings.station_settings import Profile
from mock_csms.text import one_line


class PasswordSettings(Protocol):
    """Settings with a password for all stations, and with passwords of single stations."""

    @property
    def password(self) -> Password | None:
        """Password of every station without a password of its own."""

    @property
    def stations(self) -> Mapping[str, Profile]:
        """Profiles of single stations, by identity or glob."""


def password_in_file(path: Path) -> Password:
    """Return the password in the only line of a file, written as text or as a hash. Raises ValueError."""
    try:
        text = read_file(path).decode()
    except OSError as error:
        raise ValueError(f"cannot read the password file {path}: {error.strerror}") from None
    except ValueError:  # not UTF-8, or a path with a NUL
        raise ValueError(f"the password file {path} must be a file of UTF-8 text") from None
    lines = text.splitlines()
    if len(lines) != 1 or not lines[0]:
        raise ValueError(f"the password file {path} must have one line, the password")
    try:
        return parse_password(lines[0])
    except ValueError as error:
        raise ValueError(f"the password in the file {path} {error}") from None


def missing_password(
    general: Profile,
    stations: Mapping[str, Profile],
    profile_of: Callable[[str], Profile],
    profiles_of_listeners: Set[int],
) -> str:
    """Describe the first missing password for security profile 1 or 2; empty if none is missing.

    A glob in ``stations`` needs no password if any password is set, because the stations that match the glob
    may get theirs from another profile.
    """
    profiles = [general, *stations.values()]
    requiring = BASIC_PROFILES & {*profiles_of_listeners, *(each.security_profile for each in profiles)}
    if not requiring:
        return ""
    if all(profile.password is None for profile in profiles):
        return (
            f"security profile {min(requiring)} needs a password; set --password, --password-file, "
            'OCPP_MOCK_PASSWORD, or password = "..." below [stations]'
        )
    for identity in stations:
        profile = profile_of(identity)
        is_lacking = profile.password is None and profile.security_profile in BASIC_PROFILES
        if is_lacking and not is_profile_glob(identity):
            return (
                f'[stations."{identity}"]: security profile {profile.security_profile} needs a password; add '
                'password = "..." there'
            )
    return ""


def warn_of_passwords(settings: PasswordSettings, before: PasswordSettings | None = None) -> None:
    """Log one warning about the passwords that a station may reject, except those already in ``before``."""
    known = _flawed(before) if before else {}
    if new := {name: password for name, password in _flawed(settings).items() if known.get(name) != password}:
        name, password = next(iter(new.items()))
        more = f", and {len(new) - 1} more like it" if len(new) > 1 else ""
        logger.warning("a station may reject the %s%s: %s (A00.FR.205)", name, more, password.flaw)


def _flawed(settings: PasswordSettings) -> dict[str, Password]:
    """Passwords that a station may reject (`Password.flaw`), by their name in the log."""
    passwords = {"password": settings.password} | {
        f'password of [stations."{one_line(identity)}"]': profile.password
        for identity, profile in settings.stations.items()
    }
    return {name: password for name, password in passwords.items() if password and password.flaw}
