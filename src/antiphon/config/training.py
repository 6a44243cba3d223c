"""Settings of the training (paper 5.2)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from antiphon.config.section import RandomSeed, Section, Share


class TrainingSettings(Section):
    """How the decision learns (paper 5.2)."""

    learning_rate: float = Field(2e-3, gt=0, le=10)
    """Peak learning rate (paper: 1e-6). The small model gets as far in half as many steps as with 1e-3."""
    optimizer: Literal["adam", "adamw"] = "adamw"
    """Adam as in the paper, or with decoupled weight decay."""
    beta1: Share = 0.9
    """Adam's first decay (paper 5.2)."""
    beta2: Share = 0.999
    """Adam's second decay (paper 5.2)."""
    weight_decay: float = Field(0.01, ge=0, le=1000)
    """Weight decay (paper: 1e-5, coupled)."""
    batch_size: int = Field(24, ge=1, le=65536)
    """Windows in a step (paper 5.2)."""
    draws_per_window: int = Field(8, ge=1, le=65536)
    """Ordered pairs drawn from each window in an epoch. The paper draws one; eight make epochs worth a validation."""
    epoch_steps: int = Field(0, ge=0)
    """Steps of an epoch at least: of little music windows are drawn more often. A pair has 40 (`pair_defaults`). Five
    minutes have 8 without, and `patience` was over before a relation at a lag was found at all."""
    transpose: bool = True
    """Each draw is moved by -5 to +6 semitones, all its tracks alike, where the encoder says which of its dimensions
    are pitch classes. Costs nothing: cached vectors are rotated before they become tokens."""
    random_offsets: bool = True
    """Each draw's window starts up to half a hop before or after its place."""
    max_epochs: int = Field(100, ge=1, le=1_000_000)
    """No more than this, converged or not."""
    patience: int = Field(4, ge=1, le=1_000_000)
    """Epochs without a better validation loss before the training counts as converged."""
    warmup_steps: int = Field(50, ge=0, le=1_000_000_000)
    """Steps over which the learning rate rises."""
    schedule: Literal["constant", "cosine", "inverse-sqrt"] = "constant"
    """The learning rate after that: it stays, or falls to 0 at `max_epochs`, or with the square root of the steps."""
    averaging: float = Field(0.998, ge=0, lt=1)
    """What is judged and kept is the average of the weights, each step counting this much of the one after it; 0 keeps
    the last ones (paper). On 297 chorales it gained 0.09 bits on held-out tunes in the same time."""
    clip_norm: float = Field(1.0, gt=0, le=1e6)
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
    soft_targets: float = Field(0.0, ge=0, le=1000)
    """Classes near the true one get a share of the target, the more the higher (in units of the mean distance between
    neighbours); 0 asks for the true class alone (paper 8)."""
    deaf: bool = True
    """Train the deaf model too: the opponent that says what the guide is worth."""
    shifted: bool = True
    """Beside the deaf model, train the one whose guides are shifted in time: it says how much of that worth is the
    piece (key, timbre, style), and how much the moment."""
    present: bool = True
    """Where the guide is heard late (`perception.guide_delay_seconds`), train the model that hears it at once too: it
    says what the delay costs."""
    seed: RandomSeed = 0
    """Seed of weights, draws and dropout."""
    device: str = "cpu"
    """A torch device: cpu, cuda, mps; auto takes the fastest that this machine has."""
    accumulation: int = Field(1, ge=1, le=65536)
    """A step's windows are computed in so many parts, one after the other, and their gradients are added: less memory,
    and the same step but for the draws of dropout."""
    checkpoint_steps: int = Field(1000, ge=0)
    """Beside after each epoch, what is needed to go on is written after so many steps of one; 0: after epochs only."""
    most_epoch_steps: int = Field(2000, ge=0)
    """Of shards an epoch has no more steps than this, and the next goes on behind it, so that a large corpus is
    validated as often as a small one; 0: an epoch is all of them."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the training's multiplications; bf16 is faster where the processor has units for it, slower elsewhere. Weights
    and validation stay in fp32."""
    tensorboard: bool = False
    """Write TensorBoard event files beside the agent, in NAME-tensorboard (needs the extra `tensorboard`)."""
