"""Checks of OCPP 2.0.1 stations, one module for each subject.

A check returns a Broken if a message violates its requirement, MET if the message shows that the station
meets the requirement, and None if the message shows neither. A check that needs later messages adds an
expectation, which becomes a finding if the expected message is overdue, or a suspicion, which becomes a
finding once a later event confirms it.
"""
