"""IdTokens that the mock accepted or refused in answers to Authorize (C01)."""

from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.transactions import IdTokenKey, id_token_key

MAX_SEEN_TOKENS: Final = 100
AT_STATION_S: Final = 300.0
"""Time after an Authorize in which the driver may still plug in and start a transaction."""


class TokenTimes(BoundedDict[IdTokenKey, float]):
    """Time of the latest answer by idToken; one instance is for accepting answers, one for refusing ones."""

    __slots__ = ()
    limit = MAX_SEEN_TOKENS

    def note(self, key: IdTokenKey, at: float) -> None:
        """Store ``at`` as the time of the latest answer about an idToken."""
        self.pop(key, None)
        self[key] = at


class Authorizations:
    """Times of the last accepted and the last refused Authorize for a token."""

    __slots__ = ("_accepted", "_asked", "_refused")

    def __init__(self) -> None:
        self._accepted = TokenTimes()
        self._refused = TokenTimes()
        self._asked: IdTokenKey | None = None

    def asked(self, payload: JsonObject) -> None:
        """Register an Authorize; its answer comes before the next Authorize (OCPP-J 4.1.1)."""
        self._asked = id_token_key(payload["idToken"])

    def answered(self, at: float, answer: JsonObject) -> None:
        """Register the answer to the last Authorize. A certificateStatus may also refuse the token.

        An answer that limits the token to some EVSEs counts neither as acceptance nor as refusal.
        """
        if self._asked is None:
            return
        info = answer.get("idTokenInfo")
        info = info if isinstance(info, dict) else {}
        status = info.get("status")
        if status != "Accepted" or answer.get("certificateStatus", "Accepted") != "Accepted":
            self._refused.note(self._asked, at)
        elif "evseId" not in info:
            self._accepted.note(self._asked, at)

    def was_refused(self, id_token: JsonObject, since: float) -> bool:
        """Return whether an Authorize for a token was refused at or after a time."""
        return self._refused.get(id_token_key(id_token), 0.0) >= since

    def may_be_at_station(self, id_token: JsonObject, at: float) -> bool:
        """Return whether a driver with this token may be about to start a transaction at the station."""
        return self.was_accepted(id_token, at - AT_STATION_S, at)

    def was_accepted(self, id_token: JsonObject, since: float, until: float) -> bool:
        """Return whether the latest accepted Authorize for a token was answered between two times."""
        return since <= self._accepted.get(id_token_key(id_token), 0.0) <= until
