"""JMESPath expressions: their check, and their result on a payload."""

import threading

import pytest

from mock_csms.behaviour.expressions import MAX_COMPILED, MAX_LENGTH, Expression, TooCostly, check_expression
from mock_csms.behaviour.interpreter import MAX_EXPRESSION_STEPS
from mock_csms.schema.budget import Budget, OutOfBudget


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param({"seqNo": 0}, True, id="0"),
        pytest.param({"seqNo": [0]}, True, id="list"),
        pytest.param({"seqNo": False}, False, id="false"),
        pytest.param({"seqNo": ""}, False, id="empty string"),
        pytest.param({"seqNo": []}, False, id="empty list"),
        pytest.param({"seqNo": {}}, False, id="empty object"),
        pytest.param({"seqNo": None}, False, id="null"),
        pytest.param({}, False, id="absent field"),
    ],
)
def test_result_is_true_as_in_jmespath(payload: object, *, expected: bool) -> None:
    assert Expression("seqNo").holds(payload) is expected


def test_function_on_wrong_type_gives_none() -> None:
    assert Expression("length(seqNo)").result({"seqNo": [1, 2]}) == 2
    assert Expression("length(seqNo)").result({"seqNo": 7}) is None


def test_function_that_fails_on_an_empty_payload_is_accepted() -> None:
    check_expression("length(seqNo) > `1`")


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        pytest.param("a ==", "is not valid JMESPath", id="syntax error"),
        pytest.param("count(a)", "Unknown function: count()", id="unknown function"),
    ],
)
def test_invalid_expression_is_rejected_with_reason(expression: str, reason: str) -> None:
    with pytest.raises(ValueError, match="the expression ") as caught:
        check_expression(expression)
    assert reason in str(caught.value)
    assert repr(expression) in str(caught.value)


# Limits

DOUBLED = " | ".join(["[@,@]"] * 24)
"""An expression that refers to its input 16 million times, in little memory."""


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        pytest.param("a." * 3000 + "a", f"write one of at most {MAX_LENGTH}", id="too long"),
        pytest.param("!" * 900 + "a", "levels; write one with fewer", id="deep negation"),
        pytest.param("(" * 900, "levels; write one with fewer", id="unclosed parentheses"),
        pytest.param(" | ".join(["a"] * 60), "levels; write one with fewer", id="long pipe"),
        pytest.param(" | ".join(["[@,@][]"] * 24), "takes too many steps", id="doubled lists"),
        pytest.param(f"{DOUBLED} | to_string(@)", "takes too many steps", id="long text"),
        pytest.param(f"{{a: {DOUBLED}, b: {DOUBLED}}} | a == b", "takes too many steps", id="comparison"),
        pytest.param(f"{DOUBLED} | contains(@, `1`)", "takes too many steps", id="search"),
    ],
)
def test_costly_expression_is_rejected_with_reason(expression: str, reason: str) -> None:
    with pytest.raises(ValueError, match="the expression ") as caught:
        check_expression(expression)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("items[].[`1`,`2`,`3`][] | [].[@,@,@][] | [].[@,@,@][] | [].[@,@,@][]", id="lists"),
        pytest.param("text | " + " | ".join(["join(@, [@, @, @])"] * 40), id="joined texts"),
        pytest.param("map(&to_string(@), [" + ",".join(["items"] * 90) + "])", id="function per item"),
        pytest.param(
            "sort_by(items, &join('', map(&to_string(@), [" + ",".join(["@"] * 90) + "])))", id="key"
        ),
    ],
)
def test_expression_that_a_payload_makes_costly_stops(expression: str) -> None:
    payload = {"items": list(range(2000)), "text": "x" * 100_000}

    assert Expression(expression).result(payload) is None


COSTLY = "items[*].[@,@,@,@,@,@,@,@,@,@,@,@,@,@,@,@]"


def test_costly_evaluation_raises_with_the_expression() -> None:
    with pytest.raises(TooCostly, match="takes too many steps on this payload"):
        Expression(COSTLY).evaluate({"items": list(range(5000))})


def test_expression_over_a_long_report_is_evaluated() -> None:
    report = [{"component": {"name": f"C{number}"}, "variable": {"name": "V"}} for number in range(2000)]

    found = Expression("reportData[?component.name == 'C1999'].variable.name").result({"reportData": report})
    names = Expression("sort_by(reportData, &component.name)[0].component.name").result(
        {"reportData": report}
    )

    assert (found, names) == (["V"], "C0")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("a < `2`", True), ("a < b", None), ("b < 'y'", True), ("c == `[1]`", True), ("c != `[1]`", False)],
)
def test_comparison_is_as_in_jmespath(expression: str, expected: object) -> None:
    assert Expression(expression).result({"a": 1, "b": "x", "c": [1]}) == expected


def test_compiled_expressions_are_limited_in_number() -> None:
    from mock_csms.behaviour import expressions  # noqa: PLC0415 - the cache is private

    for number in range(MAX_COMPILED + 50):
        check_expression(f"a{number}")

    assert expressions._parsed.cache_info().currsize <= MAX_COMPILED


# Budget


def test_evaluation_takes_its_steps_from_the_budget() -> None:
    budget = Budget(1000)
    Expression("a == `1`").evaluate({"a": 1}, budget)
    assert 990 < budget.steps_left < 1000


def test_costly_evaluation_takes_all_steps_of_one_evaluation() -> None:
    budget = Budget(MAX_EXPRESSION_STEPS + 7)
    with pytest.raises(TooCostly):
        Expression(COSTLY).evaluate({"items": list(range(5000))}, budget)
    assert budget == Budget(7)


def test_evaluation_past_the_budget_raises() -> None:
    budget = Budget(3)
    with pytest.raises(OutOfBudget, match="the conditions on this message take more than"):
        Expression("a == `1` && b == `2`").evaluate({"a": 1, "b": 2}, budget)
    assert budget == Budget(0, is_exceeded=True)


def test_steps_are_counted_for_each_thread() -> None:
    """A settings file is checked in a thread while the rules in effect are evaluated."""
    expression = Expression("items[?@ == `1`]")
    payload = {"items": [0] * 500}
    alone = Budget(MAX_EXPRESSION_STEPS)
    expression.evaluate(payload, alone)
    is_done = threading.Event()

    def check() -> None:
        while not is_done.is_set():
            check_expression("a.b == `1` && c == `2`")

    checking = threading.Thread(target=check)
    checking.start()
    try:
        for _ in range(200):
            budget = Budget(MAX_EXPRESSION_STEPS)
            expression.evaluate(payload, budget)
            assert budget == alone
    finally:
        is_done.set()
        checking.join()
