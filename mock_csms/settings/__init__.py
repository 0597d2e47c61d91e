"""Every knob, once: its flag, its environment variable, its key in a file and its default, in that order."""

from mock_csms.settings.fields import Step, Validation, Variable
from mock_csms.settings.loading import ENVIRONMENT_PREFIX, KNOBS, read_settings
from mock_csms.settings.model import Settings
from mock_csms.settings.profile import Profile
from mock_csms.text import UsageError

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
