"""Makes ready what a part of a file holds, without the database: read, judged, tokenized, in the order of the tokens.

It depends on nothing but the part and what its batch was received under.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from services.enrollment.files.intake import parse
from services.enrollment.policies.domain.many_rows import ACCEPTED, Refused, judge_all
from services.enrollment.policies.domain.rows import Desk
from services.enrollment.policies.usecases.vault import RECORD_FIELDS, RECORD_SEPARATOR
from shared.privacy.tokens import PERSON_SEPARATOR, Tokenizer
from shared.values.names import normal_names

MEMORY_BYTES: Final = 128 * 1024**2
"""What a part takes in a worker at the most: some thirty times its bytes where each row has quotes, twenty for usual
ones."""


@dataclass(frozen=True, slots=True)
class PreparedPart:
    """``people`` can be covered as far as their rows tell, each once, in the order of ``person_token``.

    Their columns are those of judged rows, the tokens, and ``record``, which is to be sealed, instead of who it is in
    clear. ``again`` are later lines about one of them: ``line``, ``partner_reference``, ``person_token`` and the first
    line's reference as ``first_reference``. ``older_tokens`` are those of ``people`` under older keys, a list each.
    """

    people: pl.DataFrame
    again: pl.DataFrame
    older_tokens: list[list[bytes]]
    refused: list[Refused]


def prepare(part: bytes, header: str, first_line: int, desk: Desk, tokenizer: Tokenizer) -> PreparedPart:
    """Of a person with several lines, the first one counts."""
    table = parse.table(part, header.split(","), first_line)
    judged = judge_all(table.rows, desk)
    no_rows = [Refused(line, None, fault) for line, fault in table.faults]
    accepted = judged.accepted
    persons = accepted.select(pl.concat_str("document_type", "document_number", separator=PERSON_SEPARATOR)).to_series()
    in_bytes = persons.cast(pl.Binary).to_list()
    phones = accepted["phone"].cast(pl.Binary).to_list()
    names = map(str.encode, normal_names(accepted["name"].to_list()))
    people = accepted.select(
        *(name for name in ACCEPTED if name not in RECORD_FIELDS),
        pl.concat_str(*RECORD_FIELDS, separator=RECORD_SEPARATOR).str.strip_chars_end(RECORD_SEPARATOR).alias("record"),
        pl.Series("person_token", tokenizer.many("person", in_bytes), dtype=pl.Binary),
        pl.Series("phone_token", tokenizer.many("phone", phones), dtype=pl.Binary),
        pl.Series("name_token", tokenizer.many("name", names), dtype=pl.Binary),
        *(
            pl.Series(f"older_token_{key}", tokenizer.many("person", in_bytes, key=key), dtype=pl.Binary)
            for key in tokenizer.older_keys
        ),
    )
    first = pl.col("person_token").is_first_distinct()
    once = people.filter(first).sort("person_token")
    again = people.filter(~first).select("line", "partner_reference", "person_token")
    firsts = once.select("person_token", pl.col("partner_reference").alias("first_reference"))
    return PreparedPart(
        people=once,
        again=again.join(firsts, on="person_token", how="left"),
        older_tokens=[once[f"older_token_{key}"].to_list() for key in tokenizer.older_keys],
        refused=[*judged.refused, *no_rows],
    )
