"""The cases by functional block, one short function each."""
