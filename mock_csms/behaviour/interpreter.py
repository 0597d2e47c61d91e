"""Evaluates JMESPath in a limited number of steps; a short expression could otherwise run for hours."""

from typing import TYPE_CHECKING, Any, Final

from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_EXPRESSION_STEPS: Final = 50_000
"""Maximum steps of one evaluation, which take about 20 ms; a step applies one node to one value."""
CHARACTERS_PER_STEP: Final = 256
"""Characters that are compared or copied in about the time of a step."""
STEPS_PER_FUNCTION: Final = 5
"""Steps that a function call takes in addition to the steps of its arguments."""
EQUALITY: Final = ("eq", "ne")
READ_DEEPLY: Final = frozenset({"contains", "to_string"})
"""Functions that read the values within their arguments."""


class OutOfSteps(Exception):
    """An evaluation takes too many steps."""


class _CountingFunctions(Functions):
    """JMESPath functions; a call uses up steps for the values that it reads or copies."""

    def __init__(self, interpreter: "Interpreter") -> None:
        self._interpreter = interpreter

    def call_function(self, function_name: str, resolved_args: "Iterable[Any]") -> Any:
        """Call a JMESPath function after subtracting the steps that the call takes; raises OutOfSteps."""
        resolved_args = list(resolved_args)
        self._interpreter.take(STEPS_PER_FUNCTION)
        take = self._interpreter.take_deep if function_name in READ_DEEPLY else self._interpreter.take_flat
        for argument in resolved_args:
            take(argument)
        if function_name == "join":
            self._interpreter.take_repeated(*resolved_args)
        return super().call_function(function_name, resolved_args)


class Interpreter(TreeInterpreter):
    """An interpreter that raises OutOfSteps instead of running for long."""

    def __init__(self) -> None:
        super().__init__(Options(custom_functions=_CountingFunctions(self)))
        self.steps_left = 0
        """Steps left after the last evaluation; negative if there were too few."""
        self._visitors: dict[str, Callable[..., Any]] = {}

    def evaluate(self, tree: Any, payload: Any, steps: int = MAX_EXPRESSION_STEPS) -> Any:
        """Evaluate a parsed expression in at most ``steps`` steps.

        Raises OutOfSteps and the errors of JMESPath.
        """
        self.steps_left = steps
        return self.visit(tree, payload)

    def take(self, steps: int) -> None:
        """Subtract ``steps`` from `steps_left`; raises OutOfSteps if too few are left."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise OutOfSteps

    def take_flat(self, value: Any) -> None:
        """Subtract the steps of copying a text, or of copying a list or object with all texts in it."""
        if isinstance(value, str):
            self.take(len(value) // CHARACTERS_PER_STEP)
        elif isinstance(value, list | dict):
            self.take(
                len(value) + sum(len(item) for item in value if type(item) is str) // CHARACTERS_PER_STEP
            )

    def take_deep(self, value: Any) -> None:
        """Subtract the steps of reading a value and all values inside it, each as often as it occurs."""
        values = [value]
        while values:
            value = values.pop()
            self.take(1)
            self.take_flat(value)
            if isinstance(value, list | dict):
                values.extend(value.values() if isinstance(value, dict) else value)

    def take_repeated(self, separator: object = "", items: object = (), *_: object) -> None:
        """Subtract the steps that ``join`` takes to copy its separator between the items."""
        if isinstance(separator, str) and isinstance(items, list):
            self.take(len(separator) * len(items) // CHARACTERS_PER_STEP)

    def visit(self, node: Any, *arguments: Any, **_: Any) -> Any:
        """Evaluate a node of the expression on a value, which takes one step; raises OutOfSteps."""
        self.steps_left -= 1
        if self.steps_left < 0:
            raise OutOfSteps
        kind = node["type"]
        visitor = self._visitors.get(kind)
        if visitor is None:
            visitor = self._visitors[kind] = getattr(self, f"visit_{kind}")
        return visitor(node, *arguments)

    def visit_comparator(self, node: Any, value: Any) -> Any:
        """Compare two values; two texts, lists or objects take the steps of reading both to their end."""
        left, right = (self.visit(child, value) for child in node["children"])
        if isinstance(left, str | list | dict) and type(left) is type(right):
            self.take_deep(left)
            self.take_deep(right)
        operator = node["value"]
        if operator not in EQUALITY and not (_is_ordered(left) and _is_ordered(right)):
            return None
        return self.COMPARATOR_FUNC[operator](left, right)

    def visit_flatten(self, node: Any, value: Any) -> Any:
        """Flatten a list; each item of the result, which may be much longer than the list, takes a step."""
        result = super().visit_flatten(node, value)
        self.take(len(result or ()))
        return result


def _is_ordered(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)
