"""The tests on every Python that Antiphon supports: `nox`."""

import nox


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the default tests."""
    session.install("-e", ".[scores,wav2vec2,codecs,stretch,dev]")
    session.run("pytest", *session.posargs)
