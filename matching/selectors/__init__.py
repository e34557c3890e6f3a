"""Reads of matching: the market as the engine sees it, receipts, misses, rounds."""
