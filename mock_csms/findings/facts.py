"""Facts about one station that checks depend on; each subject has a class of its own."""

from mock_csms.findings.expectations import ExpectedMessages


class Facts:
    """Facts on one subject that a station has reported or been told.

    A subclass overrides the methods below to drop facts as soon as they may be wrong.
    """

    __slots__ = ()

    def booted(self, reason: str) -> None:
        """Called for a BootNotification whose reason is not ``Triggered``, after its checks and learners."""

    def disconnected(self) -> None:
        """Called at the end of a connection; messages may have been lost."""

    def doubt(self, action: str | None) -> None:
        """Called for a frame that cannot be read or violates its schema; None: its action is unknown."""

    def left_unanswered(self, action: str) -> None:
        """Called for a CALL of the station that got a CALLERROR or no usable answer.

        The station may send the CALL again.
        """

    def given_more_time(self, seconds: float) -> None:
        """Called after the station has waited ``seconds`` for an answer; an override extends deadlines."""

    def command_failed(self, action: str | None) -> None:
        """Called if it is unknown whether the station has carried out a command: the command was sent with a
        fault, or got no valid CALLRESULT. ``action=None``: it may be any command.
        """


class Known:
    """Everything known about one station. Facts are created when a check or a learner first needs them."""

    __slots__ = ("_facts", "_unanswered", "expectations")

    def __init__(self, expectations: ExpectedMessages) -> None:
        self.expectations = expectations
        self._facts: dict[type[Facts], Facts] = {}
        self._unanswered: set[str] = set()
        """Actions of commands whose answer may still arrive."""

    def __getitem__[Subject: Facts](self, subject: type[Subject]) -> Subject:
        """Return the facts on a subject, as in ``known[Monitors]``."""
        facts = self._facts.get(subject)
        if facts is None:
            facts = self._facts[subject] = subject()
        return facts  # type: ignore[return-value]  # the key is the type of its value

    def find[Subject: Facts](self, subject: type[Subject]) -> Subject | None:
        """Return the facts on a subject; unlike ``known[...]``, return None if they do not exist yet."""
        return self._facts.get(subject)  # type: ignore[return-value]  # the key is the type of its value

    def booted(self, reason: str) -> None:
        """Pass a restart of the station on to all facts."""
        for facts in self._facts.values():
            facts.booted(reason)
        self.expectations.booted()

    def disconnected(self) -> None:
        """Call `command_failed` for each unanswered command, then pass the disconnect on to all facts."""
        for action in tuple(self._unanswered):
            self.command_failed(action)
        for facts in self._facts.values():
            facts.disconnected()
        self.expectations.disconnected()

    def doubt(self, action: str | None) -> None:
        """Drop facts that an invalid frame may have changed, and expectations that it may have fulfilled."""
        for facts in self._facts.values():
            facts.doubt(action)
        self.expectations.doubt(action)

    def left_unanswered(self, action: str) -> None:
        """Pass a CALL without a usable answer on to all facts."""
        for facts in self._facts.values():
            facts.left_unanswered(action)
        self.expectations.doubt(action)

    def given_more_time(self, seconds: float) -> None:
        """Extend all deadlines by the time that the station has waited for an answer."""
        for facts in self._facts.values():
            facts.given_more_time(seconds)
        self.expectations.shift(seconds)

    def command_sent(self, action: str) -> None:
        """Register that a command with this action was sent and is not answered yet."""
        self._unanswered.add(action)

    def command_answered(self, action: str) -> None:
        """Register the valid CALLRESULT to a command."""
        self._unanswered.discard(action)

    def command_failed(self, action: str | None) -> None:
        """Report to all facts that it is unknown whether the station has carried out a command."""
        if action is not None:
            self._unanswered.discard(action)
        for facts in self._facts.values():
            facts.command_failed(action)
