"""Settings, each defined once. Flags override environment variables, and both override the settings file."""

from mock_csms.errors import UsageError
from mock_csms.settings.command_line import ENVIRONMENT_PREFIX, SETTING_FIELDS
from mock_csms.settings.field_types import PlanStep, Validation, Variable
from mock_csms.settings.loading import read_settings
from mock_csms.settings.server_settings import Settings
from mock_csms.settings.station_settings import Profile

__all__ = [
    "ENVIRONMENT_PREFIX",
    "SETTING_FIELDS",
    "PlanStep",
    "Profile",
    "Settings",
    "UsageError",
    "Validation",
    "Variable",
    "read_settings",
]
