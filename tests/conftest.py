"""One thread per worker, since pytest runs a worker per processor; the longest files first; and a cache of its own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

LONGEST = (
    *("test_planted_worlds.py", "test_live_session.py", "test_docs.py", "test_cli_verbs.py", "test_token_stream.py"),
    *("test_recordings.py", "test_loaders.py", "test_check_tracks.py", "test_session_edits.py", "test_trainer.py"),
    *("test_projects.py", "test_folders.py", "test_shards.py", "test_planted_bounds.py", "test_stage_record.py"),
)
"""A file is the work of one worker: whoever gets a long one last keeps the others waiting."""

settings.register_profile("antiphon", deadline=None)
settings.load_profile("antiphon")


@pytest.fixture(scope="session")
def built_once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """A folder of this name, built by whichever worker first asks for it, for all workers of the run."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def built(name: str, build: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                build(folder)
                done.touch()
        return folder

    return built


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    os.environ["ANTIPHON_CACHE"] = str(tmp_path_factory.mktemp("frames"))


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
