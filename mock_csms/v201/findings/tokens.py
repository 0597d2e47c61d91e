"""IdTokens: how they compare, and which ones an Authorize refused (C01)."""

from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict

MAX_REFUSED: Final = 100

type TokenKey = tuple[str, str]
"""An idToken in lower case and its type; equal for equal tokens (C01.FR.25)."""


def token_key(id_token: JsonObject) -> TokenKey:
    """Return the key of an IdTokenType."""
    return id_token["idToken"].casefold(), id_token["type"]


class RefusedTokens(BoundedDict[TokenKey, float]):
    """Time at which an Authorize for a token was last answered with anything but Accepted."""

    __slots__ = ("_asked",)
    limit = MAX_REFUSED

    def __init__(self) -> None:
        super().__init__()
        self._asked: TokenKey | None = None

    def asked(self, payload: JsonObject) -> None:
        """Register an Authorize; its answer comes before the next Authorize (OCPP-J 4.1.1)."""
        self._asked = token_key(payload["idToken"])

    def answered(self, at: float, answer: JsonObject) -> None:
        """Register the answer to the last Authorize; a refusal may also be in certificateStatus."""
        if self._asked is None:
            return
        info = answer.get("idTokenInfo")
        status = info.get("status") if isinstance(info, dict) else None
        if status != "Accepted" or answer.get("certificateStatus", "Accepted") != "Accepted":
            self.pop(self._asked, None)
            self[self._asked] = at

    def was_refused(self, id_token: JsonObject, since: float) -> bool:
        """Return whether an Authorize for a token was refused at or after a time."""
        refused_at = self.get(token_key(id_token))
        return refused_at is not None and refused_at >= since
