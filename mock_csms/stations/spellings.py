"""The spelling of identities, whose case does not matter."""

from collections.abc import Collection

from mock_csms.transport.handshake import is_identifier_string


def spelling_key(identity: str) -> str:
    """Return an identity in lower case if it is an identifierString (OCPP-J 3.1.1), otherwise unchanged."""
    return identity.lower() if is_identifier_string(identity) else identity


class Spellings:
    """Identities as the stations first wrote them, by identity in lower case."""

    def __init__(self) -> None:
        self._identities: dict[str, str] = {}

    def add(self, identity: str) -> None:
        """Store the spelling of an identity, unless a spelling of it is already stored."""
        self._identities.setdefault(identity.lower(), identity)

    def remove(self, identity: str) -> None:
        """Remove the stored spelling of an identity if it equals ``identity``, including the case."""
        if self._identities.get(identity.lower()) == identity:
            del self._identities[identity.lower()]

    def find(self, identity: str, configured: Collection[str]) -> str:
        """Known spelling of an identity, or ``identity`` itself if none is known.

        An identity is an identifierString, whose case does not matter (OCPP-J 3.1.1, Part 2 2.1.4). The first
        connection decides the spelling; until then, the spelling in ``configured`` counts.
        """
        if not is_identifier_string(identity):
            return identity
        lower = identity.lower()
        if lower in self._identities:
            return self._identities[lower]
        return next((name for name in configured if name.lower() == lower), identity)
