"""How a reply says what is wrong."""

from __future__ import annotations

from tests.services.enrollment.builders import (
    Answer,
)


def problem(reply: Answer) -> str:
    assert reply.content_type == "application/problem+json"
    return str(reply.json["type"]).removeprefix("https://fangzha.example/problems/")
