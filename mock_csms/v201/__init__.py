"""OCPP 2.0.1, except for the handlers in ``charge_point.py`` and the builders in ``commands.py``."""
