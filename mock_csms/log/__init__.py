"""Log: lines on standard output, summaries of payloads, masking of secrets, and limits on repeated errors."""
