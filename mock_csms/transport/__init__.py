"""WebSockets: converts bytes to whole messages and back, without knowledge of OCPP."""
