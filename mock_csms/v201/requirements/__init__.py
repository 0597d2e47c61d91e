"""The requirements of OCPP 2.0.1, and why some of them have no check."""
