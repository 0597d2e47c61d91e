"""A simulated station that is wrong on purpose: named violations of the specification."""

from mock_csms.simulator.misbehaviour.record import Misbehaviour
from mock_csms.simulator.misbehaviour.table import MISBEHAVIOURS, misbehave

__all__ = ["MISBEHAVIOURS", "Misbehaviour", "misbehave"]
