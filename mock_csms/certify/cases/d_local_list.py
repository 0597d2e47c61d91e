"""Cases of block D, local authorization list."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.certify.station_file import TokensTable

CASES: Final = CaseList()

VERSION: Final = 5
"""Version of the list that the station has before an update."""


async def has_list(run: CaseRun) -> None:
    """Send a local list with the valid token before the case begins."""
    await run.given.variables_if_implemented(LocalAuthListCtrlr__Enabled=True)
    await run.given.local_list(added("valid", run.tokens), version=VERSION)


async def has_version(run: CaseRun, version: int) -> None:
    """Check the version of the local list with GetLocalListVersion."""
    await run.csms.sends("GetLocalListVersion", expect={"versionNumber": version})


def added(name: str, tokens: TokensTable) -> dict[str, Any]:
    """Return an entry that adds a token of the station file."""
    return {**removed(name, tokens), "idTokenInfo": {"status": "Accepted"}}


def removed(name: str, tokens: TokensTable) -> dict[str, Any]:
    """Return an entry that removes a token of the station file."""
    return {"idToken": getattr(tokens, name).as_json}


@CASES.case("TC_D_01_CS", "Accept a full list, and report its version")
async def full_list(run: CaseRun) -> None:
    await run.given.variables_if_implemented(LocalAuthListCtrlr__Enabled=True)
    await run.state.local_list(added("valid", run.tokens), version=VERSION)
    await has_version(run, VERSION)


@CASES.family(
    {
        ("TC_D_02_CS", "Add a token with a differential update"): (
            "Differential",
            VERSION + 1,
            "second",
            added,
        ),
        ("TC_D_03_CS", "Remove a token with a differential update that has no idTokenInfo"): (
            "Differential",
            VERSION + 1,
            "valid",
            removed,
        ),
        ("TC_D_04_CS", "Empty the list with a full update that has no entries"): ("Full", VERSION, "", None),
        ("TC_D_05_CS", "Change the version with a differential update that has no entries"): (
            "Differential",
            VERSION + 1,
            "",
            None,
        ),
    }
)
async def update(run: CaseRun, kind: str, version: int, token: str, entry: Any) -> None:
    await has_list(run)
    entries = {"localAuthorizationList": [entry(token, run.tokens)]} if entry else {}
    update = {"updateType": kind, "versionNumber": version, **entries}
    await run.csms.sends("SendLocalList", update, expect="Accepted")
    await has_version(run, version)


@CASES.case("TC_D_06_CS", "Answer VersionMismatch to a differential update with an older version")
async def old_version(run: CaseRun) -> None:
    await has_list(run)
    update = {"updateType": "Differential", "versionNumber": VERSION - 1}
    entries = [added("second", run.tokens)]
    await run.csms.sends(
        "SendLocalList", {**update, "localAuthorizationList": entries}, expect="VersionMismatch"
    )
    await has_version(run, VERSION)


@CASES.case("TC_D_07_CS", "Keep the list over a restart")
async def kept_over_restart(run: CaseRun) -> None:
    await has_list(run)
    await run.given.booted()
    await has_version(run, VERSION)


@CASES.case("TC_D_08_CS", "Report the version of the list")
async def version_of_list(run: CaseRun) -> None:
    await has_list(run)
    await has_version(run, VERSION)


@CASES.case("TC_D_10_CS", "Report version 0 while lists are disabled")
async def disabled_list(run: CaseRun) -> None:
    await has_list(run)
    await run.given.variables_if_implemented(LocalAuthListCtrlr__Enabled=False)
    await has_version(run, 0)
