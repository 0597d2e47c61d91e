"""The line of a value in a TOML text."""

import tomllib
from typing import Any

import pytest

from mock_csms.settings.toml_lines import MAX_KEY_PARTS, line_of, line_of_long_key


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


@pytest.mark.parametrize(
    ("text", "location", "line"),
    [
        case("empty", "", ("a",), 1),
        case("key", "# c\n\na = 1\nb = 2\n", ("b",), 4),
        case("dotted key", "a.b = 1\na.c = 2\n", ("a", "c"), 2),
        case("quoted key", "a = 1\n'b.c' = 2\n\"d\\u0065\" = 3\n", ("de",), 3),
        case("header", "a = 1\n[b]\n[c.d]\n", ("c", "d"), 3),
        case("header with spaces", "[a]\n[ b . 'c]' ] # d\n", ("b", "c]"), 2),
        case("key of a table", "[a]\nx = 1\n[b]\nx = 1\n", ("b", "x"), 4),
        case("missing key", "[a]\nx = 1\n[b]\nx = 1\n", ("b", "y"), 3),
        case("array of tables", "[[r]]\nx = 1\n[[r]]\nx = 1\n[[r]]\nx = 1\n", ("r", 1, "x"), 4),
        case("subtable of an item", "[[r]]\n[r.s]\n[[r]]\n[r.s]\nx = 1\n", ("r", 1, "s", "x"), 5),
        case("nested arrays of tables", "[[r]]\n[[r.s]]\n[[r.s]]\nx = 1\n", ("r", 0, "s", 1, "x"), 4),
        case("inline array", "r = [\n{x = 1},\n{x = 1}]\n", ("r", 1, "x"), 1),
        case("index of a single table", "[[r]]\nt = {x = 1}\n[[r]]\nt = {x = 1}\n", ("r", 1, "t", 0, "x"), 4),
        case("text with brackets", 'a = "[[{"\nb = \'["\'\nc = 1\n', ("c",), 3),
        case("long text", 'a = """\n[x]\n\\"""\n"""\nb = 1\n', ("b",), 5),
        case("long text that ends in quotes", 'a = """x"""""\nb = 1\n', ("b",), 2),
        case("long literal text", "a = '''\n#[\n'''\nb = 1\n", ("b",), 4),
        case("comment with quotes", 'a = 1 # "[\nb = 1\n', ("b",), 2),
        case("array of many lines", "a = [ # [\n1,\n]\nb = 1\n", ("b",), 4),
        case("line separator in a text", "a = '\u2028\x85'\nb = 1\n", ("b",), 2),
        case("line ends of Windows", "a = 1\r\n\r\nb = 1\r\n", ("b",), 3),
        case("hyphen at the top level", "a = 1\nb-c = 1\n", ("b_c",), 2),
        case("hyphen in a profile", "[stations.A-B]\nx = 1\nb-c = 1\n", ("stations", "A-B", "b_c"), 3),
        case("hyphen in an identity", "[stations.A-B]\n[stations.A_B]\n", ("stations", "A_B"), 2),
    ],
)
def test_line_of_a_value(text: str, location: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(text)

    assert line_of(text, location) == line


@pytest.mark.parametrize(
    "lines",
    [
        case("tables", "[tokens.T{}]\nstatus = 'Blocked'\n"),
        case("dotted keys", "tokens.T{}.status = 'Blocked'\n"),
        case("inline tables", "tokens.T{} = {{ status = 'Blocked' }}\n"),
    ],
)
def test_line_in_a_long_text_is_found_in_one_pass(lines: str) -> None:
    """Parsing every prefix of the text would take hours."""
    text = "".join(map(lines.format, range(20_000)))

    assert line_of(text, ("tokens", "T19999", "status")) == text.count("\n")


# Keys of very many parts, which tomllib takes long to read


def dotted(part: str, count: int) -> str:
    return ".".join([part] * count)


@pytest.mark.parametrize("part", ["a", '"a.b"', "'.'", " a "])
@pytest.mark.parametrize("statement", ["\n[{}]", "\n[[{}]]", "\n{} = 1", "\nx = {{ {} = 1 }}", '\n{} = "'])
def test_key_of_too_many_parts_is_found(part: str, statement: str) -> None:
    assert line_of_long_key(statement.format(dotted(part, MAX_KEY_PARTS + 1))) == 2
    assert line_of_long_key(statement.format(dotted(part, MAX_KEY_PARTS))) is None


@pytest.mark.parametrize("statement", ["# {}", 'x = "{}"', "x = '{}'", 'x = """\n{}"""', "x = '''\n{}'''"])
def test_dots_in_texts_and_comments_are_not_keys(statement: str) -> None:
    assert line_of_long_key(statement.format(dotted("a", 1000))) is None


def test_unfinished_texts_are_scanned_once() -> None:
    dots = "." * MAX_KEY_PARTS
    assert line_of_long_key(f'{dots}\n"""\n' + '\\"""\n' * 500_000) is None
