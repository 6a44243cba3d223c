"""The agent: y = A(D(P(x))); what it is, and how it lives in a directory."""

from antiphon.agent.agent import Agent

__all__ = ["Agent"]
