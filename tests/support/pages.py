"""The pages of the documentation: their blocks of code, and the commands in them."""

import asyncio
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.support.paths import ROOT
from tests.support.station import PATIENCE

PAGES: Final = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "bench" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


class Block(NamedTuple):
    """A fenced block of code."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}: {self.text.strip()}"


def is_pytest_test(block: Block) -> bool:
    """Return whether a block has a test function with parameters, which are fixtures of pytest."""
    return (
        block.language == "python"
        and re.search(r"^(?:async )?def test_\w+\(\w", block.text, re.MULTILINE) is not None
    )


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def parse_blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page; raise ValueError if one is not closed."""
    lines = iter(enumerate(read(page).splitlines(), 1))
    for number, line in lines:
        if not line.startswith("```"):
            continue
        content: list[str] = []
        for _, inner in lines:
            if inner == "```":
                break
            content.append(inner)
        else:
            raise ValueError(f"{page}:{number}: the block is not closed")
        yield Block(page, number, line.removeprefix("```"), "\n".join(content))


def commands_in(text: str) -> Iterator[str]:
    """Yield the commands of a shell block, each in one line even if a backslash or quotation splits it."""
    command = ""
    for line in text.replace("\\\n", " ").splitlines():
        command = f"{command} {line}".strip()
        if command and is_complete(command):
            yield command
            command = ""


def is_complete(command: str) -> bool:
    """Whether every quotation in a command is closed."""
    try:
        shlex.split(command)
    except ValueError:
        return False
    return True


async def run_curl(words: Sequence[str], folder: Path) -> None:
    """Run curl until it ends, or only until the first line of an endless stream (``-sN``)."""
    is_stream = "-sN" in words
    process = await asyncio.create_subprocess_exec(
        *words, "--fail-with-body", "--noproxy", "*", cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        if is_stream:
            assert await process.stdout.readline()
            process.terminate()
        answer = await process.stdout.read()
        code = await process.wait()
    assert is_stream or code == 0, (words, answer)
