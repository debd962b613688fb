"""Measurements against floors taken in the same run; never a test, because machines differ."""
