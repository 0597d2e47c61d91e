"""Scripts of simulated stations: one step per line, read from a file or from stdin."""

import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from mock_csms.simulator.core import Setup
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.verbs import (
    VERBS,
    Obstacle,
    ScriptStep,
    WrongStep,
    positive_number,
    step_of_words,
    verb_named,
)
from mock_csms.text import suggest

AFTER: Final = "after"
REPEAT: Final = "repeat"
QUIT: Final = "quit"
WORDS: Final = {
    f"{AFTER} SECONDS STEP": "do the step this many seconds after the previous one",
    REPEAT: "start again from the first line; must be the last line",
    QUIT: "end the simulator with all its stations",
}
"""What a script line may be apart from a plain step: each form with its meaning."""


@dataclass(frozen=True)
class ScriptLine:
    """A line of a script."""

    delay_s: float
    identity: str | None
    """Station for this line; None: every station that runs the script."""
    step: ScriptStep | str
    """A step, or one of the words REPEAT and QUIT."""


def parse_line(text: str, setup: Setup, identities: Collection[str]) -> ScriptLine | None:
    """Read a line; return None if it is empty or a comment. Raises WrongStep."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        raise WrongStep("a quotation mark is not closed") from None
    if not words:
        return None
    identity = words.pop(0) if words[0] in identities else None
    delay_s = 0.0
    if words[:1] == [AFTER]:
        if len(words) < 3:
            raise WrongStep("write after SECONDS STEP, for example after 5 unplug")
        delay_s = 0.0 if words[1] == "0" else positive_number("seconds", words[1])
        words = words[2:]
    if identity is None and words and words[0] in identities:
        identity = words.pop(0)
    if not words:
        raise WrongStep(f"the step for {identity} is missing")
    if identity is None:
        _check_station(words, identities)
    return ScriptLine(delay_s, identity, _step(words, setup))


def _check_station(words: Sequence[str], identities: Collection[str]) -> None:
    """Raise WrongStep if a word in front of a step names an unknown station."""
    known = {*VERBS, AFTER, REPEAT, QUIT}
    if words[0] not in known and words[1:] and words[1] in known:
        hint = suggest(words[0], identities) or f"; write, for example, {min(identities)} {words[1]}"
        raise WrongStep(f"there is no station {words[0]!r}{hint}")


def _step(words: Sequence[str], setup: Setup) -> ScriptStep | str:
    name, *rest = words
    if name in {REPEAT, QUIT}:
        if rest:
            raise WrongStep(f"{name} has no parameters")
        return name
    return step_of_words(verb_named(name, (AFTER, REPEAT, QUIT)), rest, setup)


def parse_script(text: str, name: str, setup: Setup, identities: Collection[str]) -> list[ScriptLine]:
    """Read a script. Raises WrongStep with file name and line number."""
    lines: list[ScriptLine] = []
    for number, content in enumerate(text.splitlines(), 1):
        try:
            line = parse_line(content, setup, identities)
            if line is not None:
                _check_position(line, lines)
                lines.append(line)
        except WrongStep as error:
            raise WrongStep(f"{name}:{number}: {error}") from None
    if not lines:
        raise WrongStep(
            f"{name}: the script has no steps; write one step per line, for example plug-in evse=1"
        )
    return lines


def _check_position(line: ScriptLine, before: Sequence[ScriptLine]) -> None:
    if before and before[-1].step == REPEAT:
        raise WrongStep("no line may follow repeat")
    if line.step == REPEAT and not sum(earlier.delay_s for earlier in before) + line.delay_s:
        raise WrongStep("a script that repeats must wait somewhere; write, for example, after 60 repeat")


class Player:
    """Plays a script at one station."""

    def __init__(
        self,
        station: SimulatedStation,
        lines: Sequence[ScriptLine],
        report: Callable[[str], object],
        stop: Callable[[], object],
    ) -> None:
        self._station = station
        self._lines = lines
        self._report = report
        self._stop = stop

    def start(self, index: int = 0) -> None:
        """Play the script from the line with this index."""
        if index < len(self._lines):
            self._station.core.after_scaled(self._lines[index].delay_s, lambda: self._play(index))

    def _play(self, index: int) -> None:
        line = self._lines[index]
        if line.step == REPEAT:
            self.start()
            return
        if line.identity in {None, self._station.core.setup.identity}:
            play(line, self._station, self._report, self._stop)
        self.start(index + 1)


def play(
    line: ScriptLine, station: SimulatedStation, report: Callable[[str], object], stop: Callable[[], object]
) -> None:
    """Do the step of a line now; report the step, or why it has no effect. Call ``stop`` for ``quit``."""
    if not isinstance(line.step, ScriptStep):
        stop()
        return
    try:
        line.step.do(station, report)
    except Obstacle as obstacle:
        report(f"{line.step} has no effect: {obstacle}")
