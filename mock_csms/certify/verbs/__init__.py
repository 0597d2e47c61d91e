"""The verbs of cases: what the server does, what the station has to do, and what a person does."""
