"""The user's own pairs as memory of the decision: looked up, not trained (Khandelwal and others, 2020)."""

from antiphon.decision.datastore.model import RememberingDecision
from antiphon.decision.datastore.pair_memory import FEWEST, PairMemory, remembered
from antiphon.decision.datastore.partly_remembering import PartlyRememberingDecision
from antiphon.decision.datastore.walking import KnownPair

__all__ = ["FEWEST", "KnownPair", "PairMemory", "PartlyRememberingDecision", "RememberingDecision", "remembered"]
