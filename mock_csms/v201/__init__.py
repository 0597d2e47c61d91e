"""Code for OCPP 2.0.1, except for the message handlers in ``charge_point.py`` and the command builders in
``commands.py``.
"""
