"""Who encodes shards: processes of this machine, or the workers of a Ray cluster. Both do the same work on the same
job, so that a shard has the same bytes whoever wrote it.

Ray's own actors and not Ray Data: a job writes its file itself and gives back four numbers, so there are no blocks of
rows to be moved, and nothing needs pandas.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from antiphon.corpus.synthesis.pool import Done, NotFinished, worked
from antiphon.dataset.shards.encoding import ShardDone, ShardJob, encode_shard
from antiphon.errors import AntiphonError, MissingExtra, SettingsError

ENGINES = ("local", "ray")

LONGEST_SECONDS = 20 * 86400.0
"""A shard may take as long as it takes: only a process that dies is given up."""

DEVICE_ENCODERS = ("wav2vec2",)
"""Encoders that can compute on a GPU; the others are as fast without."""

Finished = Done[ShardJob, ShardDone]


class Engine(Protocol):
    """Encodes shards, in whatever order they are done."""

    def run(self, jobs: Sequence[ShardJob]) -> Iterator[Finished]:
        """Each job with what became of it; NotFinished where the process that had it died."""
        ...


@dataclass(frozen=True)
class LocalProcesses:
    """Processes of this machine, each with a thread of its own; None for one a processor."""

    workers: int | None = None

    def run(self, jobs: Sequence[ShardJob]) -> Iterator[Finished]:
        """As `Engine.run`."""
        return worked(
            encode_alone, jobs, processes=self.workers, seconds=LONGEST_SECONDS, clean=_left_to_the_next_writer
        )


@dataclass(frozen=True)
class RayCluster:
    """Actors of a Ray cluster: the one at `address`, or one that is started on this machine and ended afterwards.

    Where the cluster has GPUs and the encoder can use one, there is an actor for each GPU; else one for each processor.
    `workers` is how many there are at most.
    """

    address: str | None = None
    workers: int | None = None

    def run(self, jobs: Sequence[ShardJob]) -> Iterator[Finished]:
        """As `Engine.run`."""
        if not jobs:
            return
        with self._connected() as ray:
            name = jobs[0].plan.perception.encoder.name
            gpus = int(ray.cluster_resources().get("GPU", 0)) if name in DEVICE_ENCODERS else 0
            most = gpus or int(ray.cluster_resources().get("CPU", 1))
            count = max(1, min(self.workers or most, most, len(jobs)))
            actor = ray.remote(num_cpus=1, num_gpus=1 if gpus else 0, max_restarts=0)(_Actor)
            yield from _shared_out(ray, actor, count, jobs)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        # Nothing is told to anybody about how it is used.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError as error:
            raise MissingExtra("--engine ray needs Ray: pip install 'antiphon[ray]'") from error
        if ray.is_initialized():
            yield ray
            return
        own = {"num_cpus": self.workers, "include_dashboard": False} if self.address is None else {}
        try:
            ray.init(address=self.address, log_to_driver=False, logging_level="ERROR", **own)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            raise AntiphonError(f"no Ray cluster at {self.address or 'this machine'}: {_first_line(error)}") from error
        try:
            yield ray
        finally:
            ray.shutdown()


def engine_named(name: str, address: str | None, workers: int | None) -> Engine:
    """The engine of a name. Raises SettingsError for one that is none, and for what does not fit it."""
    if name not in ENGINES:
        raise SettingsError(f"--engine: {name!r} is unknown; known: {', '.join(ENGINES)}")
    if workers is not None and workers < 1:
        raise SettingsError(f"--workers: at least 1, got {workers}")
    if name == "ray":
        return RayCluster(address, workers)
    if address is not None:
        raise SettingsError("--address names a Ray cluster: give --engine ray too")
    return LocalProcesses(workers)


def encode_alone(job: ShardJob) -> ShardDone:
    """A shard by one thread, whatever the machine has: sums of several threads would differ in their last bit."""
    from threadpoolctl import threadpool_limits

    if job.plan.perception.encoder.name in DEVICE_ENCODERS:
        import torch

        torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        return encode_shard(job)


def _left_to_the_next_writer(job: ShardJob) -> None:
    """What a killed process left half written has a temporary name, and goes when the next shard is begun."""


class _Actor:
    """A process of a Ray cluster. Its GPU, where Ray gave it one, is the first that it sees."""

    def encode(self, job: ShardJob) -> ShardDone | AntiphonError:
        """An error that is expected comes back as a value: Ray would wrap it in others."""
        import ray

        try:
            return encode_alone(replace(job, device="cuda" if ray.get_gpu_ids() else "cpu"))
        except AntiphonError as error:
            return type(error)(str(error))


def _shared_out(ray: Any, actor: Any, count: int, jobs: Sequence[ShardJob]) -> Iterator[Finished]:
    """One job at a time to each of `count` actors; one that dies is replaced, and its job comes back."""
    coming = iter(jobs)
    held: dict[Any, tuple[Any, ShardJob]] = {}

    def give(worker: Any) -> None:
        for job in coming:
            held[worker.encode.remote(job)] = (worker, job)
            return

    for _ in range(count):
        give(actor.remote())
    while held:
        (ready,), _ = ray.wait(list(held), num_returns=1)
        worker, job = held.pop(ready)
        try:
            found = ray.get(ready)
        except ray.exceptions.RayTaskError as error:
            found = RuntimeError(_first_line(error.cause if error.cause is not None else error))
        except ray.exceptions.RayError:
            found, worker = NotFinished("its process died (out of memory, or a crash inside a library)"), actor.remote()
        give(worker)
        if isinstance(found, ShardDone):
            yield Done(job, found, None)
        else:
            yield Done(job, None, found)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
