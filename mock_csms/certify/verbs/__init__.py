"""Verbs of cases: actions of the server and of the rig, and expectations of the station."""
