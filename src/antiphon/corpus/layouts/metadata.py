"""What a corpus says of itself in JSON or YAML, checked against the published format."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from antiphon.corpus.layouts.stems import Findings
from antiphon.errors import BadData
from antiphon.reading import first_fault, json_of, text_of


class Metadata(BaseModel):
    """Fields that Antiphon reads; corpora hold many more."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


Model = TypeVar("Model", bound=Metadata)


def read_json(path: Path, model: type[Model], findings: Findings) -> Model | None:
    """The metadata in a JSON file; None, and a problem that names file and field, where it is malformed."""
    return _read(path, model, findings, partial(json_of, name=str(path)), "JSON")


def read_yaml(path: Path, model: type[Model], findings: Findings) -> Model | None:
    """The metadata in a YAML file; None, and a problem that names file and field, where it is malformed."""
    return _read(path, model, findings, _yaml, "YAML")


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _read(path: Path, model: type[Model], findings: Findings, parse: Callable[[str], Any], name: str) -> Model | None:
    try:
        return model.model_validate(parse(text_of(path, encoding="utf-8-sig")))
    except BadData as error:
        findings.problems.append(str(error))
    except ValidationError as error:
        findings.problems.append(f"{path}: {first_fault(error)}")
    except (ValueError, RecursionError) as error:
        findings.problems.append(f"{path}: not {name} ({' '.join(str(error).split())[:120]})")
    return None
