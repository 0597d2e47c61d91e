"""What the mock does on purpose: rules, faults, tokens and templates."""
