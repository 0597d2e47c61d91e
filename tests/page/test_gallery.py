"""The server accepts each rule and each control API request of the page's gallery of misbehaviour."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.support.control import Mock, booted
from tests.support.paths import ROOT

GALLERY = ROOT / "mock_csms" / "control" / "page" / "views" / "behave" / "gallery.js"
NODE = shutil.which("node")
WRITE_ENTRIES = """
const { GROUPS, galleryRule } = await import(process.argv[1]);
const entries = GROUPS.flatMap(({ entries }) => entries);
const withRule = entries.filter(({ rule }) => rule);
const rules = withRule.flatMap((entry) => [galleryRule(entry, ""), galleryRule(entry, "CS*")]);
const acts = entries.filter(({ act }) => act).map(({ act }) => act);
console.log(JSON.stringify({ rules, acts }));
"""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(NODE is None, reason="node is not installed"),
]


def _gallery() -> dict[str, list[dict[str, Any]]]:
    assert NODE is not None
    command = [NODE, "--input-type=module", "--eval", WRITE_ENTRIES, str(GALLERY)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    written: dict[str, list[dict[str, Any]]] = json.loads(run.stdout)
    return written


async def test_server_accepts_each_rule_of_the_gallery(mock: Mock) -> None:
    _, client = mock
    for rule in _gallery()["rules"]:
        answer = await client.post("/v1/rules", json=rule)
        assert answer.status_code == 201, f"{rule['id']}: {answer.text}"
        await client.delete(f"/v1/rules/{rule['id']}")


async def test_server_knows_each_act_of_the_gallery(mock: Mock, station_id: str) -> None:
    csms, client = mock
    for act in _gallery()["acts"]:
        async with booted(csms, station_id):
            answer = await client.request(
                act["method"],
                f"/v1/stations/{station_id}{act['path']}",
                params=act.get("params"),
                json=act.get("body"),
            )
        is_done = answer.is_success or answer.json()["type"].endswith((":nothing-held", ":not-offline"))
        assert is_done, f"{act}: {answer.text}"
        await client.delete(f"/v1/stations/{station_id}/offline")
