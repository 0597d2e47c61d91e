"""Stimuli of a person or a rig in a case."""

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from typing import Any, Self

from mock_csms.certify.case_steps import CaseSteps
from mock_csms.certify.station_file import CaseToken, StationFile
from mock_csms.certify.stimuli import STIMULI, CannotDo, Rig, RigFailed, Stimulus
from mock_csms.certify.verdicts import Skipped


class RigVerbs:
    """The person or the rig at the station as seen by a case.

    Each verb returns when the stimulus has been given. It raises Skipped if the rig cannot give the stimulus,
    and RigFailed if the rig does not work.
    """

    def __init__(self, rig: Rig, steps: CaseSteps, file: StationFile) -> None:
        self._rig = rig
        self._steps = steps
        self._file = file
        self.plugged: set[int] = set()
        """EVSEs at which a cable has been plugged in."""
        self.parked: set[int] = set()
        """EVSEs with a vehicle in their bay."""
        self.faulted: set[int] = set()
        """EVSEs with a fault of their connector."""

    def of(self, file: StationFile) -> Self:
        """Return the same verbs with another station file."""
        other = copy(self)
        other._file = file
        return other

    async def does(self, stimulus: str, **parameters: Any) -> None:
        """Give a stimulus of `STIMULI`, by default at the EVSE of the case and its lowest connector."""
        asked = Stimulus(stimulus, {**self._place(stimulus, parameters), **parameters})
        with self._steps.step(f"the rig does {asked}"):
            await self._gives(asked)
        self._note(stimulus, asked.parameters.get("evse", self._file.evse))

    def _place(self, stimulus: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return EVSE and connector for a stimulus, each only if the text of `STIMULI` names one.

        Connector 1, which rigs assume by default, is left out except for plug-in.
        """
        if "{evse}" not in STIMULI[stimulus]:
            return {}
        evse = parameters.get("evse", self._file.evse)
        connector = self._file.connector_of(evse)
        is_named = stimulus == "plug-in" or ("{connector}" in STIMULI[stimulus] and connector != 1)
        return {"evse": evse, "connector": connector} if is_named else {"evse": evse}

    async def _gives(self, stimulus: Stimulus) -> None:
        """Ask the rig for a stimulus; raises Skipped, or RigFailed for any fault of the rig."""
        try:
            await self._rig.do(stimulus)
        except CannotDo as reason:
            raise Skipped(str(reason)) from None
        except RigFailed:
            raise
        except Exception as error:
            raise RigFailed(f"the rig failed to do {stimulus}: {type(error).__name__}: {error}") from error

    def _note(self, stimulus: str, evse: int) -> None:
        """Keep track of the cable, vehicle or fault that a stimulus adds at an EVSE or removes from it."""
        match stimulus:
            case "plug-in" | "plug-and-charge":
                self.plugged.add(evse)
            case "unplug":
                self.plugged.discard(evse)
            case "park":
                self.parked.add(evse)
            case "leave":
                self.parked.discard(evse)
            case "fault":
                self.faulted.add(evse)
            case "repair":
                self.faulted.discard(evse)

    async def clears(self) -> list[str]:
        """Clear all faults, unplug all cables and drive all vehicles away, as far as the rig can.

        Returns the message of each RigFailed.
        """
        failures = []
        for verb, evses in (
            (self.repairs, self.faulted),
            (self.unplugs, self.plugged),
            (self.leaves, self.parked),
        ):
            for evse in sorted(evses):
                try:
                    await verb(evse)
                except Skipped:
                    pass
                except RigFailed as failure:
                    failures.append(str(failure))
        return failures

    async def frees_the_bay(self) -> None:
        """Drive away a vehicle that may have been left in the bay before the case."""
        if self._file.evse not in self.parked | self.plugged:
            with suppress(Skipped):
                await self._gives(Stimulus("leave", {"evse": self._file.evse}))

    async def plugs_in(self, evse: int | None = None, **vehicle: Any) -> None:
        """Plug a cable in at both ends."""
        await self.does("plug-in", **_at(evse), **vehicle)

    async def unplugs(self, evse: int | None = None) -> None:
        """Unplug the cable at the station."""
        await self.does("unplug", **_at(evse))

    async def unplugs_at_the_vehicle(self, *, is_attached: bool = False) -> None:
        """Unplug the cable at the vehicle only."""
        await self.does("unplug-at-ev", **({"cable": "attached"} if is_attached else {}))
        if is_attached:
            self.plugged.discard(self._file.evse)

    async def plugs_in_at_the_vehicle(self) -> None:
        """Plug the cable in at the vehicle again."""
        await self.does("plug-in-at-ev")

    async def presents(self, token: CaseToken | None = None, evse: int | None = None) -> None:
        """Present a token, by default the valid one."""
        shown = token or self._file.tokens.valid
        await self.does("present", token=shown.id_token, type=shown.type, **_at(evse))

    async def parks(self, evse: int | None = None) -> None:
        """Drive a vehicle into the bay."""
        await self.does("park", **_at(evse))

    async def leaves(self, evse: int | None = None) -> None:
        """Drive the vehicle out of the bay."""
        await self.does("leave", **_at(evse))

    async def pauses(self, evse: int | None = None) -> None:
        """Stop the vehicle from taking energy."""
        await self.does("pause", **_at(evse))

    async def resumes(self, evse: int | None = None) -> None:
        """Resume the energy transfer at the vehicle."""
        await self.does("resume", **_at(evse))

    async def breaks(self, evse: int | None = None) -> None:
        """Cause a fault of a connector."""
        await self.does("fault", **_at(evse))

    async def repairs(self, evse: int | None = None) -> None:
        """Clear the fault of a connector."""
        await self.does("repair", **_at(evse))

    async def cuts_the_power(self, seconds: float = 3) -> None:
        """Cut the power and restore it."""
        await self.does("power-cycle", seconds=seconds)

    async def limits_the_site(self, amperes: float | None) -> None:
        """Set an external limit in amperes per phase; None ends the limit."""
        if amperes is None:
            await self.does("no-site-limit")
        else:
            await self.does("site-limit", amperes=amperes)

    async def confirms(self, statement: str) -> None:
        """Ask the rig to confirm a statement about the station; raises Skipped if the rig does not."""
        await self.does("confirm", question=statement)


def _at(evse: int | None) -> dict[str, int]:
    return {} if evse is None else {"evse": evse}
