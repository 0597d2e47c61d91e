"""JMESPath expressions over payloads, with limits on their length, their depth and their cost."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final
from warnings import catch_warnings, simplefilter

if TYPE_CHECKING:
    from mock_csms.behaviour.interpreter import Interpreter

MAX_LENGTH: Final = 1000
"""Maximum number of characters of an expression."""
MAX_DEPTH: Final = 50
"""Maximum nesting of an expression; each pipe, bracket and operator adds a level."""
MAX_COMPILED: Final = 500
"""Maximum number of compiled expressions that are kept."""


class TooCostly(ValueError):
    """An expression takes too many steps on a payload, which only its evaluation can show."""

    def __init__(self, expression: str) -> None:
        super().__init__(
            f"the expression {expression!r} takes too many steps on this payload; "
            "write one that builds fewer and shorter lists"
        )


@lru_cache(MAX_COMPILED)
def _parsed(expression: str) -> Any:
    import jmespath  # noqa: PLC0415 - rarely needed, and importing it takes a tenth of the start-up

    with catch_warnings():
        simplefilter("ignore", PendingDeprecationWarning)  # `text` in backquotes is deprecated but valid
        return jmespath.compile(expression).parsed


@cache
def _interpreter() -> "Interpreter":
    from mock_csms.behaviour.interpreter import Interpreter  # noqa: PLC0415 - imports jmespath

    return Interpreter()


def check_expression(expression: str) -> None:
    """Check that an expression is valid JMESPath within the limits; raises ValueError."""
    from jmespath.exceptions import UnknownFunctionError  # noqa: PLC0415

    if len(expression) > MAX_LENGTH:
        raise ValueError(
            f"the expression {expression[:20]!r}... has {len(expression)} characters; "
            f"write one of at most {MAX_LENGTH}"
        )
    if _is_deeper_than(_checked_tree(expression), MAX_DEPTH):
        raise _too_deep(expression)
    try:
        _evaluate(expression, {})
    except UnknownFunctionError as error:
        raise ValueError(f"the expression {expression!r}: {error}") from None
    except TooCostly:
        raise
    except Exception:  # an error on {}, which a real payload need not cause
        return


def _checked_tree(expression: str) -> Any:
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    try:
        return _parsed(expression)
    except JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"the expression {expression!r} is not valid JMESPath: {reason}") from None
    except RecursionError:
        raise _too_deep(expression) from None


def _too_deep(expression: str) -> ValueError:
    return ValueError(f"the expression {expression!r} has more than {MAX_DEPTH} levels; write one with fewer")


def _is_deeper_than(tree: Any, levels: int) -> bool:
    nodes = [(tree, 1)]
    while nodes:
        node, depth = nodes.pop()
        if depth > levels:
            return True
        nodes += [(child, depth + 1) for child in node["children"] if isinstance(child, dict)]
    return False


def _evaluate(expression: str, payload: Any) -> Any:
    from mock_csms.behaviour.interpreter import OutOfSteps  # noqa: PLC0415

    try:
        return _interpreter().evaluate(_parsed(expression), payload)
    except OutOfSteps:
        raise TooCostly(expression) from None


def evaluate(expression: str, payload: Any) -> Any:
    """Evaluate an expression on a payload; None if a function fails on the types in this payload.

    Raises TooCostly.
    """
    try:
        return _evaluate(expression, payload)
    except TooCostly:
        raise
    except Exception:  # JMESPath functions may raise anything on a type they do not expect
        return None


def search(expression: str, payload: Any) -> Any:
    """Evaluate an expression on a payload; None if it is too costly or a function fails on this payload."""
    try:
        return evaluate(expression, payload)
    except TooCostly:
        return None


def is_true(expression: str, payload: Any) -> bool:
    """Return whether an expression is true of a payload; false if it is too costly."""
    return is_truthy(search(expression, payload))


def is_truthy(result: Any) -> bool:
    """Return whether a result counts as true: in JMESPath, empty values are false, 0 is true."""
    return result is not None and result is not False and result not in ("", [], {})
