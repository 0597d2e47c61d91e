"""Security events. All go into the security log, and critical ones are also sent (A04)."""

from datetime import datetime
from typing import Final

from ocpp.v201 import call
from ocpp.v201.enums import SecurityEventType

from mock_csms.simulator.core import Core
from mock_csms.simulator.rolling_log import RollingLog
from mock_csms.text import truncate

NOT_SENT: Final = frozenset(
    {
        SecurityEventType.failed_to_authenticate_at_csms,
        SecurityEventType.csms_failed_to_authenticate,
        SecurityEventType.reconfiguration_of_security_parameters,
        SecurityEventType.invalid_messages,
        SecurityEventType.attempted_replay_attacks,
    }
)
"""Events that are not critical (part 2 appendix 1); they are logged but not sent."""

MAX_TECH_INFO: Final = 255


class SecurityEvents:
    """Security events (A04)."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._log = RollingLog()
        self._boot_event: SecurityEventType | None = SecurityEventType.startup_of_the_device
        core.powered_off.connect(self._power_off)
        core.boot_accepted.connect(self._report_boot)

    def report(self, event: str, tech_info: str | None = None) -> None:
        """Log an event. If it is critical, also notify the central system (A04.FR.01, A04.FR.04)."""
        info = truncate(tech_info, MAX_TECH_INFO) if tech_info else None
        self._log.add(self._core.now(), f"{event!s} {info or ''}".rstrip())
        if event not in NOT_SENT:
            self._core.send(
                call.SecurityEventNotification(str(event), self._core.timestamp(), tech_info=info)
            )

    def lines(self, oldest: datetime | None = None, latest: datetime | None = None) -> list[str]:
        """Lines of the security log between two times; None means no limit."""
        return self._log.lines(oldest, latest)

    def expect_reboot(self) -> None:
        """After the next accepted boot, report ResetOrReboot instead of StartupOfTheDevice."""
        self._boot_event = SecurityEventType.reset_or_reboot

    def report_clock_change(self, seconds: float) -> None:
        """Report a correction of the clock if it is larger than the reporting threshold (appendix 1)."""
        if abs(seconds) > self._core.variables.integer("ClockCtrlr", "TimeAdjustmentReportingThreshold"):
            self.report(SecurityEventType.setting_system_time, f"by {seconds:.3f} s")

    def _power_off(self) -> None:
        self._boot_event = SecurityEventType.startup_of_the_device

    def _report_boot(self) -> None:
        if self._boot_event is not None:
            event, self._boot_event = self._boot_event, None
            self.report(event)
