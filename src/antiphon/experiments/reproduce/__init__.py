"""The paper's study on any corpus (paper 5, 6): three durations times three alphabets, trained, judged and drawn."""

from antiphon.experiments.reproduce.study import DURATIONS, SIZES, Studied, Study, quick, reproduce

__all__ = ["DURATIONS", "SIZES", "Studied", "Study", "quick", "reproduce"]
