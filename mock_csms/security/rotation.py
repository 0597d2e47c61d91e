"""Changes of a station's password while the mock runs (A01)."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from mock_csms.security.passwords import SALT_SIZE, Password
from mock_csms.stations.bounded import BoundedDict

MAX_OPEN_PASSWORDS: Final = 4
"""Maximum number of valid passwords at a time, if several changes are still unanswered."""
MAX_CHANGED_PASSWORDS: Final = 20_000


@dataclass(frozen=True, slots=True)
class ChangedPassword:
    """Passwords of a station, after a command has changed its password."""

    configured: Password | None
    """Password in the settings at the first change. If the settings change it, this entry is dropped."""
    passwords: tuple[Password, ...]
    """Valid passwords, in the order of the changes."""
    holds_until: Literal["", "use", "boot"] = ""
    """Event after which only one of ``passwords`` remains valid; empty: no change is open.

    "use": the next connection, whose password remains. "boot": the next boot, after which ``used`` remains.
    """
    former: Password | None = None
    """Password before the last accepted change."""
    offered: Password | None = None
    """New password of the last command."""
    before: tuple[Password, ...] = ()
    """Passwords that were valid before the last command."""
    used: Password | None = None
    """Password of the latest connection; set only while ``holds_until`` is "boot"."""


class _ChangedPasswords(BoundedDict[str, ChangedPassword]):
    """The latest changed passwords, by station."""

    limit = MAX_CHANGED_PASSWORDS


class PasswordChanges:
    """Stores the changed passwords of stations; unchanged passwords are in the settings."""

    def __init__(self) -> None:
        self._changed = _ChangedPasswords()

    def __iter__(self) -> Iterator[str]:
        return iter(self._changed)

    def holding(self, identity: str, configured: Password | None) -> ChangedPassword:
        """Return the passwords of a station; ``configured`` is its password in the settings.

        If ``configured`` differs from the password in the settings at the first change, the changes are
        dropped.
        """
        changed = self._changed.get(identity)
        if changed is not None and changed.configured == configured:
            return changed
        self.forget(identity)
        return ChangedPassword(configured, () if configured is None else (configured,))

    def of_station(
        self, identity: str, configured: Password | None
    ) -> tuple[tuple[Password, ...], Password | None]:
        """Return the valid passwords of a station, and its former password, if known."""
        if identity in self._changed:
            holding = self.holding(identity, configured)
            return holding.passwords, holding.former
        return () if configured is None else (configured,), None

    def sent(self, identity: str, new: str, configured: Password | None) -> None:
        """Record a command with a new password; the old and the new one are valid until the answer."""
        known = self.holding(identity, configured)
        offered = Password.of(new, secrets.token_bytes(SALT_SIZE))
        others = [password for password in known.passwords if not password.matches(new.encode())]
        self._changed[identity] = replace(
            known,
            passwords=(*others, offered)[-MAX_OPEN_PASSWORDS:],
            holds_until="use",
            offered=offered,
            before=known.passwords,
            used=None,
        )

    def answered(self, identity: str, status: str) -> str:
        """Apply the answer of a station to the last change of its password; return the effect in words.

        Accepted (A01.FR.03): only the new password is valid. RebootRequired: both are valid until the next
        boot. Any other status (A01.FR.04): the old password stays valid.
        """
        known = self._changed.get(identity)
        if known is None or known.offered is None:
            return ""
        settled = replace(known, offered=None, before=())
        if status == "Accepted":
            former = known.before[-1] if known.before else None
            self._changed[identity] = replace(
                settled, passwords=(known.offered,), former=former, holds_until=""
            )
            return "only its new password is valid now, the old password is not (A01.FR.03)"
        if status == "RebootRequired":
            self._changed[identity] = replace(settled, holds_until="boot")
            return "both its old and its new password are valid until its next boot"
        ends: Literal["", "use"] = "use" if len(known.before) > 1 else ""
        self._changed[identity] = replace(settled, passwords=known.before, holds_until=ends)
        return "its old password stays valid (A01.FR.04)"

    def used(self, identity: str, password: Password) -> None:
        """Record the password of a new connection. This ends a change that the station has not answered."""
        known = self._changed.get(identity)
        if known is None or not known.holds_until:
            return
        if known.holds_until == "boot":
            self._changed[identity] = replace(known, used=password)
        else:
            self._changed[identity] = _ended(known, password)

    def booted(self, identity: str) -> None:
        """End a change that needed a reboot: only the password of the connection remains valid."""
        known = self._changed.get(identity)
        if known is not None and known.holds_until == "boot" and known.used is not None:
            self._changed[identity] = _ended(known, known.used)

    def forget(self, identity: str) -> None:
        """Drop the changed password of a station; the password in the settings is valid again."""
        self._changed.pop(identity, None)

    def clear(self) -> None:
        """Drop the changed passwords of all stations."""
        self._changed.clear()


def _ended(known: ChangedPassword, password: Password) -> ChangedPassword:
    others = [other for other in known.passwords if other != password]
    former = others[-1] if others else known.former
    return replace(
        known, passwords=(password,), former=former, holds_until="", offered=None, before=(), used=None
    )
