"""The kinds of findings."""

import re
from typing import get_args

import pytest

from mock_csms.findings.kinds import Severity
from mock_csms.simulator.misbehaviour.by_finding import misbehaviours_by_finding
from mock_csms.v201.findings.kinds import FINDING_KINDS
from mock_csms.v201.findings.kinds_page import kinds_page


@pytest.mark.parametrize("kind", FINDING_KINDS)
def test_kind_is_described_in_one_line(kind: str) -> None:
    severity, section, description, condition = FINDING_KINDS[kind]

    assert kind == kind.lower().replace("_", "-")
    assert severity in get_args(Severity.__value__)
    assert section
    assert description.isprintable()
    assert condition.isprintable()


def test_every_kind_is_on_the_page_once() -> None:
    page = kinds_page(FINDING_KINDS, misbehaviours_by_finding())

    assert sorted(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)) == sorted(FINDING_KINDS)


def test_every_kind_has_a_misbehaviour() -> None:
    assert misbehaviours_by_finding().keys() == FINDING_KINDS.keys()
