"""A small, explicit model of what B does with A: the simplest rules that hold on held-out blocks of time."""

from antiphon.decision.relation.fitting import Evidence, fitted, fitted_and_held_out, guide_evidence
from antiphon.decision.relation.meanings import ClassMeanings
from antiphon.decision.relation.model import RelationModel
from antiphon.decision.relation.words import in_words

__all__ = ["ClassMeanings", "Evidence", "RelationModel", "fitted", "fitted_and_held_out", "guide_evidence", "in_words"]
