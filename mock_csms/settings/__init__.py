"""Every knob, once: its flag, its environment variable, its key in a file and its default, in that order."""

from mock_csms.hints import UsageError
from mock_csms.settings.knobs import Step, Validation, Variable
from mock_csms.settings.model import Settings
from mock_csms.settings.profile import Profile
from mock_csms.settings.sources import ENVIRONMENT_PREFIX, KNOBS, read_settings

__all__ = [
    "ENVIRONMENT_PREFIX",
    "KNOBS",
    "Profile",
    "Settings",
    "Step",
    "UsageError",
    "Validation",
    "Variable",
    "read_settings",
]
