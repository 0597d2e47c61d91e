"""OCPP-J sessions: CALLs and their answers on one connection of a station."""
