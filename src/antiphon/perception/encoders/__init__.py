"""The encoders of the house (paper 4.1), by name. A user's own needs no place here: whatever has the protocol fits."""

from __future__ import annotations

from antiphon.config import EncoderSettings
from antiphon.interfaces import Encoder
from antiphon.perception.encoders.chroma_mfcc import ChromaMfccEncoder
from antiphon.perception.encoders.notes import NotesEncoder
from antiphon.perception.encoders.quick_notes import QuickNotesEncoder
from antiphon.perception.encoders.wav2vec2 import Wav2Vec2Encoder

HouseEncoder = NotesEncoder | QuickNotesEncoder | Wav2Vec2Encoder | ChromaMfccEncoder


def make_encoder(settings: EncoderSettings) -> Encoder:
    """The encoder that `settings.name` asks for. Raises SettingsError where its own settings do not fit."""
    encoders: dict[str, type[HouseEncoder]] = {
        "notes": NotesEncoder,
        "quick-notes": QuickNotesEncoder,
        "wav2vec2": Wav2Vec2Encoder,
        "chroma-mfcc": ChromaMfccEncoder,
    }
    return encoders[settings.name](settings)
