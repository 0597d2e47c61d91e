"""A simulated OCPP 2.0.1 charging station. It knows the server only through its WebSocket."""
