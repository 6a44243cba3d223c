"""Files to samples: libsndfile for what it reads exactly, PyAV for the rest. `antiphon.audio` is its only caller."""
