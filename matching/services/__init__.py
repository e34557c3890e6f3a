"""Rounds: asked for, run, booked, replayed."""
