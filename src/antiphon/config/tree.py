"""The whole tree, section by section."""

from __future__ import annotations

from antiphon.config.action import ActionSettings
from antiphon.config.corpus import CorpusSettings
from antiphon.config.decision import DecisionSettings, SamplingSettings
from antiphon.config.perception import PerceptionSettings
from antiphon.config.section import Section
from antiphon.config.training import TrainingSettings

SCHEMA_VERSION = 3
"""Version of the tree as written into a trained agent."""


class Settings(Section):
    """Everything that can be set, section by section."""

    corpus: CorpusSettings = CorpusSettings()
    perception: PerceptionSettings = PerceptionSettings()
    decision: DecisionSettings = DecisionSettings()
    sampling: SamplingSettings = SamplingSettings()
    action: ActionSettings = ActionSettings()
    training: TrainingSettings = TrainingSettings()
