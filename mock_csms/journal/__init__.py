"""Journal, statistics and findings: recording, storage, streaming and printing."""
