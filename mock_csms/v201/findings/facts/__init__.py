"""Facts about an OCPP 2.0.1 station, one module for each subject."""
