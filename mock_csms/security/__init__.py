"""Security profiles: passwords, client certificates and the admission of stations by them (A00)."""
