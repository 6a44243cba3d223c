"""A response as files: the sounds, where everything comes from, and what other programs take."""

from antiphon.action.export.formats import FORMAT_FILES as FORMAT_FILES
from antiphon.action.export.provenance_file import PROVENANCE as PROVENANCE
from antiphon.action.export.provenance_file import read_events as read_events
from antiphon.action.export.provenance_file import read_provenance as read_provenance
from antiphon.action.export.provenance_file import render_provenance as render_provenance
from antiphon.action.export.writing import write_response as write_response

RESPONSE_FILES = (PROVENANCE, "specification.json", "response.wav", "mix.wav", "index.html", *FORMAT_FILES)
"""What a response's directory may hold, the page of `pages.response` and everything exported included."""
