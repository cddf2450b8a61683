"""Resident ids, phones and accounts of simulated people. Which person gets which is ``people``'s."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

CHECK_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Weights of the first 17 digits, GB 11643-1999 (ISO 7064 MOD 11-2)."""
CHECK_DIGITS: Final = "10X98765432"
ID_SPACE: Final = 9_999_991
"""The largest prime below 10 million: four digits of region and three of sequence, walked without repetition."""
DAY_BLOCKS: Final = 4
"""People beyond ID_SPACE get other days of the month, so that ids stay unique up to four times ID_SPACE."""

PHONE_SPACE: Final = 1_000_000_007
"""A prime below the number of phones that PHONE_PREFIXES and the tails outside SANDBOX_TAILS allow."""
PHONE_PREFIXES: Final = tuple(range(100, 130))
"""Mobile numbers begin with 13 to 19: these are nobody's, and only sandboxes take them."""
PHONE_TAILS: Final = 9_900
"""Last four digits that chance may choose: the hundred from 9000 to 9099 force outcomes and are left out."""
PHONE_SANDBOX_FROM: Final = 9_000
ACCOUNT_SANDBOX_FROM: Final = 8_000
SANDBOX_HUNDRED: Final = 100

ACCOUNT_BIN: Final = "620000"
"""The issuer digits of a simulated account: 62 is UnionPay's, 0000 no bank's."""
ACCOUNT_MIDDLE: Final = 8
LUHN_BASE: Final = 10


def check_digits(first_17: Ints) -> Ints:
    """For each number of 17 digits, the index in CHECK_DIGITS of its check digit."""
    total = np.zeros_like(first_17)
    rest = first_17.copy()
    for weight in reversed(CHECK_WEIGHTS):
        total += (rest % 10) * weight
        rest //= 10
    return total % 11


def check_digit(first_17: str) -> str:
    """The 18th digit of a resident id, ``X`` for ten."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, CHECK_WEIGHTS, strict=True))
    return CHECK_DIGITS[total % 11]


def walk(index: Ints, *, space: int, seed: int, salt: int) -> Ints:
    """A different number below the prime ``space`` for each index below it, by a step that the seed chooses."""
    step, start = np.random.default_rng((seed, salt)).integers(space // 3, space - 1, size=2)
    places: Ints = (index % space * int(step) + int(start)) % space
    return places


def phone_numbers(index: Ints, *, seed: int) -> Ints:
    """Eleven-digit phones, no two alike, none ending in a sandbox value."""
    spot = walk(index, space=PHONE_SPACE, seed=seed, salt=2)
    rest, tail = np.divmod(spot, PHONE_TAILS)
    prefix, middle = np.divmod(rest, 10_000)
    tail = np.where(tail >= PHONE_SANDBOX_FROM, tail + SANDBOX_HUNDRED, tail)
    phones: Ints = np.array(PHONE_PREFIXES, dtype=np.int64)[prefix] * 100_000_000 + middle * 10_000 + tail
    return phones


def phone_ending(phone: str, tail: str) -> str:
    """The phone with its last four digits replaced by a sandbox value."""
    return phone[:-4] + tail


def account_number(serial: int, *, tail: str | None = None) -> str:
    """A 19-digit account with a right Luhn sum; ``tail`` forces its last four digits, else chance avoids them."""
    if tail is None:
        serial, last = divmod(serial, PHONE_TAILS)
        tail = f"{last + SANDBOX_HUNDRED if last >= ACCOUNT_SANDBOX_FROM else last:04d}"
    middle = f"{serial % 10**ACCOUNT_MIDDLE:0{ACCOUNT_MIDDLE}d}"
    for digit in "0123456789":
        account = f"{ACCOUNT_BIN}{middle}{digit}{tail}"
        if luhn_sum(account) % LUHN_BASE == 0:
            return account
    raise AssertionError("one digit of ten always completes a Luhn sum")


def luhn_sum(number: str) -> int:
    """The sum of ISO/IEC 7812-1: a right card number's is divisible by ten."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004
    return total
