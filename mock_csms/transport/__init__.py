"""WebSockets: bytes to whole messages and back; knows nothing of OCPP."""
