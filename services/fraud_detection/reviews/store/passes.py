"""What was said of a case holds until the claim is approved or refused, through the rounds that amendments begin."""

from __future__ import annotations


def of_this_pass(table: str) -> str:
    """A condition on a row of ``table`` with claim and round: it is of the row of ``reviews``, and no last word on the
    claim came since.
    """
    return f"""{table}.claim_id = reviews.claim_id AND {table}.round > coalesce((
        SELECT max(decisions.round) FROM decisions
        WHERE decisions.claim_id = reviews.claim_id AND outcome IN ('approved', 'refused')), 0)"""
