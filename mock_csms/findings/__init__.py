"""What a station does against its OCPP specification, found while it talks."""
