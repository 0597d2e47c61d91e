"""All misbehaviours by name, and the function that adds misbehaviours to a station."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from mock_csms.errors import UsageError
from mock_csms.simulator.misbehaviour.certificates import CERTIFICATE_MISBEHAVIOURS
from mock_csms.simulator.misbehaviour.commands import COMMAND_MISBEHAVIOURS
from mock_csms.simulator.misbehaviour.deviations import Deviation
from mock_csms.simulator.misbehaviour.messages import MESSAGE_MISBEHAVIOURS
from mock_csms.simulator.misbehaviour.mutation_text import WrongMutation
from mock_csms.simulator.misbehaviour.mutations import FORMS, parse_mutation
from mock_csms.simulator.misbehaviour.provisioning import PROVISIONING
from mock_csms.simulator.misbehaviour.record import Misbehaviour
from mock_csms.simulator.misbehaviour.signing import SIGNING_MISBEHAVIOURS
from mock_csms.simulator.misbehaviour.transactions import TRANSACTION_MISBEHAVIOURS
from mock_csms.simulator.station import SimulatedStation
from mock_csms.text import suggest
from mock_csms.versions import OcppVersion

MISBEHAVIOURS: Final[Mapping[str, Misbehaviour]] = {
    misbehaviour.name: misbehaviour
    for misbehaviour in (
        *MESSAGE_MISBEHAVIOURS,
        *PROVISIONING,
        *TRANSACTION_MISBEHAVIOURS,
        *COMMAND_MISBEHAVIOURS,
        *CERTIFICATE_MISBEHAVIOURS,
        *SIGNING_MISBEHAVIOURS,
    )
}


def misbehave(station: SimulatedStation, names: Iterable[str]) -> None:
    """Add misbehaviours to a station, each a name or a mutation; raises UsageError."""
    for name in names:
        for deviation in deviations_of(name, station.endpoint.version):
            deviation.attach(station)


@lru_cache(maxsize=1024)
def deviations_of(name: str, version: OcppVersion) -> tuple[Deviation, ...]:
    """Deviations that a name or a mutation stands for; raises UsageError."""
    if name in MISBEHAVIOURS:
        return MISBEHAVIOURS[name].deviations
    first = name.split(maxsplit=1)[0] if name.strip() else ""
    if first not in FORMS and first == name:
        hint = suggest(name, MISBEHAVIOURS) or "; --misbehave list shows the names and the forms of mutations"
        raise UsageError(f"unknown misbehaviour {name!r}{hint}")
    if first == name:
        raise UsageError(
            f'{name!r} begins a mutation; write the whole mutation in quotes: "{FORMS[name].example}"'
        )
    try:
        return (parse_mutation(name, version),)
    except WrongMutation as error:
        raise UsageError(f"cannot read the mutation {name!r}: {error}") from None
