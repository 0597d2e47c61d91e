"""How a misbehaving station causes the findings about authorization."""

from collections.abc import Callable, Mapping
from typing import Any

from mock_csms.messages import JsonObject
from tests.support.observed_station import TOKEN, ObservedStation
from tests.v201.findings.checks.plays.block_e import charge as charge_and_leave
from tests.v201.findings.checks.scenes import Scene

OTHER: JsonObject = {"idToken": "11223344", "type": "ISO14443"}
CENTRAL: JsonObject = {"idToken": "REMOTE", "type": "Central"}
MASTER_GROUP: JsonObject = {"idToken": "MASTER", "type": "Central"}
SETTLED_S = 200
"""Seconds without a change of settings or connection, more than any check of authorization requires."""
TYPE_CHANGES = frozenset({"id-token-type-changed"})


def read(observed: ObservedStation, *names: str) -> None:
    """Read variables, named as ``Component.Variable``."""
    items = [name.split(".") for name in names]
    observed.command(
        "GetVariables",
        {"getVariableData": [{"component": {"name": one}, "variable": {"name": two}} for one, two in items]},
    )


def configure(observed: ObservedStation, variables: Mapping[str, str]) -> None:
    """Set variables, and read AuthCtrlr.Enabled."""
    items = [(*name.split("."), value) for name, value in variables.items()]
    data = [
        {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}
        for component, variable, value in items
    ]
    observed.command("SetVariables", {"setVariableData": data})
    read(observed, "AuthCtrlr.Enabled")


def charge(observed: ObservedStation, token: JsonObject = TOKEN) -> None:
    """Plug in and present a token."""
    observed.station.plug_in()
    observed.station.present(token)
    observed.advance(5)


def stop(observed: ObservedStation, token: JsonObject = TOKEN) -> None:
    """Present the token again, and unplug."""
    observed.station.present(token)
    observed.advance(2)
    observed.station.unplug()
    observed.advance(2)


def answer_authorize(observed: ObservedStation, status: str = "Accepted", **info: Any) -> None:
    observed.answers["Authorize"] = lambda _: {"idTokenInfo": {"status": status, **info}}


def answer_event(observed: ObservedStation, status: str) -> None:
    def answer(event: JsonObject) -> JsonObject:
        return {"idTokenInfo": {"status": status}} if "idToken" in event else {}

    observed.answers["TransactionEvent"] = answer


def use_unknown_token(observed: ObservedStation) -> None:
    configure(observed, {"AuthCacheCtrlr.Enabled": "false", "LocalAuthListCtrlr.Enabled": "false"})
    observed.advance(SETTLED_S)
    charge(observed)


def use_refused_token(observed: ObservedStation) -> None:
    configure(observed, {"LocalAuthListCtrlr.Enabled": "false"})
    observed.advance(SETTLED_S)
    answer_event(observed, "Blocked")
    charge(observed)
    observed.station.unplug()
    observed.advance(SETTLED_S)
    charge(observed)


def use_old_token(observed: ObservedStation) -> None:
    configure(observed, {"LocalAuthListCtrlr.Enabled": "false", "AuthCacheCtrlr.LifeTime": "1"})
    read(observed, "AuthCacheCtrlr.LifeTime")
    observed.advance(SETTLED_S)
    charge(observed)
    stop(observed)
    observed.advance(SETTLED_S)
    charge(observed)


def stop_with_refused_token(observed: ObservedStation) -> None:
    configure(observed, {"LocalAuthListCtrlr.Enabled": "false"})
    observed.advance(SETTLED_S)
    group: JsonObject = {"groupIdToken": {"idToken": "GROUP", "type": "Central"}}
    answer_authorize(observed, **group)
    observed.answers["TransactionEvent"] = lambda event: (
        {"idTokenInfo": {"status": "Accepted", **group}} if "idToken" in event else {}
    )
    charge(observed)
    answer_authorize(observed, "Blocked", **group)
    stop(observed, OTHER)


def charge_normally(observed: ObservedStation) -> None:
    read(observed, "AuthCtrlr.Enabled")
    charge(observed)


def charge_with_cached_token(observed: ObservedStation) -> None:
    """Charge with a token that is in the cache, so that the station need not ask about it."""
    configure(observed, {"AuthCtrlr.LocalPreAuthorize": "true"})
    read(observed, "AuthCtrlr.Enabled")
    charge_and_leave(observed)
    observed.advance(130)
    charge_and_leave(observed)


def charge_at_wrong_evse(observed: ObservedStation) -> None:
    answer_authorize(observed, evseId=[2])
    charge(observed)


def start_with_master_pass(observed: ObservedStation) -> None:
    configure(observed, {"AuthCtrlr.MasterPassGroupId": "MASTER"})
    observed.advance(SETTLED_S)
    answer_authorize(observed, groupIdToken=MASTER_GROUP)
    charge(observed)


def authorize_again(observed: ObservedStation) -> None:
    configure(observed, {"TxCtrlr.TxStopPoint": "EVConnected"})
    charge(observed)
    observed.station.present(TOKEN)
    observed.advance(2)
    observed.station.present(TOKEN)
    observed.advance(2)


def start_centrally(observed: ObservedStation) -> None:
    configure(observed, {"AuthCtrlr.AuthorizeRemoteStart": "false"})
    observed.station.plug_in()
    observed.advance(62)
    observed.command("RequestStartTransaction", {"remoteStartId": 1, "idToken": CENTRAL, "evseId": 1})
    observed.advance(2)


def stop_with_own_token(observed: ObservedStation) -> None:
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    charge(observed)
    observed.advance(70)
    stop(observed)


def authorize_contract(observed: ObservedStation) -> None:
    configure(observed, {"ISO15118Ctrlr.PnCEnabled": "true", "LocalAuthListCtrlr.Enabled": "false"})
    charge(observed)


def clear_disabled_cache(observed: ObservedStation) -> None:
    configure(observed, {"AuthCacheCtrlr.Enabled": "false"})
    observed.command("ClearCache")


def be_offline(variables: Mapping[str, str]) -> Callable[[ObservedStation], None]:
    """Make a function that sets these variables, and then charges while the station is offline."""

    def play(observed: ObservedStation) -> None:
        configure(observed, variables)
        read(observed, "AuthCtrlr.OfflineTxForUnknownIdEnabled", "LocalAuthListCtrlr.SupportsExpiryDateTime")
        observed.advance(SETTLED_S)
        observed.station.go_offline()
        observed.advance(SETTLED_S)
        charge(observed)
        observed.advance(SETTLED_S)
        observed.station.go_online()
        observed.advance(20)

    return play


WITHOUT_STORES = {"AuthCacheCtrlr.Enabled": "false", "LocalAuthListCtrlr.Enabled": "false"}
WITHOUT_OFFLINE_CONTRACTS = {
    "ISO15118Ctrlr.PnCEnabled": "true",
    "ISO15118Ctrlr.ContractValidationOffline": "false",
    "LocalAuthListCtrlr.Enabled": "false",
    "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true",
}

SCENES = {
    "token-not-asked-for": Scene(use_unknown_token),
    "refused-token-not-asked-for": Scene(use_refused_token),
    "expired-token-not-asked-for": Scene(use_old_token),
    "stopped-by-refused-token": Scene(stop_with_refused_token),
    "charging-without-authorization": Scene(
        charge_with_cached_token, also=frozenset({"id-token-missing", "stop-token-missing"})
    ),
    "charging-at-wrong-evse": Scene(charge_at_wrong_evse),
    "master-pass-started-transaction": Scene(start_with_master_pass),
    "second-token-authorized": Scene(authorize_again),
    "no-authorization-token-with-value": Scene(charge_normally),
    "central-token-asked-for": Scene(start_centrally),
    "own-token-asked-for": Scene(stop_with_own_token, {"evses": 1}),
    "contract-without-certificate-data": Scene(authorize_contract),
    "disabled-cache-cleared": Scene(clear_disabled_cache),
    "token-accepted-offline": Scene(be_offline(WITHOUT_STORES)),
    "contract-accepted-offline": Scene(be_offline(WITHOUT_OFFLINE_CONTRACTS), also=TYPE_CHANGES),
}
