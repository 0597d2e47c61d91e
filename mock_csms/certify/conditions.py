"""Conditions of test cases: boolean expressions over the features that a station claims."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from mock_csms.certify.features import FEATURES
from mock_csms.text import suggest

_TOKENS: Final = re.compile(r"\s*([()]|[^\s()]+)")
_KEYWORDS: Final = ("and", "or", "not", "(", ")")


class WrongCondition(ValueError):
    """A condition that cannot be parsed; the message states the valid form."""


@dataclass(frozen=True)
class Claim:
    """Holds if the station claims the feature."""

    feature: str


@dataclass(frozen=True)
class Not:
    """Holds if the operand does not hold."""

    operand: "CaseCondition"


@dataclass(frozen=True)
class AllOf:
    """Holds if every operand holds; always holds without operands."""

    operands: "tuple[CaseCondition, ...]"


@dataclass(frozen=True)
class AnyOf:
    """Holds if at least one operand holds."""

    operands: "tuple[CaseCondition, ...]"


type CaseCondition = Claim | Not | AllOf | AnyOf

ALWAYS: Final = AllOf(())


@cache
def parse_condition(text: str) -> CaseCondition:
    """Parse a condition such as ``C-49 and not (C-30 or AQ-2)``; return `ALWAYS` for an empty text.

    Raises:
        WrongCondition: The text is not an expression, or names an unknown feature.
    """
    tokens = _TOKENS.findall(text)
    if not tokens:
        return ALWAYS
    try:
        condition = _any_of(tokens)
    except WrongCondition as wrong:
        raise WrongCondition(f"condition {text!r}: {wrong}") from None
    if tokens:
        raise WrongCondition(f"condition {text!r}: expected 'and' or 'or' instead of {tokens[0]!r}")
    return condition


def _any_of(tokens: list[str]) -> CaseCondition:
    operands = [_all_of(tokens)]
    while _skip(tokens, "or"):
        operands.append(_all_of(tokens))
    return operands[0] if len(operands) == 1 else AnyOf(tuple(operands))


def _all_of(tokens: list[str]) -> CaseCondition:
    operands = [_operand(tokens)]
    while _skip(tokens, "and"):
        operands.append(_operand(tokens))
    return operands[0] if len(operands) == 1 else AllOf(tuple(operands))


def _operand(tokens: list[str]) -> CaseCondition:
    if _skip(tokens, "not"):
        return Not(_operand(tokens))
    if _skip(tokens, "("):
        condition = _any_of(tokens)
        if not _skip(tokens, ")"):
            raise WrongCondition("a parenthesis is not closed")
        return condition
    if not tokens or tokens[0] in _KEYWORDS:
        found = repr(tokens[0]) if tokens else "the end"
        raise WrongCondition(f"expected a feature such as C-49 instead of {found}")
    return Claim(known_feature(tokens.pop(0)))


def _skip(tokens: list[str], token: str) -> bool:
    """Remove the first of a condition's ``tokens`` if it is ``token``; return whether it was removed."""
    if tokens and tokens[0] == token:
        del tokens[0]
        return True
    return False


def known_feature(id_: str) -> str:
    """Return ``id_`` if it is the id of a known feature.

    Raises:
        WrongCondition: There is no such feature; the message suggests one.
    """
    if id_ not in FEATURES:
        raise WrongCondition(f"unknown feature {id_!r}{suggest(id_, FEATURES)}")
    return id_


def evaluate(condition: CaseCondition, claims: Container[str]) -> bool:
    """Whether the condition holds for a station that claims these features."""
    match condition:
        case Claim(feature):
            return feature in claims
        case Not(operand):
            return not evaluate(operand, claims)
        case AllOf(operands):
            return all(evaluate(operand, claims) for operand in operands)
        case AnyOf(operands):
            return any(evaluate(operand, claims) for operand in operands)


def explain(condition: CaseCondition, claims: Container[str]) -> str:
    """Return the claims that decide a condition, such as ``C-49 is not claimed``."""
    deciding = list(dict.fromkeys(_deciding(condition, claims)))
    absent = [feature for feature in deciding if feature not in claims]
    present = [feature for feature in deciding if feature in claims]
    clauses = [
        f"{_enumeration(features)} {'is' if len(features) == 1 else 'are'} {word}"
        for features, word in ((absent, "not claimed"), (present, "claimed"))
        if features
    ]
    return "; ".join(clauses)


def _deciding(condition: CaseCondition, claims: Container[str]) -> Iterator[str]:
    """Yield the features whose presence in ``claims``, or absence from it, decides the condition."""
    match condition:
        case Claim(feature):
            yield feature
        case Not(operand):
            yield from _deciding(operand, claims)
        case AllOf(operands) | AnyOf(operands):
            holds = evaluate(condition, claims)
            for operand in operands:
                if evaluate(operand, claims) == holds:
                    yield from _deciding(operand, claims)


def features_of(condition: CaseCondition) -> Iterator[str]:
    """Yield the features that a condition names."""
    match condition:
        case Claim(feature):
            yield feature
        case Not(operand):
            yield from features_of(operand)
        case AllOf(operands) | AnyOf(operands):
            for operand in operands:
                yield from features_of(operand)


def _enumeration(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
