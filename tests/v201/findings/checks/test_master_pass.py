"""Checks of transactions that a master pass stops."""

import pytest

from tests.support.talk import TOKEN, Talk, case
from tests.v201.findings.checks.authorizing import OTHER, ask, use

KIND = "master-pass-not-reported"
GROUP = {"idToken": "MASTER", "type": "Central"}


def stop(talk: Talk, reason: str | None, *, group: str = "MASTER", status: str = "Accepted") -> None:
    """Start a transaction, authorize a token of ``group``, and stop the transaction with that token."""
    talk.read_variables({"AuthCtrlr.MasterPassGroupId": "Master"})
    talk.wait(130, step=130)
    use(talk, TOKEN)
    ask(talk, OTHER, status, groupIdToken={**GROUP, "idToken": group})
    info = {"transactionId": "T1", **({} if reason is None else {"stoppedReason": reason})}
    event = talk.event(1, "Ended", triggerReason="StopAuthorized", idToken=OTHER, info=info)
    talk.exchange("TransactionEvent", event)


@pytest.mark.parametrize("reason", [None, "Local"])
def test_other_reason_for_a_stop_by_a_master_pass_is_found(talk: Talk, reason: str | None) -> None:
    stop(talk, reason)

    assert talk.ids == [KIND]
    assert talk.coverage("C16.FR.07") == "broken"


def test_reason_master_pass_is_accepted(talk: Talk) -> None:
    stop(talk, "MasterPass")

    assert talk.ids == []
    assert talk.coverage("C16.FR.07") == "met"


@pytest.mark.parametrize(
    "options", [case("other group", {"group": "OTHER"}), case("refused", {"status": "Blocked"})]
)
def test_other_token_needs_no_such_reason(talk: Talk, options: dict[str, str]) -> None:
    stop(talk, "Local", **options)

    assert KIND not in talk.ids
    assert talk.coverage("C16.FR.07") == "not exercised"
