"""`antiphon listen`: a listening study as a local page."""
