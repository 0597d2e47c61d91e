"""The record of a misbehaviour."""

from dataclasses import dataclass

from mock_csms.simulator.misbehaviour.deviations import Deviation


@dataclass(frozen=True)
class Misbehaviour:
    """A named violation of the specification."""

    name: str
    """Imperative verb phrase in kebab case, such as ``skip-seq-no``."""
    description: str
    finding: str
    """Id of the kind of finding that the misbehaviour causes."""
    deviations: tuple[Deviation, ...]
