"""All misbehaviours by name, and the function that adds some of them to a station."""

from collections.abc import Iterable, Mapping
from typing import Final

from mock_csms.simulator.misbehaviour.certificates import CERTIFICATE_MISBEHAVIOURS
from mock_csms.simulator.misbehaviour.commands import COMMAND_MISBEHAVIOURS
from mock_csms.simulator.misbehaviour.messages import MESSAGE_MISBEHAVIOURS
from mock_csms.simulator.misbehaviour.provisioning import PROVISIONING
from mock_csms.simulator.misbehaviour.record import Misbehaviour
from mock_csms.simulator.misbehaviour.transactions import TRANSACTION_MISBEHAVIOURS
from mock_csms.simulator.station import SimulatedStation

MISBEHAVIOURS: Final[Mapping[str, Misbehaviour]] = {
    misbehaviour.name: misbehaviour
    for misbehaviour in (
        *MESSAGE_MISBEHAVIOURS,
        *PROVISIONING,
        *TRANSACTION_MISBEHAVIOURS,
        *COMMAND_MISBEHAVIOURS,
        *CERTIFICATE_MISBEHAVIOURS,
    )
}


def misbehave(station: SimulatedStation, names: Iterable[str]) -> None:
    """Add misbehaviours to a station by name; raises KeyError for an unknown name."""
    for name in names:
        for deviation in MISBEHAVIOURS[name].deviations:
            deviation.attach(station)
