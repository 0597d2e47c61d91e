"""Types of security events defined by OCPP 2.0.1 (A04) and its errata (A02.FR.29)."""

from typing import Final

SECURITY_EVENTS: Final = frozenset(
    {
        "AttemptedReplayAttacks",
        "CsmsFailedToAuthenticate",
        "DiscardedRenewedClientCertificate",
        "FailedToAuthenticateAtCsms",
        "FirmwareUpdated",
        "InvalidChargingStationCertificate",
        "InvalidCsmsCertificate",
        "InvalidFirmwareSignature",
        "InvalidFirmwareSigningCertificate",
        "InvalidMessages",
        "InvalidTLSCipherSuite",
        "InvalidTLSVersion",
        "MaintenanceLoginAccepted",
        "MaintenanceLoginFailed",
        "MemoryExhaustion",
        "ReconfigurationOfSecurityParameters",
        "ResetOrReboot",
        "SecurityLogWasCleared",
        "SettingSystemTime",
        "StartupOfTheDevice",
        "TamperDetectionActivated",
    }
)
