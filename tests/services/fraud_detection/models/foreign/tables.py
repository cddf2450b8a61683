"""Small simulated tables of strangers, made where they are needed; what stands in them happened to nobody."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random

HEADING = ("reported_on", "sold_on", "month", "amount", "channel", "past_claims", "shop", "sex", "is_fraud")
_PAST = ("none", "1", "2 to 4", "more than 4")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def simulated(rows: int = 4000, seed: int = 0) -> list[dict[str, str]]:
    """Two years of claims: amount, channel and past claims tell of fraud; what the month tells changes each quarter."""
    draw = Random(seed)  # noqa: S311  simulated
    bad_months = [set(draw.sample(_MONTHS, 4)) for _ in range(8)]
    found = []
    for place in range(rows):
        on = date(2024, 1, 1) + timedelta(days=place * 730 // rows)
        amount, channel, past = draw.lognormvariate(8, 1), draw.choice(("app", "phone", "shop")), draw.randrange(4)
        risk = 0.02 + 0.12 * (channel == "phone") + 0.1 * (amount > 6000) + 0.03 * past
        month = draw.choice(_MONTHS)
        risk *= 2.5 if month in bad_months[place * 8 // rows] else 0.4
        values = (
            on.isoformat(),
            (on - timedelta(days=draw.randrange(400))).isoformat(),
            month,
            f"{amount:.2f}" if draw.random() > 0.05 else "",
            channel,
            _PAST[past],
            f"shop {draw.randrange(90)}",
            draw.choice("FM"),
            "yes" if draw.random() < risk else "no",
        )
        found.append(dict(zip(HEADING, values, strict=True)))
    return found


def written(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8", separator: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    return path
