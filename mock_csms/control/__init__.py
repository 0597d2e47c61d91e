"""The control API: HTTP that tests in any language use to drive and query the mock."""
