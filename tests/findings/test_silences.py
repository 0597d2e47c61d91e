"""Which kinds of findings are silenced: first by the settings, later by changes while the mock runs."""

import pytest

from mock_csms.findings.kinds import FindingKind
from mock_csms.findings.silences import Silences

KINDS = {
    "wrong": FindingKind("error", "B01", "it is wrong"),
    "odd": FindingKind("warning", "B02", "it is odd"),
    "unwise": FindingKind("hint", "B03", "it is unwise"),
}


@pytest.mark.parametrize(
    ("silenced", "hints", "expected"),
    [
        ([], True, []),
        ([], False, ["unwise"]),
        (["odd"], True, ["odd"]),
        (["odd"], False, ["odd", "unwise"]),
    ],
)
def test_settings_decide_which_kinds_are_silenced_first(
    silenced: list[str], *, hints: bool, expected: list[str]
) -> None:
    assert Silences([KINDS], silenced, hints=hints).silenced() == expected


def test_change_wins_over_the_settings_until_it_is_reset() -> None:
    silences = Silences([KINDS], ["odd"], hints=False)

    silences.change(silence=["wrong"], report=["odd", "unwise"])
    assert silences.silenced() == ["wrong"]

    silences.reset()
    assert silences.silenced() == ["odd", "unwise"]
