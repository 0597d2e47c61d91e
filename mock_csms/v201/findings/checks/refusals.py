"""CALLERRORs to valid commands (FR.02, B02.FR.01)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, RefusedCommand
from mock_csms.log.summary import short
from mock_csms.v201.action_tables import CSMS_ACTIONS
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

_TOO_MUCH: Final = frozenset(
    {"FormationViolation", "FormatViolation", "OccurenceConstraintViolation", "OccurrenceConstraintViolation"}
)
"""Codes by which a station may say that a command has too many items or bytes (B06.FR.16, B06.FR.17), or that
it has another fault.
"""
_INVALID: Final = _TOO_MUCH | {
    "MessageTypeNotSupported",
    "ProtocolError",
    "RpcFrameworkError",
    "TypeConstraintViolation",
}
"""Codes that say that the command is invalid."""
_HAVE_LISTS: Final = frozenset(
    {
        Action.clear_variable_monitoring.value,
        Action.get_report.value,
        Action.get_variables.value,
        Action.send_local_list.value,
        Action.set_charging_profile.value,
        Action.set_variable_monitoring.value,
        Action.set_variables.value,
    }
)
"""Commands that may have too many items or bytes."""
_FAILED: Final = frozenset({"InternalError", "GenericError"})
"""Codes for a failure inside the station."""
_ABOUT_VARIABLES: Final = frozenset(
    {Action.get_base_report.value, Action.get_variables.value, Action.set_variables.value}
)
"""Commands that a station must answer while its boot is Pending; GetReport is optional."""

VALID_COMMAND_CALLED_INVALID: Final = CHECKS.kind(
    "valid-command-called-invalid",
    "error",
    "a valid command is answered with a CALLERROR that says that it is invalid",
)
COMMAND_REFUSED_WHILE_PENDING: Final = CHECKS.kind(
    "command-refused-while-pending",
    "error",
    "a command about variables is answered with a CALLERROR while the boot is Pending",
    "a boot that is Pending",
)


def _may_be_too_much(command: RefusedCommand) -> bool:
    return command.action in _HAVE_LISTS and command.code in _TOO_MUCH


@VALID_COMMAND_CALLED_INVALID.on_refusal("FR.02", of=CSMS_ACTIONS)
def _judge_code(command: RefusedCommand, known: Known201) -> Outcome:
    """Check that the code does not say that the command is invalid. Only valid commands are judged."""
    is_pending = known.registration.status == "Pending" and command.action in _ABOUT_VARIABLES
    if command.code not in _INVALID or _may_be_too_much(command) or is_pending:
        return None
    return Broken(
        f"a valid {command.action} was answered with the CALLERROR {short(command.code)}; a station must "
        "answer it with a CALLRESULT"
    )


@VALID_COMMAND_CALLED_INVALID.on_command("FR.02", of=CSMS_ACTIONS)
def _accept_result(_command: AnsweredCommand, _: Known201) -> Outcome:
    """Return MET for every CALLRESULT."""
    return MET


@COMMAND_REFUSED_WHILE_PENDING.on_refusal("B02.FR.01", of=_ABOUT_VARIABLES)
def _judge_refusal(command: RefusedCommand, known: Known201) -> Outcome:
    """Check that commands about variables are answered while the boot is Pending."""
    is_excused = _may_be_too_much(command) or command.code in _FAILED
    if known.registration.status != "Pending" or is_excused:
        return None
    return Broken(
        f"a {command.action} was answered with the CALLERROR {short(command.code)} while the boot is "
        "Pending; a station must answer this command with a CALLRESULT"
    )


@COMMAND_REFUSED_WHILE_PENDING.on_command("B02.FR.01", of=_ABOUT_VARIABLES)
def _judge_result(_command: AnsweredCommand, known: Known201) -> Outcome:
    """Return MET for a CALLRESULT while the boot is Pending."""
    return MET if known.registration.status == "Pending" else None
