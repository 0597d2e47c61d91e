"""One run of a case: the object with which the function of the case sends, expects and checks."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from mock_csms.certify.case_steps import CaseSteps, OnStep
from mock_csms.certify.preparations import Preparations
from mock_csms.certify.settling import settle
from mock_csms.certify.states import States
from mock_csms.certify.station_file import StationFile, TimesTable, TokensTable
from mock_csms.certify.stimuli import Rig
from mock_csms.certify.verbs.csms_verbs import CsmsVerbs
from mock_csms.certify.verbs.cursor import Cursor
from mock_csms.certify.verbs.rig_verbs import RigVerbs
from mock_csms.certify.verbs.stage import Stage
from mock_csms.certify.verbs.station_verbs import StationVerbs
from mock_csms.client import AsyncClient, AsyncStationHandle, ClientError, TranscriptEntry


class CaseRun:
    """One run of a case, which is passed to the function of the case.

    ``csms`` sends commands and answers, ``station`` expects messages of the station, and ``rig`` is the
    person or device at the station. ``given`` brings the station into the state in which the case begins; a
    failure there makes the case INCONCLUSIVE. ``state`` reaches the same states by steps of the case itself;
    a failure there makes the case FAIL.
    """

    def __init__(
        self,
        client: AsyncClient,
        handle: AsyncStationHandle,
        file: StationFile,
        rig: Rig,
        on_step: OnStep = lambda _: None,
    ) -> None:
        cursor = Cursor(handle.cursor)
        self.file: Final = file
        self.steps: Final = CaseSteps(on_step)
        self.csms: Final = CsmsVerbs(client, handle, cursor, self.steps, file.times.message)
        self.station: Final = StationVerbs(handle, cursor, self.steps, file)
        self.rig: Final = RigVerbs(rig, self.steps, file)
        stage = Stage(self.csms, self.station, self.rig, self.steps, file)
        self.given: Final = Preparations(stage)
        self.state: Final = States(stage)
        self._stage = stage

    @property
    def tokens(self) -> TokensTable:
        """The tokens of the station file."""
        return self.file.tokens

    @property
    def times(self) -> TimesTable:
        """The times of the station file."""
        return self.file.times

    @property
    def evse(self) -> int:
        """Id of the EVSE that the case uses."""
        return self.file.evse

    @property
    def transaction_id(self) -> str:
        """Id of the transaction of the case; raises CaseFailed if none has been started."""
        return self._stage.session.id_of_transaction()

    async def waits(self, seconds: float) -> None:
        """Wait for a time that the case prescribes."""
        await self._stage.waits(seconds)

    async def variable(self, component: str, variable: str, instance: str | None = None) -> str | None:
        """Read a variable of the station, and return its value; None if the station does not have it."""
        return await self._stage.variable(component, variable, instance)

    def check(self, holds: bool, sentence: str, about: TranscriptEntry | None = None) -> None:
        """Check a condition as a separate step; ``sentence`` says what has to hold. Raises CaseFailed."""
        self.steps.check(holds, sentence, about)

    def check_each(self, sentence: str, exceptions: Sequence[str]) -> None:
        """Check as a separate step that ``sentence`` holds; raises CaseFailed if there are ``exceptions``."""
        self.steps.check_each(sentence, exceptions)

    def undo_with(self, change: str, undo: Callable[[], Awaitable[object]]) -> None:
        """Register ``undo``, which reverts a change at the end of the case, even after a failure."""
        self._stage.undo_with(change, undo)

    async def settle(self) -> list[str]:
        """Bring the station back to idle and undo the changes of the case; return a text for each failure."""
        with suppress(ClientError):
            await self.csms.takes_all_back()
        try:
            left = await settle(self.csms.handle, self.rig, self.file)
        except Exception as error:  # a fault of a rig must not end the run
            left = [f"the station is not idle: {type(error).__name__}: {error}"]
        return [*left, *await self._stage.undo()]
