"""The kinds of findings."""

from typing import get_args

import pytest

from mock_csms.findings.kinds import Severity
from mock_csms.v201.findings.kinds import FINDING_KINDS
from tests.support.paths import ROOT


@pytest.mark.parametrize("kind", FINDING_KINDS)
def test_kind_is_described_in_one_line(kind: str) -> None:
    severity, section, description = FINDING_KINDS[kind]

    assert kind == kind.lower().replace("_", "-")
    assert severity in get_args(Severity.__value__)
    assert section
    assert description.isprintable()


def test_findings_page_lists_every_kind() -> None:
    page = (ROOT / "docs" / "findings.md").read_text()
    rows = [
        f"| `{kind_id}` | {kind.severity} | {kind.section} | {kind.description} |"
        for kind_id, kind in FINDING_KINDS.items()
    ]
    assert "\n".join(rows) in page
