"""JMESPath expressions over payloads."""

from functools import cache
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


@cache
def _parsed(expression: str) -> "ParsedResult":
    import jmespath  # noqa: PLC0415 - seldom needed, and a tenth of the start

    with catch_warnings():
        simplefilter("ignore", PendingDeprecationWarning)  # `text` in backquotes is old and yet JMESPath
        return jmespath.compile(expression)


def check_expression(expression: str) -> None:
    """See whether an expression is JMESPath; raises ValueError."""
    from jmespath.exceptions import JMESPathError, UnknownFunctionError  # noqa: PLC0415

    try:
        parsed = _parsed(expression)
    except JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"the expression {expression!r} is no JMESPath: {reason}") from None
    try:
        parsed.search({})
    except UnknownFunctionError as error:
        raise ValueError(f"the expression {expression!r}: {error}") from None
    except JMESPathError:  # of types, which are others in a real payload
        return


def search(expression: str, payload: Any) -> Any:
    """Result of an expression on a payload; None if its functions do not fit the types there."""
    try:
        return _parsed(expression).search(payload)
    except Exception:  # a function of JMESPath may raise anything about a type that it was not made for
        return None


def is_true(expression: str, payload: Any) -> bool:
    """Return whether an expression is true of a payload by JMESPath: 0 is true, empty values are not."""
    found = search(expression, payload)
    return found is not None and found is not False and found not in ("", [], {})
