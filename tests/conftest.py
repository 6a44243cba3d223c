"""One thread per worker, since pytest runs a worker per processor; the longest files first; and a cache of its own."""

import os

import pytest
from hypothesis import settings

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

LONGEST = (
    *("test_docs.py", "test_planted_worlds.py", "test_reproduce_study.py", "test_check_tracks.py", "test_trainer.py"),
    *(
        "test_cli_verbs.py",
        "test_recordings.py",
        "test_cli_resume.py",
        "test_session_edits.py",
        "test_cli_ownership.py",
    ),
    *("test_cli_session.py", "test_synthesis_chorales.py", "test_cli_verdict.py", "test_synthesis_building.py"),
)
"""A file is the work of one worker: whoever gets a long one last keeps the others waiting."""

settings.register_profile("antiphon", deadline=None)
settings.load_profile("antiphon")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    os.environ["ANTIPHON_CACHE"] = str(tmp_path_factory.mktemp("frames"))


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
