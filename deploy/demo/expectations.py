"""What must hold at the end, as sentences; each is kept with what was seen. Steps add to them as they go."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Expectation:
    """One sentence, whether it holds, and what was seen."""

    sentence: str
    holds: bool
    seen: str


@dataclass
class Expectations:
    """All of them, in the order in which they were looked at."""

    all: list[Expectation] = field(default_factory=list)

    def expect(self, sentence: str, *, holds: bool, seen: object = "") -> None:
        self.all.append(Expectation(sentence, holds, str(seen)))

    def equal(self, sentence: str, seen: object, wanted: object) -> None:
        told = str(seen) if seen == wanted else f"{seen}, not {wanted}"
        self.all.append(Expectation(sentence, seen == wanted, told))

    @property
    def broken(self) -> list[Expectation]:
        return [each for each in self.all if not each.holds]
