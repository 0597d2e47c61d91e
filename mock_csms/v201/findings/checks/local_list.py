"""The local authorization list: its version and its number of entries (D01, D02)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.stations.device_model import ACTUAL
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName, name_of_item
from mock_csms.v201.findings.facts.id_tokens import IdTokenFacts
from mock_csms.v201.findings.facts.local_list import COMPONENT, ListUpdate, LocalListFacts
from mock_csms.v201.findings.known import Known201

_STORED_WITHIN_S: Final = 5.0
"""Time in which a station may still store an accepted update."""
_ENTRIES: Final = VariableName(COMPONENT.lower(), "entries")
_AVAILABLE: Final = VariableName(COMPONENT.lower(), "available")

LIST_VERSION_WRONG: Final = CHECKS.kind(
    "list-version-wrong",
    "error",
    "the version of the local list is not the one in the latest update",
    "an accepted SendLocalList on the same connection, and LocalAuthListCtrlr.Enabled",
)
LIST_VERSION_WHILE_DISABLED: Final = CHECKS.kind(
    "list-version-while-disabled",
    "error",
    "the station answers with a list version other than 0 although the local list is disabled",
    "LocalAuthListCtrlr.Enabled",
)
LIST_LOST_AT_REBOOT: Final = CHECKS.kind(
    "list-lost-at-reboot",
    "warning",
    "the local list is lost when the station restarts",
    "an accepted SendLocalList, a boot after it, and LocalAuthListCtrlr.Enabled",
)
LIST_CHANGED_BY_ITSELF: Final = CHECKS.kind(
    "list-changed-by-itself",
    "error",
    "the version of the local list changes without a SendLocalList",
    "two answers to GetLocalListVersion on the same connection",
)
OUTDATED_LIST_ACCEPTED: Final = CHECKS.kind(
    "outdated-list-accepted",
    "error",
    "a Differential update is not answered with VersionMismatch although its version is not higher than "
    "that of the local list",
    "the version in the latest SendLocalList or in an answer to GetLocalListVersion",
)
LIST_ENTRIES_WRONG: Final = CHECKS.kind(
    "list-entries-wrong",
    "error",
    "LocalAuthListCtrlr.Entries is not the number of idTokens in the local list",
    "LocalAuthListCtrlr.Enabled and an accepted SendLocalList; if it is Differential, also that the "
    "station had reported the right number of entries before it",
)
LIST_ENTRIES_NOT_REPORTED: Final = CHECKS.kind(
    "list-entries-not-reported",
    "error",
    "a station with a local list does not report LocalAuthListCtrlr.Entries with a maxLimit",
    "a FullInventory",
)

type IsAbout = Callable[[ListUpdate], bool]


def _is_enabled(known: Known201) -> bool | None:
    """Return whether the local list is enabled; None if it is not known."""
    return known[DeviceModelFacts].is_true(COMPONENT, "Enabled")


def _settled_update(command: AnsweredCommand, known: Known201) -> ListUpdate | None:
    """Return the latest update if the station must have stored it before it received the command."""
    facts = known[LocalListFacts]
    if facts.update is None or facts.is_pending or command.sent_at < facts.update.at + _STORED_WITHIN_S:
        return None
    is_changed = known[IdTokenFacts].settings_sent_at > facts.update.at
    return None if is_changed else facts.update


def _judge_version(command: AnsweredCommand, known: Known201, is_about: IsAbout) -> Outcome:
    """Check that the version in an answer is the version of the latest update, if ``is_about`` is true for
    the update.
    """
    facts, update = known[LocalListFacts], _settled_update(command, known)
    is_certain = facts.is_undisturbed and _is_enabled(known) is True
    if update is None or not is_about(update) or not is_certain:
        return None
    version = command.answer["versionNumber"]
    if version == update.version:
        return MET
    return Broken(
        f"GetLocalListVersion was answered with {version} although the latest accepted SendLocalList had the "
        f"version {update.version}",
        (update.frame, command.sent_frame),
    )


@LIST_VERSION_WRONG.on_command("D01.FR.01", "D02.FR.01", of=Action.get_local_list_version)
def _judge_any_version(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the version in an answer is the version of the latest update, whatever its type."""
    return _judge_version(command, known, lambda _: True)


@LIST_VERSION_WHILE_DISABLED.on_command("D02.FR.03", of=Action.get_local_list_version)
def _judge_disabled(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the version of a disabled list is 0."""
    if _is_enabled(known) is not False:
        return None
    version = command.answer["versionNumber"]
    if version == 0:
        return MET
    return Broken(
        f"GetLocalListVersion was answered with {version} although LocalAuthListCtrlr.Enabled is false; the "
        "answer must be 0",
        (command.sent_frame,),
    )


@LIST_LOST_AT_REBOOT.on_command("D01.FR.10", of=Action.get_local_list_version)
def _judge_restart(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the list survives a restart."""
    update, version = _settled_update(command, known), command.answer["versionNumber"]
    if update is None or not known[LocalListFacts].has_booted or _is_enabled(known) is not True:
        return None
    if version == update.version:
        return MET
    if version:
        return None
    return Broken(
        f"GetLocalListVersion was answered with 0 after a restart; the local list with the version "
        f"{update.version} should be kept",
        (update.frame, command.sent_frame),
    )


@LIST_CHANGED_BY_ITSELF.on_command("D01.FR.09", of=Action.get_local_list_version)
def _judge_change(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the list changes only with a SendLocalList."""
    facts, version = known[LocalListFacts], command.answer["versionNumber"]
    before = facts.read_version
    if before is None or facts.is_pending or known[IdTokenFacts].settings_sent_at > before.at:
        return None
    if version == before.version:
        return MET
    return Broken(
        f"GetLocalListVersion was answered with {version}, and with {before.version} before, although no "
        "SendLocalList was sent in between; only a SendLocalList may change the list",
        (before.frame, command.sent_frame),
    )


@OUTDATED_LIST_ACCEPTED.on_command("D01.FR.19", of=Action.send_local_list)
def _judge_outdated(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a Differential update whose version is not higher than that of the list is refused."""
    request, status = command.request, command.answer["status"]
    source = known[LocalListFacts].version_source
    if source is None or known[IdTokenFacts].settings_sent_at > source.at:
        return None
    current = source.version
    if request["updateType"] != "Differential" or request["versionNumber"] > current:
        return None
    if status != "Accepted":
        return MET if status == "VersionMismatch" else None
    return Broken(
        f"a Differential SendLocalList with the version {request['versionNumber']} was accepted although the "
        f"list has the version {current}; the answer must be VersionMismatch",
        (command.sent_frame,),
    )


def _entries_read(command: AnsweredCommand) -> str | None:
    """Return the value of LocalAuthListCtrlr.Entries in an answer to GetVariables; None if the answer lacks
    it.
    """
    for result in command.answer["getVariableResult"]:
        is_actual = result.get("attributeType", ACTUAL) == ACTUAL
        if name_of_item(result) == _ENTRIES and is_actual and result["attributeStatus"] == "Accepted":
            return str(result.get("attributeValue"))
    return None


def _judge_entries(command: AnsweredCommand, known: Known201, is_about: IsAbout) -> Outcome:
    """Check that LocalAuthListCtrlr.Entries in an answer is the number of entries that the list must have
    after the latest update, if ``is_about`` is true for the update.
    """
    facts, update, value = known[LocalListFacts], _settled_update(command, known), _entries_read(command)
    if value is None or update is None or facts.size is None or not facts.is_undisturbed:
        return None
    if not update.has_known_base or not is_about(update) or _is_enabled(known) is not True:
        return None
    if value == str(facts.size):
        return MET
    return Broken(
        f"LocalAuthListCtrlr.Entries is {short(value)} after a {update.update_type} SendLocalList, but the "
        f"local list must have {facts.size} entries",
        (update.frame, command.sent_frame),
    )


@LIST_ENTRIES_WRONG.on_command("D01.FR.04", of=Action.get_variables)
def _judge_cleared(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a Full update without entries clears the list."""
    return _judge_entries(command, known, lambda update: update.is_full and not update.adds)


@LIST_ENTRIES_WRONG.on_command("D01.FR.15", of=Action.get_variables)
def _judge_replaced(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a Full update replaces the list."""
    return _judge_entries(command, known, lambda update: update.is_full and update.adds)


@LIST_ENTRIES_WRONG.on_command("D01.FR.16", of=Action.get_variables)
def _judge_added(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a Differential update adds its entries with idTokenInfo."""
    return _judge_entries(
        command, known, lambda update: not update.is_full and update.adds and not update.removes
    )


@LIST_ENTRIES_WRONG.on_command("D01.FR.17", of=Action.get_variables)
def _judge_removed(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a Differential update removes its entries without idTokenInfo."""
    return _judge_entries(
        command, known, lambda update: not update.is_full and update.removes and not update.adds
    )


@CHECKS.learn_command(Action.get_variables)
def _confirm_entries(command: AnsweredCommand, known: Known201) -> None:
    """Record that the station has reported the right number of entries, so that the next update can be
    judged.
    """
    facts = known[LocalListFacts]
    if facts.update is not None and _entries_read(command) == str(facts.size):
        facts.has_confirmed_size = True


@LIST_ENTRIES_NOT_REPORTED.on_call("D01.FR.12", of=Action.notify_report)
def _judge_report(call: StationCall, known: Known201) -> Outcome:
    """Check that a FullInventory of a station with a local list has LocalAuthListCtrlr.Entries with a
    maxLimit.
    """
    model = known[DeviceModelFacts]
    inventory = model.inventory_with(call)
    if inventory is None or _AVAILABLE not in inventory:
        return None
    items = [item for item in model.reported_in(call) if item.definition.name == _AVAILABLE]
    values = {value for item in items for _, value in item.values}
    if (values or {model.value(_AVAILABLE)}) != {"true"}:
        return None
    entries = inventory.get(_ENTRIES)
    if entries is not None and entries.max_limit is not None:
        return MET
    if entries is not None and entries.supports_monitoring is None:
        return None  # it has no characteristics at all
    fault = "no maxLimit of" if entries is not None else "no"
    return Broken(
        f"a FullInventory has LocalAuthListCtrlr.Available true, but {fault} LocalAuthListCtrlr.Entries; "
        "it must report the maximum number of entries"
    )
