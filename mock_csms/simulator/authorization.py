"""Authorization (C) and the local authorization list (D): the tokens that may charge."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import orjson
from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action
from ocpp.v201.enums import AuthorizationStatusEnumType as Status
from ocpp.v201.enums import AuthorizeCertificateStatusEnumType as CertificateStatus
from ocpp.v201.enums import ClearCacheStatusEnumType as ClearCacheStatus
from ocpp.v201.enums import SendLocalListStatusEnumType as SendLocalListStatus

from mock_csms.messages import JsonObject
from mock_csms.simulator.auth_cache import AuthCache
from mock_csms.simulator.contracts import ContractProof
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.id_tokens import UNCACHED_TYPES, group_key, token_key
from mock_csms.simulator.instants import has_passed
from mock_csms.simulator.local_list import LocalList, UpdateOutcome

type Source = Literal["central system", "local list", "cache", "offline", "none"]

LOCAL_LIST: Final = "LocalAuthListCtrlr"
CACHE: Final = "AuthCacheCtrlr"


class Decision(NamedTuple):
    """Whether a token may charge."""

    info: JsonObject
    """IdTokenInfoType: the status, and the groupIdToken if known."""
    source: Source
    """Origin of the info.

    "offline": the station was offline, and its variables for this case decided. "none" has three cases: no
    authorization is needed; the station does not know the token and must not send an Authorize
    (DisableRemoteAuthorization); a contract certificate cannot be verified.
    """

    @property
    def is_accepted(self) -> bool:
        """Whether the token may charge."""
        return bool(self.info["status"] == Status.accepted)

    def at(self, evse_id: int | None) -> "Decision":
        """Return the decision for an EVSE: NotAllowedTypeEVSE if the info excludes the EVSE (C01.FR.21)."""
        if not self.is_accepted or is_allowed_at(self.info, evse_id):
            return self
        return Decision({**self.info, "status": Status.not_allowed_type_evse.value}, self.source)


NOT_VERIFIED: Final = Decision({"status": Status.invalid.value}, "none")
"""Decision about a contract certificate that cannot be verified."""


class KnownToken(NamedTuple):
    """Info about a token from the station's own list or cache."""

    info: JsonObject
    source: Literal["local list", "cache"]
    is_expired: bool = False
    """Whether the cacheExpiryDateTime of the entry in the local list has passed."""

    @property
    def is_accepted(self) -> bool:
        """Whether the info is not expired and has the status Accepted."""
        return not self.is_expired and bool(self.info["status"] == Status.accepted)

    @property
    def decision(self) -> Decision:
        """Decision based on this info alone."""
        info = {**self.info, "status": Status.expired.value} if self.is_expired else self.info
        return Decision(info, self.source)


class Authorization:
    """Decides whether tokens may charge, by the local list, the cache or the answer to an Authorize.

    The list and the cache survive a power cut (C10.FR.02, D01.FR.10).
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._cache = AuthCache()
        self._list = LocalList()

    def authorize(
        self,
        id_token: JsonObject,
        on_decision: Callable[[Decision], object],
        *,
        evse_id: int | None = None,
        proof: ContractProof | None = None,
    ) -> None:
        """Pass the decision about a token to ``on_decision``; send an Authorize first if needed.

        ``proof`` is the contract certificate that was presented with the token.
        """

        def on_result(answer: JsonObject) -> None:
            self.learn(id_token, answer["idTokenInfo"])
            on_decision(Decision(info_with_certificate(answer), "central system").at(evse_id))

        def on_failure() -> None:
            on_decision(self._decide_offline(id_token, proof).at(evse_id))

        decision = self._decide_locally(id_token) if proof is None else self._decide_contract(id_token, proof)
        if decision is not None:
            on_decision(decision.at(evse_id))
        else:
            fields = {} if proof is None else proof.fields
            self._core.send(call.Authorize(id_token=id_token, **fields), on_result, on_failure, kept=False)

    def known_info(self, id_token: JsonObject) -> JsonObject | None:
        """Return the info of a token from the local list or the cache; send no Authorize (C09.FR.07).

        None if neither has info, or if the info has expired.
        """
        known = self._known(id_token)
        return None if known is None or known.is_expired else known.info

    def learn(self, id_token: JsonObject, info: JsonObject) -> None:
        """Cache the info in the answer to an Authorize or TransactionEvent (C10.FR.04, C10.FR.05,
        C12.FR.06).

        Tokens of the local list are cached too, but while a token is in the list, the list decides
        (C13.FR.01).
        """
        if self._is_enabled(CACHE):
            self._cache.store(id_token, info, self._core.now(), self._core.variables.text(CACHE, "Policy"))
            self._report_sizes()

    def is_master_pass(self, info: JsonObject) -> bool:
        """Whether info belongs to a master pass, a token that may stop transactions but start none (C16)."""
        master = self._core.variables.text("AuthCtrlr", "MasterPassGroupId").lower()
        group = group_key(info)
        return bool(master) and group is not None and group[1] == master

    def records_of(self, id_token: JsonObject) -> list[str]:
        """Data kept about a token, as text for NotifyCustomerInformation (N09)."""
        found = {"Local list": self._list.find(id_token), "Authorization cache": self._find_cached(id_token)}
        return [f"{place}: {orjson.dumps(info).decode()}" for place, info in found.items() if info]

    def forget(self, id_token: JsonObject) -> None:
        """Remove a token from the cache.

        The token stays in the local list, which only the central system may change (N10.FR.03, D01.FR.09).
        """
        self._cache.forget(id_token)
        self._report_sizes()

    @on(Action.clear_cache)
    def clear_cache(self) -> call_result.ClearCache:
        """Empty the cache, unless it is disabled (C11)."""
        if not self._is_enabled(CACHE):  # C11.FR.04
            return call_result.ClearCache(ClearCacheStatus.rejected, {"reasonCode": "NotEnabled"})
        self._cache.clear()
        self._report_sizes()
        return call_result.ClearCache(ClearCacheStatus.accepted)

    @on(Action.send_local_list)
    def send_local_list(
        self, version_number: int, update_type: str, local_authorization_list: list[JsonObject] | None
    ) -> call_result.SendLocalList:
        """Replace or change the local list (D01)."""
        outcome = self._update_list(version_number, update_type, local_authorization_list or [])
        self._report_sizes()
        reason = {"reasonCode": outcome.reason} if outcome.reason else None
        return call_result.SendLocalList(outcome.status, reason)

    @on(Action.get_local_list_version)
    def get_local_list_version(self) -> call_result.GetLocalListVersion:
        """Report the version of the local list (D02). It is 0 before the first list, and if lists are
        disabled.
        """
        return call_result.GetLocalListVersion(self._list.version if self._is_enabled(LOCAL_LIST) else 0)

    def _update_list(self, version: int, update_type: str, entries: list[JsonObject]) -> UpdateOutcome:
        variables = self._core.variables
        if not self._is_enabled(LOCAL_LIST):
            return UpdateOutcome(SendLocalListStatus.failed, "NotEnabled")
        is_too_long = len(entries) > variables.integer(LOCAL_LIST, "ItemsPerMessage")
        if is_too_long or len(orjson.dumps(entries)) > variables.integer(LOCAL_LIST, "BytesPerMessage"):
            return UpdateOutcome(
                SendLocalListStatus.failed, "TooManyElements" if is_too_long else "TooLargeElement"
            )
        return self._list.update(update_type, version, entries)

    def _decide_locally(self, id_token: JsonObject) -> Decision | None:
        """Decision about a token; None if the station must send an Authorize to decide."""
        variables = self._core.variables
        if not variables.boolean("AuthCtrlr", "Enabled") or id_token["type"] in UNCACHED_TYPES:
            return Decision({"status": Status.accepted.value}, "none")
        if not self._core.is_online:
            return self._decide_offline(id_token)
        known = self._known(id_token)
        if known is not None and self._is_enough(known):
            return known.decision
        if variables.boolean("AuthCtrlr", "DisableRemoteAuthorization"):
            return known.decision if known else Decision({"status": Status.unknown.value}, "none")
        return None

    def _is_enough(self, known: KnownToken) -> bool:
        """Whether the station decides by ``known`` alone while online, and sends no Authorize."""
        if known.is_expired:  # C14.FR.05
            return False
        if known.is_accepted:  # C12.FR.02, C14.FR.04
            return self._core.variables.boolean("AuthCtrlr", "LocalPreAuthorize")
        component = LOCAL_LIST if known.source == "local list" else CACHE  # C10.FR.03, C14.FR.03
        return self._core.variables.boolean(component, "DisablePostAuthorize")

    def _decide_contract(self, id_token: JsonObject, proof: ContractProof) -> Decision | None:
        """Decision about a contract; None if the station must send an Authorize to decide (C07.FR.01)."""
        if not self._core.variables.boolean("AuthCtrlr", "Enabled"):
            return Decision({"status": Status.accepted.value}, "none")
        if not self._core.is_online:
            return self._decide_offline(id_token, proof)
        return None if proof.can_be_checked else NOT_VERIFIED

    def _decide_offline(self, id_token: JsonObject, proof: ContractProof | None = None) -> Decision:
        """Decision about a token (C13, C15) or a contract (C07) while the station is offline."""
        if proof is not None:
            may_verify = self._core.variables.boolean("ISO15118Ctrlr", "ContractValidationOffline")
            if not (may_verify and proof.is_valid):  # C07.FR.07, C07.FR.08
                return NOT_VERIFIED
        known = self._known(id_token)
        if known is None:
            is_accepted = self._core.variables.boolean("AuthCtrlr", "OfflineTxForUnknownIdEnabled")
            return Decision({"status": (Status.accepted if is_accepted else Status.unknown).value}, "offline")
        if known.is_accepted and not self._core.variables.boolean("AuthCtrlr", "LocalAuthorizeOffline"):
            return Decision({**known.info, "status": Status.not_at_this_time.value}, "offline")
        return known.decision

    def _known(self, id_token: JsonObject) -> KnownToken | None:
        if self._is_enabled(LOCAL_LIST) and (info := self._list.find(id_token)) is not None:
            can_expire = self._core.variables.boolean(LOCAL_LIST, "SupportsExpiryDateTime")
            is_expired = can_expire and has_passed(info.get("cacheExpiryDateTime"), self._core.now())
            return KnownToken(info, "local list", is_expired)
        if self._is_enabled(CACHE) and (info := self._find_cached(id_token)) is not None:
            return KnownToken(info, "cache")
        return None

    def _find_cached(self, id_token: JsonObject) -> JsonObject | None:
        lifetime = self._core.variables.text(CACHE, "LifeTime")
        return self._cache.find(id_token, self._core.now(), int(lifetime) if lifetime else None)

    def _is_enabled(self, component: str) -> bool:
        return self._core.variables.boolean(component, "Enabled")

    def _report_sizes(self) -> None:
        self._core.variables.put(Key(CACHE, "Storage"), str(self._cache.size))
        self._core.variables.put(Key(LOCAL_LIST, "Entries"), str(len(self._list)))
        self._core.variables.put(Key(LOCAL_LIST, "Storage"), str(self._list.size))


def info_with_certificate(answer: JsonObject) -> JsonObject:
    """The idTokenInfo in an Authorize answer; an Accepted status becomes Invalid if certificateStatus is not
    Accepted.
    """
    info: JsonObject = answer["idTokenInfo"]
    if answer.get("certificateStatus", CertificateStatus.accepted) == CertificateStatus.accepted:
        return info
    return {**info, "status": Status.invalid.value} if info["status"] == Status.accepted else info


def is_allowed_at(info: JsonObject, evse_id: int | None) -> bool:
    """Whether info allows charging at an EVSE (C01.FR.21); true if the EVSE is not known yet."""
    evse_ids = info.get("evseId")
    return evse_id is None or not evse_ids or evse_id in evse_ids


def same_group(
    info_a: JsonObject | None, token_a: JsonObject, info_b: JsonObject | None, token_b: JsonObject
) -> bool:
    """Whether token b may stop a transaction of token a (C01.FR.03, C09.FR.03, C09.FR.11)."""
    if token_key(token_a) == token_key(token_b):
        return True
    is_accepted = info_b is not None and info_b.get("status") == Status.accepted
    return is_accepted and group_key(info_a) is not None and group_key(info_a) == group_key(info_b)
