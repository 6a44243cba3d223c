"""Settings: one tree of frozen models, a file of them for each layer. Every part receives its own section.

Precedence: command line > environment > TOML file > default (`resolve`). `configs/paper.toml` holds the paper's values,
each with its section; a default that differs from them says why.
"""

from antiphon.config.action import ActionSettings
from antiphon.config.corpus import CorpusSettings, LayoutName
from antiphon.config.decision import DecisionSettings, SamplingSettings
from antiphon.config.perception import SEGMENTS_PER_CLASS, EncoderSettings, PerceptionSettings
from antiphon.config.resolving import ENVIRONMENT_PREFIX, describe, in_force, origins, resolve, validated
from antiphon.config.section import MOST_SEED, Share
from antiphon.config.training import TrainingSettings
from antiphon.config.tree import SCHEMA_VERSION, Settings

__all__ = [
    "ENVIRONMENT_PREFIX",
    "MOST_SEED",
    "SCHEMA_VERSION",
    "SEGMENTS_PER_CLASS",
    "ActionSettings",
    "CorpusSettings",
    "DecisionSettings",
    "EncoderSettings",
    "LayoutName",
    "PerceptionSettings",
    "SamplingSettings",
    "Settings",
    "Share",
    "TrainingSettings",
    "describe",
    "in_force",
    "origins",
    "resolve",
    "validated",
]
