"""Tests of the documentation for people: the site, and the pages whose claims are tried."""
