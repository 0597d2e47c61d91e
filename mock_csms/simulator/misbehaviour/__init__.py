"""A simulated station with deliberate errors: misbehaviours with a name, such as ``skip-seq-no``, and
mutations, which are described in words, such as ``omit Heartbeat``.
"""

from mock_csms.simulator.misbehaviour.listing import list_misbehaviours
from mock_csms.simulator.misbehaviour.mutations import FORMS, MutationForm
from mock_csms.simulator.misbehaviour.record import Misbehaviour
from mock_csms.simulator.misbehaviour.table import MISBEHAVIOURS, deviations_of, misbehave

__all__ = [
    "FORMS",
    "MISBEHAVIOURS",
    "Misbehaviour",
    "MutationForm",
    "deviations_of",
    "list_misbehaviours",
    "misbehave",
]
