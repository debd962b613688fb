"""Geometry of the charts: numbers in, positions out. No Django, no clock, no text to translate."""
