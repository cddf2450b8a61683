"""Keys from settings, each with its number. What they are used for is tokens' and sealed's."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class UnknownKey(FangzhaError):
    """Key {number} made this value and is not among the settings' keys; give it back until the rotation is done."""

    number: int


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The current key first, then older ones whose values are still about."""

    keys: dict[int, bytes] = field(repr=False)
    """By number, 1 to 255; 32 bytes each; the first is current."""

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """From ``1:<64 hex>[,2:<64 hex>]``, the form that the settings have checked already."""
        keys: dict[int, bytes] = {}
        for part in text.split(","):
            number, _, key = part.strip().partition(":")
            keys[int(number)] = bytes.fromhex(key)
        if any(len(key) != 32 or not 1 <= number <= 255 for number, key in keys.items()):  # noqa: PLR2004
            raise ValueError("a key is 32 bytes, and its number is from 1 to 255")
        return cls(keys)

    @property
    def current(self) -> int:
        """The number of the key that new values are made with."""
        return next(iter(self.keys))

    def key(self, number: int) -> bytes:
        try:
            return self.keys[number]
        except KeyError:
            raise UnknownKey(number) from None
