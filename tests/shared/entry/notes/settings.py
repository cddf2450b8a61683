from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from shared.process.settings import Settings


class NotesSettings(Settings):
    SERVICE: ClassVar[str] = "notes"
    pen: SecretStr = Field(description="the name of a pen", examples=[SecretStr("a pen")])
