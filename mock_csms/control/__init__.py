"""The control API, with which tests in any language drive and query the mock over HTTP."""
