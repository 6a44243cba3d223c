"""P: audio to a sequence of symbols (paper 3.1, 4.1)."""

from antiphon.perception.alphabet import fit_alphabet, recipe_of
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.condensers import energy_condenser, make_condenser, max_condenser, mean_condenser
from antiphon.perception.encoders import make_encoder
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import NearestCentroid, NearestCentroidWithRest, class_distances, make_quantizer
from antiphon.perception.segmenters import bounded_intervals, make_segmenter, uniform_intervals
from antiphon.perception.streaming import TokenStream

__all__ = [
    "FrameCache",
    "NearestCentroid",
    "NearestCentroidWithRest",
    "Perception",
    "TokenStream",
    "bounded_intervals",
    "class_distances",
    "default_directory",
    "energy_condenser",
    "fit_alphabet",
    "make_condenser",
    "make_encoder",
    "make_quantizer",
    "make_segmenter",
    "max_condenser",
    "mean_condenser",
    "recipe_of",
    "uniform_intervals",
]
