"""Log: lines on standard output, summaries of payloads, masking of secrets, guarded failures."""
