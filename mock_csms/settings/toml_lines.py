"""Finds the line of a value in a valid TOML text; tomllib reports no positions."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

type KeyPart = int | str
"""A key or the index of an item in an array."""

TOML_TOKEN: Final = re.compile(
    r"""
    \# [^\n]*+
    | \"{3} (?: \\. | [^\\"] | "(?!"") )*+ \"{3,5}
    | '{3} (?: [^'] | '(?!'') )*+ '{3,5}
    | " (?: \\. | [^\\"\n] )*+ "
    | ' [^'\n]*+ '
    | [][{}\n]
    """,
    re.VERBOSE | re.DOTALL,
)
"""Matches comments, texts, brackets and line ends, which decide where a statement ends."""
PLAIN_HEADER: Final = re.compile(r"\[\[?([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*+)\]\]?")
"""Table header without quotes or spaces."""


KEY_PART: Final = r"""(?:"(?:\\.|[^\\"\n])*+"?+|'[^'\n]*+'?+|[A-Za-z0-9_-]++)"""
KEYS: Final = re.compile(
    rf"""
    \# [^\n]*+
    | \"{{3}} (?: \\. | [^\\"] | "(?!"") )*+ (?:\"{{3,5}})?+
    | '{{3}} (?: [^'] | '(?!'') )*+ (?:'{{3,5}})?+
    | {KEY_PART} (?P<more> (?: [ \t]*+ \. [ \t]*+ {KEY_PART} )++ )?+
    """,
    re.VERBOSE | re.DOTALL,
)
"""Matches comments, texts over several lines, and dotted keys; numbers and one-line texts match as keys.

Closing quotes are optional, so that the scan of an invalid text without them takes linear time, too.
"""
MAX_KEY_PARTS: Final = 100
"""Maximum number of parts of a dotted key; tomllib's time grows with the square of this number."""


def line_of_long_key(text: str) -> int | None:
    """Return the line of the first key with more than MAX_KEY_PARTS parts. The text may be invalid TOML."""
    if all(line.count(".") < MAX_KEY_PARTS for line in text.split("\n")):
        return None
    for match in KEYS.finditer(text):
        more = match["more"]
        if more and more.count(".") >= MAX_KEY_PARTS and len(re.findall(KEY_PART, more)) >= MAX_KEY_PARTS:
            return text.count("\n", 0, match.start()) + 1
    return None


def line_of(text: str, location: Sequence[KeyPart]) -> int:
    """Return the line on which the statement for a location begins, in one pass over the text.

    For a missing key, this is the line of the enclosing table, or 1 at the top level. Keys of the top level
    and of profiles and listeners may have hyphens for underscores.
    """
    line_found, depth_found = 1, 0
    for line, table, statement in _statements_with_table(text):
        depth = _depth_in_table(location, table, statement)
        if depth > depth_found:
            line_found, depth_found = line, depth
        if depth == len(location):
            break
    return line_found


def _statements_with_table(text: str) -> Iterator[tuple[int, Sequence[KeyPart], str]]:
    """Yield the number of the first line, the table and the text of each statement.

    For the header of a table, the text is empty.
    """
    table: Sequence[KeyPart] = ()
    lengths: Counter[tuple[KeyPart, ...]] = Counter()
    for line, statement in _statements(text):
        if statement.startswith("["):
            table = _table_of(statement, lengths)
            yield line, table, ""
        else:
            yield line, table, statement


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number of the first line and the text of each statement."""
    start, line, first_line, open_brackets = 0, 1, 1, 0
    for match in TOML_TOKEN.finditer(text):
        part = match[0]
        if part in "[{":
            open_brackets += 1
        elif part in "]}":
            open_brackets -= 1
        else:
            line += part.count("\n")
        if part == "\n" and not open_brackets:
            yield from _unless_empty(first_line, text[start : match.start()])
            start, first_line = match.end(), line
    yield from _unless_empty(first_line, text[start:])


def _unless_empty(line: int, statement: str) -> Iterator[tuple[int, str]]:
    stripped = statement.strip()
    if stripped and not stripped.startswith("#"):
        yield line, stripped


def _table_of(header: str, lengths: Counter[tuple[KeyPart, ...]]) -> tuple[KeyPart, ...]:
    """Path of the table that a header begins; ``lengths`` counts the items of each array of tables so far."""
    match = PLAIN_HEADER.fullmatch(header)
    names = match[1].split(".") if match else _names_in(tomllib.loads(header))
    path: tuple[KeyPart, ...] = ()
    for number, name in enumerate(names, 1):
        path = (*path, name)
        if number == len(names) and header.startswith("[["):
            lengths[path] += 1
        if path in lengths:
            path = (*path, lengths[path] - 1)
    return path


def _names_in(header: dict[str, Any]) -> list[str]:
    names = []
    content: Any = header
    while isinstance(content, dict) and content:
        ((name, content),) = content.items()
        names.append(name)
    return names


def _depth_in_table(location: Sequence[KeyPart], table: Sequence[KeyPart], statement: str) -> int:
    """Number of steps at the start of ``location`` that match ``table`` and then ``statement``."""
    depth = 0
    for number, step in enumerate(table):
        depth = _past_index_of_single_table(location, depth, step)
        if depth == len(location) or not _is_same_key(location[depth], step, table[:number]):
            return depth
        depth += 1
    if not statement or depth == len(location):
        return depth
    return _depth_in_value(location, depth, tomllib.loads(statement))


def _past_index_of_single_table(location: Sequence[KeyPart], depth: int, step: KeyPart) -> int:
    """Return ``depth + 1`` if ``location[depth]`` is an index but ``step`` is a key, otherwise ``depth``."""
    has_index = depth < len(location) and isinstance(location[depth], int)
    return depth + 1 if has_index and not isinstance(step, int) else depth


def _is_same_key(step: KeyPart, key: KeyPart, path: Sequence[KeyPart]) -> bool:
    return step == key or (
        isinstance(key, str)
        and (not path or (len(path) == 2 and path[0] in {"stations", "listeners"}))
        and step == key.replace("-", "_")
    )


def _depth_in_value(location: Sequence[KeyPart], depth: int, value: Any) -> int:
    path = list(location[:depth])
    while depth < len(location):
        step = location[depth]
        if isinstance(value, dict) and isinstance(step, int):
            depth += 1
            continue
        if isinstance(value, dict):
            keys = [key for key in value if _is_same_key(step, key, path)]
        else:
            keys = [step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else []
        if not keys:
            return depth
        value = value[keys[0]]
        path.append(step)
        depth += 1
    return depth
