"""A simulated OCPP 2.0.1 charging station, connected to the mock server only through the server's ports."""
