"""Antiphon learns how separate tracks answer one another, and answers a new guide from your own memory."""
