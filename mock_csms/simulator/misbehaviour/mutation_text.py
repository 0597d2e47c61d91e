"""Reads the text of a mutation, such as ``say BootNotification reason=Unknown times 1``, into plain data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

WORD: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+')
PATH_AND_VALUE: Final = re.compile(r"([A-Za-z][\w.-]*)(!?=)(.*)", re.ASCII | re.DOTALL)
NUMBER: Final = re.compile(r"[1-9]\d{0,8}", re.ASCII)

OCCASIONS: Final = ("on", "before")
COUNTS: Final = ("times", "after")
CONDITION: Final = "if"


class WrongMutation(ValueError):
    """A mutation that cannot be read. The message is one clause that says how to correct it."""


@dataclass(frozen=True)
class WrittenValue:
    """A word such as ``status=Accepted`` or, in a condition, ``status!=Accepted``."""

    path: str
    sign: str
    value: str

    @property
    def text(self) -> str:
        """The value without double quotes around it."""
        quoted = re.fullmatch(r'"([^"\\]*)"', self.value)
        return self.value if quoted is None else quoted[1]


@dataclass
class MutationText:
    """The parts of a mutation, as they are written."""

    form: str
    """The first word, such as ``say``."""
    subjects: list[str] = field(default_factory=list)
    """Further words without ``=``, such as an action, a step, a number of seconds or an error code."""
    values: list[WrittenValue] = field(default_factory=list)
    conditions: list[WrittenValue] = field(default_factory=list)
    occasion: tuple[str, str] | None = None
    """``on`` or ``before``, and an action or step."""
    limit: int | None = None
    """Number after ``times``."""
    skip: int = 0
    """Number after ``after``."""


def parse_words(text: str) -> MutationText:
    """Split a mutation into its parts; raises WrongMutation."""
    if not text.isprintable():
        raise WrongMutation("it has characters that cannot be printed; write it in one line of text")
    if WORD.sub("", text).strip():
        raise WrongMutation('a double quote is not closed; write a value with spaces as FIELD="two words"')
    words = iter(WORD.findall(text))
    parts = MutationText(next(words, ""))
    is_condition = False
    for word in words:
        if word == CONDITION:
            is_condition = True
        elif word in (*OCCASIONS, *COUNTS):
            _read_keyword(parts, word, words)
        elif match := PATH_AND_VALUE.fullmatch(word):
            _read_value(parts, WrittenValue(*match.groups()), is_condition=is_condition)
        elif parts.values or parts.occasion or is_condition:
            raise WrongMutation(
                f"cannot read {word!r}; write FIELD=VALUE, with double quotes around a VALUE with spaces"
            )
        else:
            parts.subjects.append(word)
    if is_condition and not parts.conditions:
        raise WrongMutation("'if' needs a condition: FIELD=VALUE, FIELD!=VALUE or FIELD=")
    return parts


def _read_value(parts: MutationText, value: WrittenValue, *, is_condition: bool) -> None:
    if is_condition:
        parts.conditions.append(value)
    elif value.sign == "!=" or parts.occasion is not None:
        raise WrongMutation(
            f"{value.path}{value.sign}{value.value} is a condition; write 'if' in front of it"
        )
    else:
        parts.values.append(value)


def _read_keyword(parts: MutationText, keyword: str, words: Iterator[str]) -> None:
    following = next(words, "")
    if keyword in OCCASIONS:
        parts.occasion = keyword, following
        return
    if not NUMBER.fullmatch(following):
        raise WrongMutation(f"write a whole number from 1 after {keyword}")
    if keyword == "times":
        parts.limit = int(following)
    else:
        parts.skip = int(following)
