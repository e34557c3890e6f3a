"""Benchmarks: measured figures against a yardstick of the same run."""
