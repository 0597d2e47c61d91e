"""Checks of TransactionEvents, and learners (functions that learn facts from messages for the checks)."""

from mock_csms.findings.checking import Checking
from mock_csms.findings.checks import MET, CheckList, Outcome, StationCall
from mock_csms.findings.coverage import Coverage
from mock_csms.findings.expectations import ExpectedMessages
from mock_csms.findings.facts import Known
from mock_csms.findings.kinds import Reporter


class Board:
    """Checks and learners for one test; ``called`` has the names of those that were called."""

    def __init__(self) -> None:
        self.checks = CheckList[Known](event_action="TransactionEvent")
        self.kind = self.checks.kind("kind", "error", "a fault")
        self.called: list[str] = []
        coverage = Coverage({})
        report = Reporter("CS1", (), self.checks.kinds, coverage)
        self._checking = Checking(self.checks, Known(ExpectedMessages(report, coverage)), report, coverage)

    def check(self, name: str) -> Outcome:
        self.called.append(name)
        return MET

    def send(self, event_type: str, trigger: str, transaction_id: str = "T1") -> list[str]:
        """Judge a TransactionEvent; return the names of the checks and learners that were called for it."""
        self.called.clear()
        info = {"transactionId": transaction_id}
        event = {"eventType": event_type, "triggerReason": trigger, "transactionInfo": info}
        self._checking.judge_call(0.0, 1, "TransactionEvent", event)
        return list(self.called)


def test_check_is_called_for_its_types_and_triggers() -> None:
    board = Board()
    board.kind.on_event("E01.FR.01", types=("Ended",), triggers=("Local", "Remote"))(
        lambda *_: board.check("narrow")
    )
    board.kind.on_event("E01.FR.01")(lambda *_: board.check("all"))
    board.kind.on_call("E01.FR.01", of="TransactionEvent")(lambda *_: board.check("call"))

    assert board.send("Ended", "Remote") == ["call", "narrow", "all"]
    assert board.send("Ended", "Other") == board.send("Updated", "Local") == ["call", "all"]


def test_check_of_first_event_is_called_once_for_each_transaction_type_and_trigger() -> None:
    board = Board()
    board.kind.on_event("E01.FR.01", once=True)(lambda *_: board.check("first"))
    board.send("Updated", "Trigger")

    assert board.send("Updated", "Trigger") == []
    assert board.send("Ended", "Trigger") == ["first"]
    assert board.send("Updated", "Authorized") == ["first"]
    assert board.send("Updated", "Trigger", "T2") == ["first"]


def test_learner_is_called_after_the_checks_of_its_events() -> None:
    board = Board()

    def learn(name: str, _call: StationCall, _known: Known) -> None:
        board.called.append(name)

    board.checks.learn_event(types=("Started",))(lambda call, known: learn("Started", call, known))
    board.checks.learn_call("TransactionEvent")(lambda call, known: learn("call", call, known))
    board.kind.on_event("E01.FR.01")(lambda *_: board.check("check"))

    assert board.send("Started", "Trigger") == ["check", "call", "Started"]
    assert board.send("Updated", "Trigger") == ["check", "call"]
