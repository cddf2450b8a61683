"""The life of a claim as a picture and a table, made of the states and steps themselves."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.claims.domain.states import AFTER_THE_WAIT, MEANINGS, STEPS, WAITS, State

BEGINS: Final = "[*]"


def diagram() -> str:
    """A Mermaid state diagram of all legal steps, in the order of the states."""
    order: dict[State | None, int] = {None: -1, **{state: number for number, state in enumerate(MEANINGS)}}
    steps = sorted(STEPS, key=lambda step: (order[step[0]], order[step[1]]))
    return "\n".join(
        ["```mermaid", "stateDiagram-v2", *(f"    {before or BEGINS} --> {after}" for before, after in steps), "```"]
    )


def table() -> str:
    """Each state: what it means, how long it waits, and what follows where nobody acts."""
    rows = [f"| `{state}` | {meaning} | {_wait(state)} |" for state, meaning in MEANINGS.items()]
    return "\n".join(["| state | it means | its date, and what follows |", "|---|---|---|", *rows])


def _wait(state: State) -> str:
    if state == "draft":
        return f"{WAITS['draft'].days} days, then deleted"
    if state not in AFTER_THE_WAIT:
        return ""
    wait = WAITS.get(state)
    after = AFTER_THE_WAIT[state]
    return f"{'the day the money may be sent' if wait is None else f'{wait.days} days'}, then `{after}`"
