"""Certification test cases by functional block, with one short function each."""
