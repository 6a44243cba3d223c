"""Listening tests: a study on disk, who hears what in which order, what they answered, and what it shows."""
