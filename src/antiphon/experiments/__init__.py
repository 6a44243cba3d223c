"""Whole studies in one call."""
