"""JMESPath expressions over payloads, with limits on their length, their depth and their cost."""

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from warnings import catch_warnings, simplefilter

from mock_csms.schema.budget import Budget, OutOfBudget

if TYPE_CHECKING:
    from mock_csms.behaviour.interpreter import Interpreter

MAX_LENGTH: Final = 1000
"""Maximum number of characters of an expression."""
MAX_EXPRESSION_DEPTH: Final = 50
"""Maximum nesting of an expression; each pipe, bracket and operator adds a level."""
MAX_COMPILED: Final = 500
"""Maximum number of cached expressions; a rule or a `Match` also keeps its own expression."""


class TooCostly(ValueError):
    """An expression takes too many steps on a payload, which is noticed only when it is evaluated."""

    def __init__(self, expression: str) -> None:
        super().__init__(
            f"the expression {expression!r} takes too many steps on this payload; "
            "write one that builds fewer and shorter lists"
        )


_compiling = threading.Lock()
"""Lock held while an expression is compiled, because that changes the warning filters of all threads."""


@lru_cache(MAX_COMPILED)
def _parsed(expression: str) -> Any:
    import jmespath  # noqa: PLC0415 - rarely needed, and importing it takes a tenth of the start-up

    with _compiling, catch_warnings():
        simplefilter("ignore", PendingDeprecationWarning)  # `text` in backquotes is deprecated but valid
        return jmespath.compile(expression).parsed


class _Interpreters(threading.local):
    """The interpreter of each thread, which counts the steps of one evaluation at a time."""

    interpreter: "Interpreter | None" = None

    def get(self) -> "Interpreter":
        if self.interpreter is None:
            from mock_csms.behaviour.interpreter import Interpreter  # noqa: PLC0415 - imports jmespath

            self.interpreter = Interpreter()
        return self.interpreter


_interpreters = _Interpreters()


def check_expression(expression: str) -> None:
    """Check that an expression is valid JMESPath within the limits; raises ValueError."""
    from jmespath.exceptions import UnknownFunctionError  # noqa: PLC0415

    if len(expression) > MAX_LENGTH:
        raise ValueError(
            f"the expression {expression[:20]!r}... has {len(expression)} characters; "
            f"write one of at most {MAX_LENGTH}"
        )
    if _is_deeper_than(_checked_tree(expression), MAX_EXPRESSION_DEPTH):
        raise _too_deep(expression)
    try:
        Expression(expression)._evaluate({}, Budget())
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
    return ValueError(
        f"the expression {expression!r} has more than {MAX_EXPRESSION_DEPTH} levels; write one with fewer"
    )


def _is_deeper_than(tree: Any, levels: int) -> bool:
    nodes = [(tree, 1)]
    while nodes:
        node, depth = nodes.pop()
        if depth > levels:
            return True
        nodes += [(child, depth + 1) for child in node["children"] if isinstance(child, dict)]
    return False


class Expression:
    """An expression that is compiled at its first evaluation."""

    __slots__ = ("_tree", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree: Any = None

    def evaluate(self, payload: Any, budget: Budget | None = None) -> Any:
        """Evaluate on a payload; return None if a function fails on the types in this payload.

        Raises TooCostly. Raises OutOfBudget if earlier evaluations have left too few steps in the budget.
        """
        try:
            return self._evaluate(payload, Budget() if budget is None else budget)
        except (TooCostly, OutOfBudget):
            raise
        except Exception:  # JMESPath functions may raise anything on a type they do not expect
            return None

    def holds(self, payload: Any, budget: Budget | None = None) -> bool:
        """Return whether the result counts as true; raises the same exceptions as `evaluate`."""
        return is_truthy(self.evaluate(payload, budget))

    def result(self, payload: Any, budget: Budget | None = None) -> Any:
        """Evaluate on a payload; None if evaluation is too costly or a function fails on this payload.

        Raises OutOfBudget if earlier evaluations have left too few steps in the budget.
        """
        try:
            return self.evaluate(payload, budget)
        except TooCostly:
            return None

    def _evaluate(self, payload: Any, budget: Budget) -> Any:
        from mock_csms.behaviour.interpreter import MAX_EXPRESSION_STEPS, OutOfSteps  # noqa: PLC0415 - imports jmespath

        if self._tree is None:
            self._tree = _parsed(self.text)
        interpreter, steps = _interpreters.get(), min(MAX_EXPRESSION_STEPS, budget.steps_left)
        try:
            return interpreter.evaluate(self._tree, payload, steps)
        except OutOfSteps:
            if steps == MAX_EXPRESSION_STEPS:
                raise TooCostly(self.text) from None
            budget.is_exceeded = True
            raise OutOfBudget from None
        finally:
            budget.steps_left -= steps - max(0, interpreter.steps_left)


def is_truthy(result: Any) -> bool:
    """Return whether a result counts as true: in JMESPath, empty values are false, 0 is true."""
    return result is not None and result is not False and result not in ("", [], {})
