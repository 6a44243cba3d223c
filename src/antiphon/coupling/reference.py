"""What couplings are held against, as a directory: a calibration, the reference of APA, and a verifier if there is one.

One made of rendered chorales comes with the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter, ValidationError

from antiphon.checkpoint import load_arrays, load_json, require_reasonable, save_arrays, save_json
from antiphon.coupling.apa import DIMENSIONS, Gaussian, Reference, require_apart
from antiphon.coupling.calibration import Calibration
from antiphon.coupling.measures import PAIR_MEASURES, Measure
from antiphon.errors import BadData
from antiphon.reading import first_fault

if TYPE_CHECKING:
    from antiphon.coupling.verifier import Verifier

STANDARD_VERSION = 1
CALIBRATION_FILE, REFERENCE_FILE = "calibration.json", "reference.safetensors"
VERIFIER_FILES = ("config.json", "verifier.safetensors")
MOST_EMBEDDED = 1e24
"""Size of the largest number in a reference: in units of a spread that is next to nothing a covariance is 1e16."""

STANDARD_FILES = (CALIBRATION_FILE, REFERENCE_FILE, *VERIFIER_FILES)
"""What such a directory may hold; the first is always there."""

OWN = Path(__file__).parent / "chorales"
"""The one in the package: measures without training on held-out rendered chorales (docs/coupling.md)."""


@dataclass(frozen=True, eq=False)
class Standard:
    """What couplings are held against."""

    calibration: Calibration
    reference: Reference | None = None
    verifier: Verifier | None = None

    @property
    def measures(self) -> Sequence[Measure]:
        """Everything that can be measured of a pair."""
        return measures_with(self.verifier)


def measures_with(verifier: Verifier | None) -> Sequence[Measure]:
    """The measures that need no training, and the verifier if there is one."""
    return PAIR_MEASURES if verifier is None else (*PAIR_MEASURES, verifier.measure)


def save_standard(directory: Path, standard: Standard) -> None:
    """Write a standard into an existing directory; the same values, the same bytes."""
    calibration = TypeAdapter(Calibration).dump_python(standard.calibration, mode="json")
    save_json(directory / CALIBRATION_FILE, {"version": STANDARD_VERSION, "calibration": calibration})
    if standard.reference is not None:
        save_arrays(directory / REFERENCE_FILE, _as_arrays(standard.reference))
    if standard.verifier is not None:
        from antiphon.coupling.verifier import save_verifier

        save_verifier(directory, standard.verifier)


def load_standard(directory: Path, encoder: str) -> Standard:
    """Read what `save_standard` wrote. Raises BadData where it is none, or its verifier has another encoder."""
    content = load_json(directory / CALIBRATION_FILE)
    version = content.get("version") if isinstance(content, dict) else None
    if version != STANDARD_VERSION:
        raise BadData(f"{directory}: version {version!r} of a calibration, this Antiphon reads {STANDARD_VERSION}")
    try:
        calibration = TypeAdapter(Calibration).validate_python(content["calibration"])
    except (KeyError, ValidationError) as error:
        why = first_fault(error) if isinstance(error, ValidationError) else f"{error} is missing"
        raise BadData(f"{directory / CALIBRATION_FILE}: not a calibration ({why})") from error
    reference = _as_reference(directory / REFERENCE_FILE) if (directory / REFERENCE_FILE).is_file() else None
    if not (directory / VERIFIER_FILES[0]).is_file():
        return Standard(calibration, reference)
    from antiphon.coupling.verifier import load_verifier

    return Standard(calibration, reference, load_verifier(directory, encoder))


def _as_arrays(reference: Reference) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    arrays = {"scale": reference.scale}
    for name, each in (("true", reference.true), ("mismatched", reference.mismatched)):
        arrays |= {f"{name}_mean": each.mean, f"{name}_covariance": each.covariance}
    return arrays


def _as_reference(path: Path) -> Reference:
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in load_arrays(path).items()}
    require_reasonable(path, arrays, MOST_EMBEDDED)
    try:
        true, mismatched = (
            Gaussian(arrays[f"{name}_mean"], arrays[f"{name}_covariance"]) for name in ("true", "mismatched")
        )
        reference = Reference(true, mismatched, arrays["scale"])
    except KeyError as error:
        raise BadData(f"{path}: not a reference of APA ({error} is missing)") from error
    except ValueError as error:
        raise BadData(f"{path}: not a reference of APA ({error})") from error
    shapes = {each.shape for each in (reference.scale, reference.true.mean, reference.mismatched.mean)}
    if shapes != {(DIMENSIONS,)} or not (reference.scale > 0).all():
        raise BadData(f"{path}: not a reference of APA ({DIMENSIONS} dimensions, each with a spread)")
    require_apart(reference)
    return reference
