"""Indexes of a sequence of labels, built in linear time, label by label.

The factor oracle (Allauzen, Crochemore and Raffinot, 1999) is what improvisation on a memory is navigated with: its
suffix links lead to places with the same past (Assayag and Dubnov, 2004). It accepts words that never occur, so the
longest prefix of a scenario is looked up in a suffix automaton (Blumer et al., 1985), which accepts no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


class FactorOracle:
    """States 0..n of a sequence of n labels; state i stands for the place after label i."""

    def __init__(self, labels: Sequence[int]) -> None:
        self.links = [-1]
        """The suffix link of each state: the first place with the longest past in common that the oracle knows of."""
        transitions: list[dict[int, int]] = [{}]
        for state, label in enumerate(labels, start=1):
            transitions.append({})
            transitions[state - 1][label] = state
            back = self.links[state - 1]
            while back >= 0 and label not in transitions[back]:
                transitions[back][label] = state
                back = self.links[back]
            self.links.append(transitions[back][label] if back >= 0 else 0)

    def same_past(self, state: int) -> Iterator[int]:
        """Earlier states whose past ends as that of `state` does, the longest in common first."""
        state = self.links[state]
        while state > 0:
            yield state
            state = self.links[state]


class SuffixAutomaton:
    """Finds every place at which a word occurs in a sequence of labels."""

    def __init__(self, labels: Sequence[int]) -> None:
        self._next: list[dict[int, int]] = [{}]
        self._lengths = [0]
        self._links = [-1]
        self._ends = [-1]
        last = 0
        for place, label in enumerate(labels):
            last = self._extended(last, label, place)
        # A state's places are its own end, unless it is a copy, and those of all states that link to it.
        self._children: list[list[int]] = [[] for _ in self._links]
        for state, link in enumerate(self._links):
            if link >= 0:
                self._children[link].append(state)

    def longest_prefix(self, word: Iterable[int], but: int = -1) -> list[int]:
        """All places, in order, where the longest prefix of a word begins that begins anywhere but there.

        No places if not even its first label occurs.
        """
        walked = [0]
        for label in word:
            following = self._next[walked[-1]].get(label)
            if following is None:
                break
            walked.append(following)
        for length in range(len(walked) - 1, 0, -1):
            # A state without children is at one place only, and that may be the one to leave out.
            state = walked[length]
            if self._children[state] or self._ends[state] - length + 1 != but:
                return [place for place in self._begins(state, length) if place != but]
        return []

    def _begins(self, state: int, length: int) -> list[int]:
        candidate_index, waiting = [], [state]
        while waiting:
            state = waiting.pop()
            if self._ends[state] >= 0:
                candidate_index.append(self._ends[state] - length + 1)
            waiting.extend(self._children[state])
        return sorted(candidate_index)

    def _extended(self, last: int, label: int, place: int) -> int:
        new = self._added({}, self._lengths[last] + 1, place)
        state = last
        while state >= 0 and label not in self._next[state]:
            self._next[state][label] = new
            state = self._links[state]
        if state < 0:
            self._links[new] = 0
            return new
        old = self._next[state][label]
        if self._lengths[old] == self._lengths[state] + 1:
            self._links[new] = old
            return new
        copy = self._added(dict(self._next[old]), self._lengths[state] + 1, -1)
        self._links[copy] = self._links[old]
        self._links[old] = self._links[new] = copy
        while state >= 0 and self._next[state].get(label) == old:
            self._next[state][label] = copy
            state = self._links[state]
        return new

    def _added(self, transitions: dict[int, int], length: int, end: int) -> int:
        self._next.append(transitions)
        self._lengths.append(length)
        self._links.append(-1)
        self._ends.append(end)
        return len(self._next) - 1
