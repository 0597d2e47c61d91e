"""Passwords in the settings: the password file, and stations that lack a password that they need."""

from collections.abc import Callable, Mapping, Set
from pathlib import Path

from mock_csms.security.passwords import Password, parse_password
from mock_csms.security.profiles import BASIC_PROFILES
from mock_csms.settings.files import read_file
from mock_csms.settings.profiles import is_profile_glob
from mock_csms.settings.station_settings import Profile


def password_in_file(path: Path) -> Password:
    """Return the password in a file, which is its only line, as text or hash; raises ValueError."""
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
    """Describe the first missing password for security profile 1 or 2; an empty text if all are there.

    Stations that only a glob names may have passwords elsewhere, as long as any password is set.
    """
    profiles = [general, *stations.values()]
    requiring = BASIC_PROFILES & {*profiles_of_listeners, *(each.security_profile for each in profiles)}
    if not requiring:
        return ""
    if all(profile.password is None for profile in profiles):
        return (
            f"security profile {min(requiring)} needs a password; set --password-file, OCPP_MOCK_PASSWORD "
            "or the key password below [stations]"
        )
    for identity in stations:
        profile = profile_of(identity)
        is_lacking = profile.password is None and profile.security_profile in BASIC_PROFILES
        if is_lacking and not is_profile_glob(identity):
            return (
                f'[stations."{identity}"]: security profile {profile.security_profile} needs a password; set '
                "the key password there"
            )
    return ""
