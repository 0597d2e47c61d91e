"""OCPP-J on one connection of a station."""
