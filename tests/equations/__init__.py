"""One file per chapter: what the names of each numbered equation stand for."""
