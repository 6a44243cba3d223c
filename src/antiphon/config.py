"""Settings: one tree of frozen models. Every part receives its own section, never the whole tree.

Precedence: command line > environment > TOML file > default (`resolve`). `configs/paper.toml` holds the paper's values,
each with its section; a default that differs from them says why.
"""

from __future__ import annotations

import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from antiphon.errors import SettingsError

ENVIRONMENT_PREFIX = "ANTIPHON_"
"""`ANTIPHON_TRAINING__LEARNING_RATE=3e-4` sets `training.learning_rate`; two underscores enter a section."""

SCHEMA_VERSION = 1
"""Version of the tree as written into a trained agent."""

SEGMENTS_PER_CLASS = 8
"""Fewer distinct segments than this for each class of an alphabet make classes of single moments."""

Share = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


LayoutName = Literal[
    "auto", "folders", "instruments", "pairs", "takes", "moisesdb", "musdb18", "musdb18-hq", "slakh2100", "medleydb"
]
"""The layouts of a corpus on disk (`corpus/layouts/`, one module each)."""


class CorpusSettings(_Section):
    """Which audio, and how it is divided (paper 5.1)."""

    layout: LayoutName = "auto"
    """How a folder of audio is laid out; found by itself unless named."""

    window_seconds: float = Field(15.0, gt=0)
    """Length of a training window (paper 5.1)."""
    hop_seconds: float = Field(10.0, gt=0)
    """From one window to the next: 5 s of overlap (paper 5.1)."""
    train_share: Share = 0.8
    """Share of the pieces to learn from (paper 5.1)."""
    validation_share: Share = 0.1
    """Share of the pieces that decide when to stop (paper 5.1)."""
    include: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """If given, these instruments and no others, whatever `exclude` says."""
    exclude: tuple[Annotated[str, Field(min_length=1)], ...] = ("drums", "percussion", "effects")
    """Instruments left out (paper 5.1: drums, percussion and effects), by name or by family (`corpus/instruments`)."""
    guides: Literal["tracks", "mix"] = "tracks"
    """What is listened to: every other track by itself (paper 5.1), or the mix of all others."""
    skip_unreadable: bool = False
    """Whether a scan goes on without what it cannot read, and says so, instead of refusing the whole corpus."""
    silence_dbfs: float = -60.0
    """A track that never reaches this level holds nothing to learn from, and is left out by name."""
    split_by: Literal["piece", "artist", "take"] = "piece"
    """What is never on two sides of the division: a piece (paper 5.1), all of an artist, or only a take."""
    seed: int = Field(0, ge=0)
    """Seed of the division into train, validation and test."""

    @model_validator(mode="after")
    def _leave_room_for_a_test(self) -> CorpusSettings:
        if self.train_share + self.validation_share > 1:
            raise ValueError("train_share + validation_share must not exceed 1")
        if self.train_share == 0:
            raise ValueError("train_share must be above 0")
        return self


class EncoderSettings(_Section):
    """Which encoder, and its own settings (paper 4.1)."""

    name: Literal["notes", "wav2vec2", "chroma-mfcc"] = "notes"
    """The paper uses wav2vec2 trained on music, whose weights its author gives on request; `notes` comes inside."""
    directory: str = ""
    """wav2vec2: a local transformers directory with the weights."""
    layer: int = -1
    """wav2vec2: which layer's output, -1 the last; 0 is the input of the first."""
    window_seconds: float = Field(15.0, gt=0)
    """wav2vec2: length of audio encoded at once; context changes labels, so it belongs to the alphabet."""
    hop_seconds: float = Field(10.0, gt=0)
    """wav2vec2: from one encoded window to the next; frames are kept from the window whose middle is nearest."""
    lookahead_seconds: float | None = Field(None, gt=0)
    """At most how far a frame may look ahead, for playing live; unset: as far as the encoder does best."""
    pitch_class_weight: float = Field(1.0, ge=0)
    """notes: weight of the 12 pitch classes."""
    register_weight: float = Field(0.5, ge=0)
    """notes: weight of the 8 registers."""
    loudness_weight: float = Field(0.5, ge=0)
    """notes: weight of the loudness, 0 at -60 dBFS and 1 at 0 dBFS."""

    @model_validator(mode="after")
    def _windows_overlap(self) -> EncoderSettings:
        if self.hop_seconds > self.window_seconds:
            raise ValueError("hop_seconds must not exceed window_seconds")
        return self


class PerceptionSettings(_Section):
    """Audio to tokens (paper 3.1, 4.1)."""

    encoder: EncoderSettings = EncoderSettings()
    segment_seconds: float = Field(0.5, ge=0.05, le=10)
    """Length of a uniform segment (paper 5.2: 0.25, 0.35 or 0.5)."""
    condenser: Literal["mean", "max"] = "mean"
    """How the frames of a segment become one vector (paper 4.1: the temporal mean)."""
    alphabet_size: int = Field(64, ge=2, le=65536)
    """K, the number of classes (paper 5.2: 16, 64 or 256)."""
    rest: bool = True
    """An explicit class for silence. The paper has none: there, silence becomes whatever class k-means makes of it."""
    rest_dbfs: float = -60.0
    """A segment below this level is a rest."""
    seed: int = Field(0, ge=0)
    """Seed of k-means."""


class DecisionSettings(_Section):
    """The network p(y_t | y_<t, x) (paper 3.2, 4.2)."""

    layers: int = Field(3, ge=1)
    """Decoder layers. The paper has 6; over-fitting starts sooner with more on minutes of music."""
    heads: int = Field(4, ge=1)
    """Attention heads (paper: 12)."""
    dimension: int = Field(128, ge=8)
    """Width of the model (paper: 768). On 80 chorales 192 gained nothing over 128 (3.27 bits on held-out tunes
    both)."""
    feed_forward: int = Field(512, ge=8)
    """Width of the feed-forward layers (paper: 2048)."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout while training (paper 5.2)."""
    conditioning: Literal["aligned", "cross-attention"] = "aligned"
    """How the guide enters: added where it sounds, or attended to as in the paper. Aligned needs fewer steps: guide and
    response share one time grid, which cross-attention has to discover first."""
    guide_layers: int = Field(2, ge=0)
    """Encoder layers over the guide before it conditions the decoder (paper: none)."""
    norm: Literal["pre", "post"] = "pre"
    """Layer normalisation before each part, which trains without a long warm-up, or after it (Vaswani et al., 2017)."""

    @model_validator(mode="after")
    def _heads_divide_the_model(self) -> DecisionSettings:
        if self.dimension % (2 * self.heads):
            raise ValueError("dimension must be an even multiple of heads")
        return self


class SamplingSettings(_Section):
    """How a token is drawn from the model's distribution (paper 4.2, 4.3)."""

    temperature: float = Field(1.0, ge=0)
    """Flattens (above 1) or sharpens (below 1) the distribution; 0 takes the most probable."""
    top_p: float = Field(0.8, gt=0, le=1)
    """Nucleus (Holtzman et al., 2020): the smallest set of tokens that holds at least this probability (paper: 0.8)."""
    constraint: Literal["hard", "soft", "off"] = "hard"
    """Keep to the labels of the memory: always, or where the nucleus holds one (paper 4.3), or never. The paper's soft
    form can ask for a label that the memory lacks, which it plays as silence."""


class ActionSettings(_Section):
    """Tokens to sound (paper 3.3, 4.3)."""

    jump_cost: float = Field(1.0, ge=0)
    """Cost of leaving a place in the memory for one without shared context; going on costs nothing."""
    shared_context_cost: float = Field(0.1, ge=0)
    """Cost of a jump to a place whose previous label is the one just played."""
    crossfade_seconds: float = Field(0.05, ge=0, le=1)
    """Length of the fade at a joint, centred on it; 0 cuts hard."""


class TrainingSettings(_Section):
    """How the decision learns (paper 5.2)."""

    learning_rate: float = Field(2e-3, gt=0)
    """Peak learning rate (paper: 1e-6). The small model gets as far in half as many steps as with 1e-3."""
    optimizer: Literal["adam", "adamw"] = "adamw"
    """Adam as in the paper, or with decoupled weight decay."""
    beta1: Share = 0.9
    """Adam's first decay (paper 5.2)."""
    beta2: Share = 0.999
    """Adam's second decay (paper 5.2)."""
    weight_decay: float = Field(0.01, ge=0)
    """Weight decay (paper: 1e-5, coupled)."""
    batch_size: int = Field(24, ge=1)
    """Windows in a step (paper 5.2)."""
    draws_per_window: int = Field(8, ge=1)
    """Ordered pairs drawn from each window in an epoch. The paper draws one; eight make epochs worth a validation."""
    max_epochs: int = Field(100, ge=1)
    """No more than this, converged or not."""
    patience: int = Field(4, ge=1)
    """Epochs without a better validation loss before the training counts as converged."""
    warmup_steps: int = Field(50, ge=0)
    """Steps over which the learning rate rises."""
    clip_norm: float = Field(1.0, gt=0)
    """Largest norm of the gradient."""
    teacher_decay: Share = 0.9
    """Scheduled sampling with exponential decay (Bengio et al., 2015; paper 5.2): an epoch multiplies by this the
    probability that the model sees the true previous token instead of its own. 1 never shows it its own."""
    teacher_floor: Share = 0.75
    """Scheduled sampling never goes below this probability of the true token. On 80 chorales 0.75 gained 0.06 bits
    and 3 points of TPP on held-out tunes over never sampling."""
    deaf: bool = True
    """Train the deaf model too: the opponent that says what the guide is worth."""
    seed: int = Field(0, ge=0)
    """Seed of weights, draws and dropout."""
    device: str = "cpu"
    """A torch device."""


class Settings(_Section):
    """Everything that can be set, section by section."""

    corpus: CorpusSettings = CorpusSettings()
    perception: PerceptionSettings = PerceptionSettings()
    decision: DecisionSettings = DecisionSettings()
    sampling: SamplingSettings = SamplingSettings()
    action: ActionSettings = ActionSettings()
    training: TrainingSettings = TrainingSettings()


def resolve(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    base: Settings | None = None,
) -> Settings:
    """Settings from `overrides` over `environment` over the TOML `file` over `base` (the defaults, if None).

    Raises SettingsError, naming the key and the nearest known one, for anything unknown or out of range.
    """
    tree = (base or Settings()).model_dump()
    layers = [_read_toml(file) if file else {}, _from_environment(os.environ if environment is None else environment)]
    for layer in (*layers, overrides or {}):
        _refuse_unknown(layer, Settings, "")
        _merge(tree, layer)
    return validated(tree)


def validated(tree: Mapping[str, Any]) -> Settings:
    """Settings from a complete or partial tree; one line for the first thing that is wrong."""
    _refuse_unknown(tree, Settings, "")
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(describe(error)) from None


def describe(error: ValidationError) -> str:
    """The first problem of a pydantic error in one line: which key, what is wrong, what was given."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict | BaseModel) else f" (given: {first['input']!r})"
    return f"setting {key}: {message}{given}"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise SettingsError(f"cannot read settings {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings {file} are not TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in sorted(environment.items()):
        keys = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        if len(keys) == 1:
            _refuse_single_underscore(name, keys[0])
            continue
        section = tree
        for key in keys[:-1]:
            section = section.setdefault(key, {})
            if not isinstance(section, dict):
                raise SettingsError(f"{name}: {key} is set both as a value and as a section")
        section[keys[-1]] = _listed(value) if _is_list(keys) else value
    return tree


def _refuse_single_underscore(name: str, key: str) -> None:
    if key.startswith(tuple(Settings.model_fields)):
        raise SettingsError(f"{name}: two underscores enter a section, as in {ENVIRONMENT_PREFIX}TRAINING__SEED")


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _is_list(keys: list[str]) -> bool:
    model: Any = Settings
    for key in keys:
        fields = getattr(model, "model_fields", {})
        if key not in fields:
            return False
        model = fields[key].annotation
    return typing.get_origin(model) is tuple


def _merge(tree: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, Mapping) and isinstance(tree.get(key), dict):
            _merge(tree[key], value)
        else:
            tree[key] = value


def _refuse_unknown(layer: Mapping[str, Any], model: type[BaseModel], prefix: str) -> None:
    for key, value in layer.items():
        field = model.model_fields.get(key)
        if field is None:
            near = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0)[0]
            raise SettingsError(f"unknown setting {prefix}{key}; did you mean {prefix}{near}?")
        section = field.annotation
        if not isinstance(section, types.GenericAlias) and isinstance(section, type) and issubclass(section, BaseModel):
            if not isinstance(value, Mapping):
                raise SettingsError(f"setting {prefix}{key} is a section, not a value (given: {value!r})")
            _refuse_unknown(value, section, f"{prefix}{key}.")
