"""What a person says of a table in YAML: its label, how time or groups split it, which columns are not learned from.

What the table itself holds is ``table``'s to find out; a spec is only held against it there.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import yaml

KINDS: Final = ("number", "category", "ordered", "date", "text")
MOST_BYTES: Final = 1 << 20
DEFAULT_CAPACITY: Final = (0.01, 0.02, 0.05, 0.1)
DEFAULT_TEST_SHARE: Final = 0.25
DEFAULT_FITS: Final = 18
"""Fits that the search may make: a budget in seconds would give other figures on another machine."""


@dataclass(eq=False)
class Unfit(Exception):
    """The spec or the table cannot be used: what of it, why, and how to mend it."""

    field: str
    detail: str
    fix: str

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}. {self.fix}."


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """Rows of ``column`` in ``train`` teach, those in ``test`` measure; both ends belong to a window.

    A window of None is derived: all before the test, all after the training, or the newest ``test_share``.
    ``gap_days`` before the test window teach nothing: their labels were not known when it began.
    """

    column: str
    train: tuple[str, str] | None = None
    test: tuple[str, str | None] | None = None
    test_share: float = DEFAULT_TEST_SHARE
    gap_days: int = 0


@dataclass(frozen=True, slots=True)
class GroupSplit:
    """All rows of one value of ``column``, e.g. of one customer, stand on the same side."""

    column: str
    test_share: float = DEFAULT_TEST_SHARE


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A whole spec. ``positive`` is the label's value that means fraud, None where the values say it themselves."""

    label: str
    positive: str | None
    split: TimeSplit | GroupSplit
    ignore: tuple[str, ...] = ()
    monitoring_only: tuple[str, ...] = ()
    kinds: Mapping[str, str] | None = None
    review_capacity: tuple[float, ...] = DEFAULT_CAPACITY
    seed: int = 0
    search_fits: int = DEFAULT_FITS


def read_spec(path: Path) -> FeatureSpec:
    """The spec of a file.

    Raises:
        Unfit: it cannot be read, or says something that has no meaning.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unfit("--spec", f"{path} cannot be read ({error.strerror})", "Name a file that is there") from None
    if len(raw) > MOST_BYTES:
        raise Unfit("--spec", f"{path} has more than {MOST_BYTES} bytes", "Was the table meant by --data?")
    try:
        told = yaml.load(raw.decode("utf-8-sig"), Loader=_Strict)  # noqa: S506  _Strict is a SafeLoader
    except UnicodeDecodeError:
        raise Unfit("--spec", f"{path} is not in UTF-8", "Save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise Unfit("--spec", f"{path} is no YAML: {' '.join(str(error).split())}", "Mend that line") from None
    return parse_spec(told)


def parse_spec(told: object) -> FeatureSpec:
    """The spec of what a YAML file held."""
    top = _mapping("the spec", told, {"label", "time", "group", *_OPTIONAL})
    if "label" not in top:
        raise Unfit("label", "is missing", "Name the column that says what was fraud, e.g. label: is_fraud")
    if ("time" in top) == ("group" in top):
        raise Unfit(
            "time, group",
            "the spec says both" if "time" in top else "the spec says neither",
            "Say one of them, e.g. time: {column: reported_on} or group: {column: customer}",
        )
    label, positive = _label(top["label"])
    split = _time(top["time"]) if "time" in top else _group(top["group"])
    ignore, monitoring = _names("ignore", top.get("ignore")), _names("monitoring_only", top.get("monitoring_only"))
    kinds = _kinds(top.get("columns"))
    _one_role({"label": (label,), "time or group": (split.column,), "ignore": ignore, "monitoring_only": monitoring})
    capacity = top.get("review_capacity", list(DEFAULT_CAPACITY))
    shares = capacity if isinstance(capacity, list) else [capacity]
    return FeatureSpec(
        label=label,
        positive=positive,
        split=split,
        ignore=ignore,
        monitoring_only=monitoring,
        kinds=kinds,
        review_capacity=tuple(_share("review_capacity", each) for each in shares) or DEFAULT_CAPACITY,
        seed=_whole("seed", top.get("seed", 0), 2**31 - 1),
        search_fits=_whole("search_fits", top.get("search_fits", DEFAULT_FITS), 1000),
    )


_OPTIONAL: Final = ("ignore", "monitoring_only", "columns", "review_capacity", "seed", "search_fits")


class _Strict(yaml.SafeLoader):
    """YAML without a second word on one key, which would drop the first without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  yaml's own
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = [key for place, key in enumerate(keys) if key in keys[:place]]
        if twice:
            raise Unfit(str(twice[0]), "is said twice in the spec", "Say it once")
        return super().construct_mapping(node, deep)


def _mapping(field: str, told: object, known: set[str]) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise Unfit(field, f"is {_said(told)}, not a list of names with values", f"It takes {', '.join(sorted(known))}")
    for key in told:
        if key not in known:
            raise Unfit(f"{field}, {key}", "is not known", f"Known are {', '.join(sorted(known))}")
    return told


def _said(told: object) -> str:
    return "empty" if told is None else f"{told!r}"[:60]


def _name(field: str, told: object) -> str:
    if isinstance(told, bool) or not isinstance(told, str | int) or not str(told).strip():
        raise Unfit(field, f"is {_said(told)}, not a column's name", "Write the heading as the table has it")
    return str(told)


def _names(field: str, told: object) -> tuple[str, ...]:
    listed = told if isinstance(told, list) else [] if told is None else [told]
    names = tuple(_name(field, each) for each in listed)
    for name in names:
        if names.count(name) > 1:
            raise Unfit(field, f"names {name} twice", "Name it once")
    return names


def _label(told: object) -> tuple[str, str | None]:
    if not isinstance(told, dict):
        return _name("label", told), None
    inside = _mapping("label", told, {"column", "positive"})
    positive = inside.get("positive")
    return _name("label.column", inside.get("column")), None if positive is None else _value("label.positive", positive)


def _value(field: str, told: object) -> str:
    if isinstance(told, bool):
        return str(told).lower()
    if isinstance(told, date | datetime):
        return told.isoformat()
    if isinstance(told, str | int | float):
        return str(told)
    raise Unfit(field, f"is {_said(told)}, not one value", "Write it as the table has it")


def _window(field: str, told: object) -> tuple[str, str] | None:
    if told is None:
        return None
    ends = told if isinstance(told, list) else [told]
    if len(ends) not in (1, 2):
        raise Unfit(field, f"is {_said(told)}", "Write its first and its last value, e.g. [1994, 1995]")
    return _value(field, ends[0]), _value(field, ends[-1])


def _time(told: object) -> TimeSplit:
    if not isinstance(told, dict):
        return TimeSplit(_name("time", told))
    inside = _mapping("time", told, {"column", "train", "test", "test_from", "test_share", "gap_days"})
    chosen = [key for key in ("test", "test_from", "test_share") if inside.get(key) is not None]
    if len(chosen) > 1:
        raise Unfit(f"time.{chosen[1]}", f"says the test window a second time, beside {chosen[0]}", "Say one of them")
    test: tuple[str, str | None] | None = _window("time.test", inside.get("test"))
    if inside.get("test_from") is not None:
        test = _value("time.test_from", inside["test_from"]), None
    return TimeSplit(
        column=_name("time.column", inside.get("column")),
        train=_window("time.train", inside.get("train")),
        test=test,
        test_share=_share("time.test_share", inside.get("test_share", DEFAULT_TEST_SHARE)),
        gap_days=_whole("time.gap_days", inside.get("gap_days", 0), 3650),
    )


def _group(told: object) -> GroupSplit:
    if not isinstance(told, dict):
        return GroupSplit(_name("group", told))
    inside = _mapping("group", told, {"column", "test_share"})
    share = _share("group.test_share", inside.get("test_share", DEFAULT_TEST_SHARE))
    return GroupSplit(_name("group.column", inside.get("column")), share)


def _kinds(told: object) -> dict[str, str]:
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise Unfit("columns", f"is {_said(told)}", "Write each column with its kind, e.g. branch_code: category")
    for name, kind in told.items():
        if kind not in KINDS:
            raise Unfit(f"columns.{name}", f"has the kind {_said(kind)}", f"Kinds are {', '.join(KINDS)}")
    return {str(name): kind for name, kind in told.items()}


def _share(field: str, told: object) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 < told < 1:
        raise Unfit(field, f"is {_said(told)}, not a share between 0 and 1", "Write e.g. 0.05 for 5 %")
    return float(told)


def _whole(field: str, told: object, most: int) -> int:
    if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told <= most:
        raise Unfit(field, f"is {_said(told)}, not a whole number from 0 to {most}", "Leave it out for the default")
    return told


def _one_role(roles: dict[str, tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for role, names in roles.items():
        for name in names:
            if name in seen:
                raise Unfit(role, f"names {name}, which is already {seen[name]}", "Give each column one role")
            seen[name] = role
