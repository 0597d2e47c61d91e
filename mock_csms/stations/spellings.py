"""The spelling of identities, whose case does not matter."""

from collections.abc import Collection

from mock_csms.transport.handshake import is_identifier_string


def spelling_key(identity: str) -> str:
    """Return the key for an identity, without regard to case in an identifierString (OCPP-J 3.1.1)."""
    return identity.lower() if is_identifier_string(identity) else identity


class Spellings:
    """Identities as the stations first wrote them, by identity in lower case."""

    def __init__(self) -> None:
        self._identities: dict[str, str] = {}

    def add(self, identity: str) -> None:
        """Remember the spelling of a station, unless another spelling is known."""
        self._identities.setdefault(identity.lower(), identity)

    def remove(self, identity: str) -> None:
        """Forget a spelling."""
        if self._identities.get(identity.lower()) == identity:
            del self._identities[identity.lower()]

    def find(self, identity: str, configured: Collection[str]) -> str:
        """The known spelling of an identity.

        An identity is an identifierString, whose case does not matter (OCPP-J 3.1.1, Part 2 2.1.4). The first
        connection decides the spelling; until then, the spelling in ``configured`` counts.
        """
        if not is_identifier_string(identity):
            return identity
        lower = identity.lower()
        if lower in self._identities:
            return self._identities[lower]
        return next((name for name in configured if name.lower() == lower), identity)
