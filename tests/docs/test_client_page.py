"""The page about the client: its examples run from top to bottom, as a reader would type them."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any, Final

import httpx
import pytest

from tests.support.pages import Block, parse_blocks
from tests.support.paths import ROOT
from tests.support.process import server

PAGE: Final = ROOT / "docs" / "client.md"


PROMPT_RECONNECTS: Final = {
    "action": "SetVariables",
    "payload": {
        "setVariableData": [
            {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name}, "attributeValue": "0"}
            for name in ("RetryBackOffWaitMinimum", "RetryBackOffRandomRange")
        ]
    },
}
"""SetVariables that makes the station reconnect without a pause."""


def masked(text: str) -> str:
    """Replace each number in a text with 0, because numbers differ from run to run."""
    return re.sub(r"\d+", "0", text)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[str]:
    """URL of the control API of a server with the simulated station CS001 at 30 times its speed."""
    flags = ["--idle", "--speed", "30", "--to"]
    boot = {"match": {"action": "StatusNotification"}, "times": 2, "since": 0, "within": 60}
    with server(tmp_path) as ready:
        station = [sys.executable, "server.py", "station", "CS001", *flags, ready["ws"]]
        with Popen(station, cwd=ROOT, stdin=DEVNULL, stdout=DEVNULL) as process:
            with httpx.Client(base_url=ready["control"], timeout=60, trust_env=False) as client:
                client.post("/v1/wait", json=boot).raise_for_status()
                client.post("/v1/stations/CS001/calls", json=PROMPT_RECONNECTS).raise_for_status()
            yield ready["control"]
            process.terminate()


async def run(block: Block, names: dict[str, Any], control: str) -> None:
    source = block.text.replace("http://127.0.0.1:9001", control)
    code = compile(source, f"{block.page.name}:{block.line}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if coroutine := eval(code, names):
        await coroutine


async def test_examples_run_from_top_to_bottom(control: str) -> None:
    """An example followed by a block of text must fail with a message that begins with that text."""
    names: dict[str, Any] = {}
    blocks = [block for block in parse_blocks(PAGE) if block.language in {"python", "text"}]
    for number, block in enumerate(blocks):
        following = blocks[number + 1 : number + 2]
        if block.language == "text":
            continue
        if [each.language for each in following] == ["text"]:
            with pytest.raises(AssertionError) as failure:
                await run(block, names, control)
            assert masked(str(failure.value)).startswith(masked(following[0].text).removesuffix("..."))
        else:
            await run(block, names, control)
