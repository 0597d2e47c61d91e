"""JMESPath expressions over payloads."""

from functools import cache
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


@cache
def _parsed(expression: str) -> "ParsedResult":
    import jmespath  # noqa: PLC0415 - rarely needed, and importing it takes a tenth of the start-up

    with catch_warnings():
        simplefilter("ignore", PendingDeprecationWarning)  # `text` in backquotes is deprecated but valid
        return jmespath.compile(expression)


def check_expression(expression: str) -> None:
    """Check that an expression is valid JMESPath; raises ValueError."""
    from jmespath.exceptions import JMESPathError, UnknownFunctionError  # noqa: PLC0415

    try:
        parsed = _parsed(expression)
    except JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"the expression {expression!r} is not valid JMESPath: {reason}") from None
    try:
        parsed.search({})
    except UnknownFunctionError as error:
        raise ValueError(f"the expression {expression!r}: {error}") from None
    except JMESPathError:  # a type error on {}, which a real payload need not cause
        return


def search(expression: str, payload: Any) -> Any:
    """Evaluate an expression on a payload; None if a function fails on the types in this payload."""
    try:
        return _parsed(expression).search(payload)
    except Exception:  # JMESPath functions may raise anything on a type they do not expect
        return None


def is_true(expression: str, payload: Any) -> bool:
    """Return whether an expression is true of a payload; in JMESPath, empty values are false, 0 is true."""
    result = search(expression, payload)
    return result is not None and result is not False and result not in ("", [], {})
