"""JMESPath expressions: their check, and their result on a payload."""

import pytest

from mock_csms.behaviour.expressions import check_expression, is_true, search


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
    assert is_true("seqNo", payload) is expected


def test_function_on_wrong_type_gives_none() -> None:
    assert search("length(seqNo)", {"seqNo": [1, 2]}) == 2
    assert search("length(seqNo)", {"seqNo": 7}) is None


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
