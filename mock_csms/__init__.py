"""What the mock central system stands on: OCPP-J, what is known of the stations, and the settings."""

__version__ = "0.1.0"
