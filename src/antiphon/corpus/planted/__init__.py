"""Worlds whose relation between A and B is known, as tokens and as sound: what a model must find, or must not."""

from antiphon.corpus.planted.attribute_decoding import attribute_from_audio, attribute_played
from antiphon.corpus.planted.bounds import Attribute, Bound, attribute, attribute_bound, bound
from antiphon.corpus.planted.building import build_planted, ceiling, performed, planted_splits
from antiphon.corpus.planted.pairbench import PAIRBENCH, BuiltPairBench, build_pairbench, performed_again
from antiphon.corpus.planted.relations import relation_of
from antiphon.corpus.planted.settings import PLANTED_WORLDS, PlantedSettings, PlantedWorld
from antiphon.corpus.planted.sound import UNSEEN_VOICES, VOICES, planted_audio
from antiphon.corpus.planted.tokens import PlantedPair, planted_tokens

__all__ = [
    "PAIRBENCH",
    "PLANTED_WORLDS",
    "UNSEEN_VOICES",
    "VOICES",
    "Attribute",
    "Bound",
    "BuiltPairBench",
    "PlantedPair",
    "PlantedSettings",
    "PlantedWorld",
    "attribute",
    "attribute_bound",
    "attribute_from_audio",
    "attribute_played",
    "bound",
    "build_pairbench",
    "build_planted",
    "ceiling",
    "performed",
    "performed_again",
    "planted_audio",
    "planted_splits",
    "planted_tokens",
    "relation_of",
]
