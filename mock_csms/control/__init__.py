"""The control API: tests in any language drive and query the mock with it over HTTP."""
