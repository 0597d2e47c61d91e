"""Conditions of test cases over the features of a station."""

import pytest

from mock_csms.certify.conditions import WrongCondition, evaluate, explain, features_of, parse_condition


@pytest.mark.parametrize(
    ("text", "claims", "holds"),
    [
        ("", "", True),
        ("C-49", "C-49", True),
        ("C-49", "C-30", False),
        ("not C-13", "", True),
        ("not C-13", "C-13", False),
        ("C-49 and (C-30 or C-31)", "C-49 C-31", True),
        ("C-49 and (C-30 or C-31)", "C-30 C-31", False),
        ("not (SC-2.1 and SC-2.2)", "SC-2.1", True),
        ("not C-43 and AQ-7", "AQ-7", True),
        ("C-01 and C-30 or C-35", "C-35", True),
        ("C-35 or C-01 and C-30", "C-01", False),
        ("HFS-8>1", "HFS-8>1", True),
    ],
)
def test_condition_is_evaluated_against_claims(text: str, claims: str, holds: bool) -> None:
    assert evaluate(parse_condition(text), set(claims.split())) is holds


@pytest.mark.parametrize(
    ("text", "claims", "reason"),
    [
        ("C-49 and (C-30 or C-31)", "C-30", "C-49 is not claimed"),
        ("C-49 and (C-30 or C-31)", "C-49", "C-30 and C-31 are not claimed"),
        ("C-30 or C-31 or C-32", "", "C-30, C-31 and C-32 are not claimed"),
        ("not C-13", "C-13", "C-13 is claimed"),
        ("not (SC-2.1 and SC-2.2)", "SC-2.1 SC-2.2", "SC-2.1 and SC-2.2 are claimed"),
        ("C-20 and not C-43", "C-43", "C-20 is not claimed; C-43 is claimed"),
        ("C-49 and (C-30 or C-31)", "C-49 C-31", "C-49 and C-31 are claimed"),
        ("", "", ""),
    ],
)
def test_explanation_names_the_deciding_claims(text: str, claims: str, reason: str) -> None:
    assert explain(parse_condition(text), set(claims.split())) == reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C-99", "condition 'C-99': unknown feature 'C-99'; did you mean"),
        ("C-30 C-31", "condition 'C-30 C-31': expected 'and' or 'or' instead of 'C-31'"),
        ("C-30 and", "condition 'C-30 and': expected a feature such as C-49 instead of the end"),
        ("or C-30", "condition 'or C-30': expected a feature such as C-49 instead of 'or'"),
        ("(C-30 or C-31", "condition '(C-30 or C-31': a parenthesis is not closed"),
        ("C-30)", "condition 'C-30)': expected 'and' or 'or' instead of ')'"),
    ],
)
def test_wrong_condition_is_refused_with_its_valid_form(text: str, message: str) -> None:
    with pytest.raises(WrongCondition) as refused:
        parse_condition(text)

    assert str(refused.value).startswith(message)


def test_features_of_a_condition_are_all_named() -> None:
    condition = parse_condition("C-49 and not (C-30 or AQ-2)")

    assert list(features_of(condition)) == ["C-49", "C-30", "AQ-2"]
