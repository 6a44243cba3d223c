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

SCHEMA_VERSION = 2
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
    targets: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """If given, only these tracks answer, by name, instrument or family; the others are guides alone. Unset each track
    answers each other one (paper 5.1), and which of two a guide is, only its timbre tells."""
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
    precision: Literal["fp32", "bf16", "auto"] = "fp32"
    """wav2vec2: fp32 for labels that are kept. bf16 is faster where the processor has units for it; auto takes it there
    if a measurement on the corpus says that it changes at most 1 % of the labels."""
    window_seconds: float = Field(15.0, gt=0)
    """wav2vec2: length of audio encoded at once; context changes labels, so it belongs to the alphabet."""
    hop_seconds: float = Field(10.0, gt=0)
    """wav2vec2: from one encoded window to the next; frames are kept from the window whose middle is nearest."""
    lookahead_seconds: float | None = Field(None, gt=0)
    """At most how far a frame may look ahead, for playing live; unset: as far as the encoder does best."""
    pitch_class_weight: float = Field(1.0, ge=0)
    """notes: weight of the 12 pitch classes."""
    register_weight: float = Field(0.7, ge=0)
    """notes: weight of the 8 registers."""
    loudness_weight: float = Field(0.5, ge=0)
    """notes: weight of the loudness, 0 at -60 dBFS and 1 at 0 dBFS."""
    onset_weight: float = Field(1.0, ge=0)
    """notes: weight of the onset strength, how much louder a frame is than the one before: many onsets or hard ones."""
    brightness_weight: float = Field(0.5, ge=0)
    """notes: weight of the brightness, 0 where the spectrum's middle is 64 Hz, 1 where it is 8,192 Hz."""
    flatness_weight: float = Field(0.5, ge=0)
    """notes: weight of the flatness of the spectrum, 0 for a tone and 1 for noise."""

    @model_validator(mode="after")
    def _windows_overlap(self) -> EncoderSettings:
        if self.hop_seconds > self.window_seconds:
            raise ValueError("hop_seconds must not exceed window_seconds")
        return self


class PerceptionSettings(_Section):
    """Audio to tokens (paper 3.1, 4.1)."""

    encoder: EncoderSettings = EncoderSettings()
    segmenter: Literal["uniform", "onset", "beat"] = "uniform"
    """Where segments begin: every `segment_seconds` (paper 4.1), or at onsets, or at beats."""
    segment_seconds: float = Field(0.5, ge=0.05, le=10)
    """Length of a uniform segment (paper 5.2: 0.25, 0.35 or 0.5). Of onsets and beats the typical length, by which the
    decision counts how much it sees at once."""
    minimum_seconds: float = Field(0.1, ge=0.05, le=10)
    """onset, beat: no segment is shorter; an onset or a beat too close to the one before is passed over."""
    maximum_seconds: float = Field(2.0, ge=0.1, le=10)
    """onset, beat: a longer segment is divided evenly; at least twice the minimum."""
    tempo_bpm: float | None = Field(None, ge=20, le=400)
    """beat: the tempo, where it is known: it wins over what is heard."""
    condenser: Literal["mean", "max", "energy"] = "mean"
    """How the frames of a segment become one vector (paper 4.1: the temporal mean); energy weighs them by power."""
    alphabet_size: int = Field(64, ge=2, le=65536)
    """K, the number of classes (paper 5.2: 16, 64 or 256)."""
    rest: bool = True
    """An explicit class for silence. The paper has none: there, silence becomes whatever class k-means makes of it."""
    rest_dbfs: float = -60.0
    """A segment below this level is a rest."""
    seed: int = Field(0, ge=0)
    """Seed of k-means."""

    @model_validator(mode="after")
    def _segments_can_be_divided(self) -> PerceptionSettings:
        if self.maximum_seconds < 2 * self.minimum_seconds:
            raise ValueError("maximum_seconds must be at least twice minimum_seconds")
        return self


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
    positions: Literal["sinusoidal", "rotary", "relative"] = "rotary"
    """How the network knows where it is: added to its input (Vaswani et al., 2017), or, where attention compares two
    places, as a rotation (Su et al., 2021) or a learned number for each distance (Raffel et al., 2020, 2.1)."""
    token_input: Literal["embedding", "centroids"] = "embedding"
    """What stands for a token: a learned vector, or its centroid through a learned map (as the paper's own runs)."""
    durations: bool = False
    """Whether the length of each segment is an input too; for segments that vary (onsets, beats)."""
    lookahead_seconds: float | None = None
    """How far beyond the segment being decided the guide is heard: unset all of it, 0 up to that segment's end (what a
    live agent has, once the segment is over), negative further back."""
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
    top_k: int = Field(0, ge=0)
    """Only this many of the most probable tokens, before the nucleus is taken; 0 keeps all."""
    consensus: int = Field(1, ge=1)
    """The class that most of so many independent samples have at a position, each on its own past. It agrees with the
    truth at more positions than any sample does (TPP), and is less varied than music."""
    best_of: int = Field(1, ge=1)
    """So many whole responses, of which the one that is most probable to the model is kept. Not for live playing."""
    guidance: float = Field(1.0, ge=0)
    """How much the guide counts: 0 as if it were not heard, 1 as learned, above 1 more than learned."""
    past: bool = True
    """Whether a token follows from what was played before it. Without, from the guide alone: the most probable ones
    (temperature 0) then agree with the truth at more positions than any other way, and hold together least. The agent
    must have learned with `training.hide_past`."""
    repetition: Share = 1.0
    """Repeats are left to the model up to the length that this share of the training music's own repeats do not pass;
    beyond it they become the less likely, the rarer such lengths are in the music. 1 leaves all to the model."""
    rests: bool = True
    """Whether a response may rest where the memory has something to play. A voice rests through the interludes of a
    song, and an agent that has learned from songs rests as long."""
    constraint: Literal["hard", "soft", "off"] = "hard"
    """Keep to the labels of the memory: always, or where the nucleus holds one (paper 4.3), or never. The paper's soft
    form can ask for a label that the memory lacks, which it plays as silence."""


class ActionSettings(_Section):
    """Tokens to sound (paper 3.3, 4.3)."""

    jump_cost: float = Field(1.0, ge=0)
    """Cost of leaving a place in the memory for one without shared context; going on costs nothing."""
    shared_context_cost: float = Field(0.1, ge=0)
    """Cost of a jump to a place whose previous label is the one just played."""
    boundary_cost: float = Field(0.1, ge=0)
    """Price of a typical cut by how its two edges sound (spectrum, pitch, loudness), on top of the jump; 0 does not
    listen to edges. On 13 minutes of orchestra 0.1 took away a third of what cuts have above the music's own changes,
    without one joint more; from 0.25 on there were more."""
    short_cost: float = Field(1.0, ge=0)
    """Cost of a segment times the share of its interval that it is too short to fill."""
    phase_cost: float = Field(0.5, ge=0)
    """Cost of a segment from another beat of the bar than that on which it is played, where beats are known."""
    longest_copy: int = Field(0, ge=0)
    """Segments after which a copy of the memory must be left; 0 never."""
    minimum_run: int = Field(1, ge=1)
    """Segments before which no jump may leave a copy; silence and the end may."""
    reuse: bool = True
    """Whether a segment may be played more than once. Without, the path is no longer certainly the cheapest."""
    allowed_regions: tuple[str, ...] = ()
    """If given, only these spans of the memory are played: `FILE:START-END`, or `START-END` of every file, in
    seconds."""
    taboo_regions: tuple[str, ...] = ()
    """Spans of the memory that are never played, written in the same way."""
    variation: float = Field(0.0, ge=0)
    """Draws the path by the seed, each with a probability in proportion to exp(-cost / variation); 0 takes the
    cheapest."""
    selector: Literal["optimal", "oracle"] = "optimal"
    """The cheapest path, or the paper's way: longest prefixes over a factor oracle."""
    crossfade_seconds: float = Field(0.05, ge=0, le=1)
    """Length of the fade at a joint, centred on it; 0 cuts hard."""
    join_search_seconds: float = Field(0.005, ge=0, le=0.1)
    """After a joint the memory is entered up to this much earlier, where it fits best (the paper's code: not at all).
    5 ms are a period of 200 Hz; 0 enters at the segment's border."""
    loudness: Literal["keep", "guide"] = "keep"
    """Keep the memory's own level, or be as loud as the guide (integrated loudness, ITU-R BS.1770)."""
    true_peak_dbtp: float = Field(-0.1, le=0)
    """A response whose peak between samples passes this is turned down as a whole, never up. The paper's code stretches
    every response to full scale."""

    @model_validator(mode="after")
    def _caps_leave_a_path(self) -> ActionSettings:
        if 0 < self.longest_copy < self.minimum_run:
            raise ValueError("longest_copy must not be below minimum_run")
        if self.selector == "oracle" and (self.minimum_run > 1 or not self.reuse):
            raise ValueError("selector oracle knows neither minimum_run nor reuse: take optimal")
        return self


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
    transpose: bool = True
    """Each draw is moved by -5 to +6 semitones, all its tracks alike, where the encoder says which of its dimensions
    are pitch classes. Costs nothing: cached vectors are rotated before they become tokens."""
    random_offsets: bool = True
    """Each draw's window starts up to half a hop before or after its place."""
    max_epochs: int = Field(100, ge=1)
    """No more than this, converged or not."""
    patience: int = Field(4, ge=1)
    """Epochs without a better validation loss before the training counts as converged."""
    warmup_steps: int = Field(50, ge=0)
    """Steps over which the learning rate rises."""
    schedule: Literal["constant", "cosine", "inverse-sqrt"] = "constant"
    """The learning rate after that: it stays, or falls to 0 at `max_epochs`, or with the square root of the steps."""
    averaging: float = Field(0.998, ge=0, lt=1)
    """What is judged and kept is the average of the weights, each step counting this much of the one after it; 0 keeps
    the last ones (paper). On 297 chorales it gained 0.09 bits on held-out tunes in the same time."""
    clip_norm: float = Field(1.0, gt=0)
    """Largest norm of the gradient."""
    teacher_decay: Share = 0.9
    """Scheduled sampling with exponential decay (Bengio et al., 2015; paper 5.2): an epoch multiplies by this the
    probability that the model sees the true previous token instead of its own. 1 never shows it its own."""
    teacher_floor: Share = 0.75
    """Scheduled sampling never goes below this probability of the true token. In a minute's training it costs bits and
    TPP; in a longer one it still costs bits, and a response goes wrong less often (docs/decision.md)."""
    hide_guide: Share = 0.1
    """Share of the windows in which the guide is hidden, so that one network also answers without (guidance)."""
    hide_past: Share = 0.2
    """Share of the windows in which what the response played before is hidden, so that one network also says what the
    guide alone asks for (`sampling.past`)."""
    soft_targets: float = Field(0.0, ge=0)
    """Classes near the true one get a share of the target, the more the higher (in units of the mean distance between
    neighbours); 0 asks for the true class alone (paper 8)."""
    deaf: bool = True
    """Train the deaf model too: the opponent that says what the guide is worth."""
    shifted: bool = True
    """Beside the deaf model, train the one whose guides are shifted in time: it says how much of that worth is the
    piece (key, timbre, style), and how much the moment."""
    seed: int = Field(0, ge=0)
    """Seed of weights, draws and dropout."""
    device: str = "cpu"
    """A torch device."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the training's multiplications; bf16 is faster where the processor has units for it, slower elsewhere. Weights
    and validation stay in fp32."""
    tensorboard: bool = False
    """Write TensorBoard event files beside the agent, in NAME-tensorboard (needs the extra `tensorboard`)."""


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
