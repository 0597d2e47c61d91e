"""Authorization of tokens at a simulated station."""

from typing import Any

import pytest

from mock_csms.simulator.authorization import Authorization, Decision, same_group
from mock_csms.simulator.device_model import Key
from tests.support.virtual_station import Workbench

CARD = {"idToken": "CARD", "type": "ISO14443"}
OTHER = {"idToken": "OTHER", "type": "ISO14443"}
GROUP = {"idToken": "GROUP", "type": "Central"}
ACCEPTED = {"status": "Accepted"}
BLOCKED = {"status": "Blocked"}

VARIABLES = {
    ("AuthCtrlr", "Enabled"): "true",
    ("AuthCtrlr", "LocalPreAuthorize"): "true",
    ("AuthCtrlr", "LocalAuthorizeOffline"): "true",
    ("AuthCtrlr", "OfflineTxForUnknownIdEnabled"): "false",
    ("AuthCtrlr", "DisableRemoteAuthorization"): "false",
    ("AuthCtrlr", "MasterPassGroupId"): "",
    ("AuthCacheCtrlr", "Enabled"): "true",
    ("AuthCacheCtrlr", "LifeTime"): "86400",
    ("AuthCacheCtrlr", "Policy"): "LRU",
    ("AuthCacheCtrlr", "Storage"): "0",
    ("AuthCacheCtrlr", "DisablePostAuthorize"): "false",
    ("LocalAuthListCtrlr", "Enabled"): "true",
    ("LocalAuthListCtrlr", "Entries"): "0",
    ("LocalAuthListCtrlr", "ItemsPerMessage"): "3",
    ("LocalAuthListCtrlr", "BytesPerMessage"): "2000",
    ("LocalAuthListCtrlr", "DisablePostAuthorize"): "false",
    ("LocalAuthListCtrlr", "SupportsExpiryDateTime"): "true",
}


class Desk:
    """A `Workbench` with the functional block `Authorization`, and the decisions that it has made."""

    def __init__(self) -> None:
        self.bench = Workbench(Authorization)
        for (component, variable), value in VARIABLES.items():
            self.set(component, variable, value)
        self.block: Authorization = self.bench.blocks[0]
        self.decisions: list[Decision] = []

    def set(self, component: str, variable: str, value: str) -> None:
        self.bench.core.variables.put(Key(component, variable), value)

    def present(self, id_token: dict[str, Any], evse_id: int | None = None) -> None:
        self.block.authorize(id_token, self.decisions.append, evse_id=evse_id)

    def list(self, info: dict[str, Any], id_token: dict[str, Any] = CARD) -> None:
        entry = {"idToken": id_token, "idTokenInfo": info}
        request = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry]}
        assert self.bench.command("SendLocalList", request) == {"status": "Accepted"}

    def go_offline(self) -> None:
        self.bench.core.is_connected = False

    @property
    def result(self) -> tuple[str, str]:
        """Status and source of the only decision."""
        (decision,) = self.decisions
        return decision.info["status"], decision.source

    @property
    def is_asking(self) -> bool:
        return self.bench.payloads("Authorize") == [{"idToken": CARD}] and not self.decisions


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_unknown_token_is_decided_by_central_system(desk: Desk) -> None:
    desk.present(CARD)
    assert desk.is_asking
    desk.bench.answer(-1, {"idTokenInfo": BLOCKED})
    assert desk.result == ("Blocked", "central system")


def test_authorize_answer_is_cached(desk: Desk) -> None:
    desk.present(CARD)
    desk.bench.answer(-1, {"idTokenInfo": ACCEPTED})
    desk.present(CARD)
    assert desk.decisions[1] == Decision(ACCEPTED, "cache")


def test_cached_token_without_preauthorize_is_sent(desk: Desk) -> None:
    desk.set("AuthCtrlr", "LocalPreAuthorize", "false")
    desk.block.learn(CARD, ACCEPTED)
    desk.present(CARD)
    assert desk.is_asking


def test_cached_token_after_lifetime_is_sent(desk: Desk) -> None:
    desk.block.learn(CARD, ACCEPTED)
    desk.bench.advance(86401)
    desk.present(CARD)
    assert desk.is_asking


def test_cached_token_not_accepted_is_sent(desk: Desk) -> None:
    desk.block.learn(CARD, BLOCKED)
    desk.present(CARD)
    assert desk.is_asking


def test_cached_token_not_accepted_with_post_authorize_disabled_is_refused(desk: Desk) -> None:
    desk.set("AuthCacheCtrlr", "DisablePostAuthorize", "true")
    desk.block.learn(CARD, BLOCKED)
    desk.present(CARD)
    assert desk.result == ("Blocked", "cache")


def test_listed_token_goes_before_cache(desk: Desk) -> None:
    desk.block.learn(CARD, BLOCKED)
    desk.list(ACCEPTED)
    desk.present(CARD)
    assert desk.result == ("Accepted", "local list")


def test_listed_token_not_accepted_is_sent(desk: Desk) -> None:
    desk.list(BLOCKED)
    desk.present(CARD)
    assert desk.is_asking


def test_listed_token_not_accepted_with_post_authorize_disabled_is_refused(desk: Desk) -> None:
    desk.set("LocalAuthListCtrlr", "DisablePostAuthorize", "true")
    desk.list(BLOCKED)
    desk.present(CARD)
    assert desk.result == ("Blocked", "local list")


def test_expired_listed_token_is_sent(desk: Desk) -> None:
    desk.list({**ACCEPTED, "cacheExpiryDateTime": "2025-01-01T00:00:00Z"})
    desk.present(CARD)
    assert desk.is_asking


def test_expired_listed_token_without_expiry_support_is_accepted(desk: Desk) -> None:
    desk.set("LocalAuthListCtrlr", "SupportsExpiryDateTime", "false")
    desk.list({**ACCEPTED, "cacheExpiryDateTime": "2025-01-01T00:00:00Z"})
    desk.present(CARD)
    assert desk.result == ("Accepted", "local list")


def test_disabled_list_is_ignored(desk: Desk) -> None:
    desk.list(ACCEPTED)
    desk.set("LocalAuthListCtrlr", "Enabled", "false")
    desk.present(CARD)
    assert desk.is_asking


def test_disabled_cache_neither_learns_nor_answers(desk: Desk) -> None:
    desk.block.learn(CARD, ACCEPTED)
    desk.set("AuthCacheCtrlr", "Enabled", "false")
    desk.block.learn(OTHER, ACCEPTED)
    assert desk.block.known_info(CARD) is None
    desk.set("AuthCacheCtrlr", "Enabled", "true")
    assert (desk.block.known_info(CARD), desk.block.known_info(OTHER)) == (ACCEPTED, None)


def test_disabled_authorization_accepts_without_asking(desk: Desk) -> None:
    desk.set("AuthCtrlr", "Enabled", "false")
    desk.present(CARD)
    assert (desk.result, desk.bench.sent) == (("Accepted", "none"), [])


@pytest.mark.parametrize("token_type", ["NoAuthorization", "Central"])
def test_token_of_station_or_central_system_is_accepted_without_asking(desk: Desk, token_type: str) -> None:
    desk.present({"idToken": "", "type": token_type})
    assert (desk.result, desk.bench.sent) == (("Accepted", "none"), [])


def test_disabled_remote_authorization_refuses_unknown_token(desk: Desk) -> None:
    desk.set("AuthCtrlr", "DisableRemoteAuthorization", "true")
    desk.present(CARD)
    assert (desk.result, desk.bench.sent) == (("Unknown", "none"), [])


def test_token_for_other_evses_is_refused(desk: Desk) -> None:
    desk.present(CARD, evse_id=2)
    desk.bench.answer(-1, {"idTokenInfo": {**ACCEPTED, "evseId": [1]}})
    assert desk.result == ("NotAllowedTypeEVSE", "central system")
    desk.present(CARD, evse_id=1)
    assert desk.decisions[1].is_accepted


def test_failed_authorize_falls_back_to_offline_rules(desk: Desk) -> None:
    desk.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    desk.present(CARD)
    on_failure = desk.bench.outbox.requests[-1].on_failure
    assert on_failure is not None
    on_failure()
    assert desk.result == ("Accepted", "offline")


@pytest.mark.parametrize(("enabled", "status"), [("true", "Accepted"), ("false", "Unknown")])
def test_unknown_token_offline_depends_on_setting(desk: Desk, enabled: str, status: str) -> None:
    desk.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", enabled)
    desk.go_offline()
    desk.present(CARD)
    assert (desk.result, desk.bench.sent) == ((status, "offline"), [])


def test_unknown_token_accepted_offline_is_not_cached(desk: Desk) -> None:
    desk.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    desk.go_offline()
    desk.present(CARD)
    assert desk.block.known_info(CARD) is None


@pytest.mark.parametrize(("enabled", "is_accepted"), [("true", True), ("false", False)])
def test_known_token_offline_depends_on_setting(desk: Desk, enabled: str, is_accepted: bool) -> None:
    desk.set("AuthCtrlr", "LocalAuthorizeOffline", enabled)
    desk.list(ACCEPTED)
    desk.go_offline()
    desk.present(CARD)
    assert desk.decisions[0].is_accepted is is_accepted


@pytest.mark.parametrize(
    "info", [BLOCKED, {**ACCEPTED, "cacheExpiryDateTime": "2025-01-01T00:00:00Z"}], ids=["blocked", "expired"]
)
def test_listed_token_that_is_invalid_is_no_unknown_token_offline(desk: Desk, info: dict[str, Any]) -> None:
    desk.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    desk.list(info)
    desk.go_offline()
    desk.present(CARD)
    assert not desk.decisions[0].is_accepted


def test_master_pass_is_told_by_group(desk: Desk) -> None:
    info = {**ACCEPTED, "groupIdToken": GROUP}
    assert not desk.block.is_master_pass(info)
    desk.set("AuthCtrlr", "MasterPassGroupId", "group")
    assert desk.block.is_master_pass(info)
    assert not desk.block.is_master_pass(ACCEPTED)


def test_clear_cache_empties_cache(desk: Desk) -> None:
    desk.block.learn(CARD, ACCEPTED)
    assert desk.bench.core.variables.integer("AuthCacheCtrlr", "Storage") > 0
    assert desk.bench.command("ClearCache") == {"status": "Accepted"}
    assert desk.block.known_info(CARD) is None
    assert desk.bench.core.variables.integer("AuthCacheCtrlr", "Storage") == 0


def test_clear_cache_while_disabled_is_rejected(desk: Desk) -> None:
    desk.block.learn(CARD, ACCEPTED)
    desk.set("AuthCacheCtrlr", "Enabled", "false")
    assert desk.bench.command("ClearCache")["status"] == "Rejected"
    desk.set("AuthCacheCtrlr", "Enabled", "true")
    assert desk.block.known_info(CARD) == ACCEPTED


def test_local_list_version_is_0_until_a_list_is_sent(desk: Desk) -> None:
    assert desk.bench.command("GetLocalListVersion") == {"versionNumber": 0}
    desk.list(ACCEPTED)
    assert desk.bench.command("GetLocalListVersion") == {"versionNumber": 1}
    desk.set("LocalAuthListCtrlr", "Enabled", "false")
    assert desk.bench.command("GetLocalListVersion") == {"versionNumber": 0}


def test_send_local_list_updates_number_of_entries(desk: Desk) -> None:
    desk.list(ACCEPTED)
    assert desk.bench.core.variables.integer("LocalAuthListCtrlr", "Entries") == 1


@pytest.mark.parametrize(
    ("variable", "value"), [("Enabled", "false"), ("ItemsPerMessage", "0"), ("BytesPerMessage", "20")]
)
def test_send_local_list_beyond_settings_fails(desk: Desk, variable: str, value: str) -> None:
    desk.set("LocalAuthListCtrlr", variable, value)
    entry = {"idToken": CARD, "idTokenInfo": ACCEPTED}
    request = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry]}
    assert desk.bench.command("SendLocalList", request)["status"] == "Failed"


def test_list_and_cache_survive_a_power_cut(desk: Desk) -> None:
    desk.list(ACCEPTED)
    desk.block.learn(OTHER, ACCEPTED)
    desk.bench.core.powered_off.emit()
    assert (desk.block.known_info(CARD), desk.block.known_info(OTHER)) == (ACCEPTED, ACCEPTED)


def test_forget_leaves_local_list(desk: Desk) -> None:
    desk.list(ACCEPTED)
    desk.block.learn(CARD, BLOCKED)
    assert len(desk.block.records_of(CARD)) == 2
    desk.block.forget(CARD)
    assert desk.block.records_of(CARD) == ['Local list: {"status":"Accepted"}']


def test_same_group_accepts_the_same_token_whatever_its_status() -> None:
    assert same_group(None, CARD, BLOCKED, {**CARD, "idToken": "card"})


def test_same_group_accepts_valid_token_of_the_group() -> None:
    info = {**ACCEPTED, "groupIdToken": GROUP}
    assert same_group(info, CARD, info, OTHER)


@pytest.mark.parametrize(
    ("info_a", "info_b"),
    [
        (ACCEPTED, ACCEPTED),
        (None, {**ACCEPTED, "groupIdToken": GROUP}),
        ({**ACCEPTED, "groupIdToken": GROUP}, {**BLOCKED, "groupIdToken": GROUP}),
        ({**ACCEPTED, "groupIdToken": GROUP}, {**ACCEPTED, "groupIdToken": {**GROUP, "idToken": "G2"}}),
        ({**ACCEPTED, "groupIdToken": {**GROUP, "idToken": ""}},) * 2,
    ],
    ids=["no-groups", "one-group", "not-accepted", "other-group", "empty-groups"],
)
def test_same_group_refuses_other_tokens(info_a: dict[str, Any] | None, info_b: dict[str, Any]) -> None:
    assert not same_group(info_a, CARD, info_b, OTHER)
