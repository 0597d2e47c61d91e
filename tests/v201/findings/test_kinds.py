"""The kinds of findings."""

from typing import get_args

import pytest

from mock_csms.findings.kinds import Severity
from mock_csms.simulator.misbehaviour import MISBEHAVIOURS
from mock_csms.v201.findings.kinds import FINDING_KINDS
from tests.support.paths import ROOT

COLUMNS = 6


@pytest.mark.parametrize("kind", FINDING_KINDS)
def test_kind_is_described_in_one_line(kind: str) -> None:
    severity, section, description, condition = FINDING_KINDS[kind]

    assert kind == kind.lower().replace("_", "-")
    assert severity in get_args(Severity.__value__)
    assert section
    assert description.isprintable()
    assert condition.isprintable()


def rows() -> list[str]:
    """Rows of the table in docs/findings.md."""
    return [
        f"| `{kind_id}` | {kind.severity} | {kind.section} | {kind.description} | {kind.condition} "
        f"| {', '.join(f'`{name}`' for name in misbehaviours_with(kind_id))} |"
        for kind_id, kind in FINDING_KINDS.items()
    ]


def misbehaviours_with(kind_id: str) -> list[str]:
    return [misbehaviour.name for misbehaviour in MISBEHAVIOURS.values() if misbehaviour.finding == kind_id]


def test_findings_page_lists_every_kind() -> None:
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `") and line.count("|") == COLUMNS + 1]

    assert table == rows()
