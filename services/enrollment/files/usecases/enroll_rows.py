"""Enrolls a part of a file: people who can be covered are stored, sealed and announced in chunks, the others rejected.

A dry run says the same and stores nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import polars as pl

from services.enrollment.files.store import dry_runs, rejections
from services.enrollment.files.store.batches import Rejection, Work
from services.enrollment.files.usecases.prepare_part import PreparedPart, prepare
from services.enrollment.files.usecases.sale_of_batch import sale_of_batch
from services.enrollment.files.usecases.under_way import Turn
from services.enrollment.partners.usecases.contracts import Sale
from services.enrollment.people.store import opt_outs
from services.enrollment.people.usecases.publish_consent_text import texts_in_use
from services.enrollment.policies.domain.chunks import CHUNK_ROWS
from services.enrollment.policies.domain.many_rows import EPOCH, MICROSECOND
from services.enrollment.policies.domain.rows import ALREADY_COVERED, ALREADY_ENROLLED, OPTED_OUT, Desk, Fault
from services.enrollment.policies.store import many_policies, standing
from services.enrollment.policies.store.chunks import NewChunk, add_many
from services.enrollment.policies.store.standing import Standing
from services.enrollment.policies.usecases.announce import chunk_enrolled
from services.enrollment.policies.usecases.vault import Vault, seal_records
from shared.db.transaction import Tx
from shared.events.policies import PolicyColumns
from shared.messaging import outbox
from shared.process import metrics
from shared.process.new_ids import id_text, new_ids


def enroll_rows(
    tx: Tx, part: bytes, work: Work, *, vault: Vault, now: datetime, sandbox: bool, turn: Turn
) -> tuple[int, int]:
    """How many rows of the part were accepted, and how many rejected."""
    sale = sale_of_batch(tx, work)
    texts = texts_in_use(tx, sale.contract, published_by=work.received_at)
    desk = Desk(sale.product.terms, sale.contract, now=work.received_at, sandbox=sandbox, consent_texts=texts)
    prepared = prepare(part, work.header, work.first_line, desk, vault.tokenizer)
    if work.dry_run:
        turn.wait_for_all()
    else:
        turn.wait_for(prepared.people["person_token"].to_list())
    opt_outs.hold(tx)
    if work.dry_run:
        taken, known = _pretend(tx, prepared, work, sale)
    else:
        look_first = turn.expects_known_persons
        taken, known = _store(tx, prepared, work, sale, vault=vault, now=now, look_first=look_first)
        turn.note_known_persons(known)
        metrics.POLICIES_ENROLLED.labels("batch").inc(taken)
    rejected = list(_rejections(prepared, known, sale.contract.partner_no))
    rejections.add(tx, work.batch_id, rejected)
    return taken, len(rejected)


def _store(
    tx: Tx, prepared: PreparedPart, work: Work, sale: Sale, *, vault: Vault, now: datetime, look_first: bool
) -> tuple[int, Mapping[bytes, Standing]]:
    """How many people were enrolled, and why the others were not, by their tokens.

    ``look_first`` for who is covered; else only the index is asked, by the COPY, which fails where somebody is.
    """
    look = look_first or bool(prepared.older_tokens)
    while True:
        known = _known(tx, prepared, sale) if look else _opted_out(tx, prepared)
        people = _without(prepared.people, known)
        if not people.height:
            return 0, known
        policy_ids = new_ids(people.height)
        chunk_ids = new_ids(-(-people.height // CHUNK_ROWS))
        # Where somebody was being enrolled by another transaction, the index made us wait for its end: look who.
        if many_policies.insert(tx, people, policy_ids, chunk_ids, sale.under):
            break
        look = True
    chunks = list(_chunks(people, policy_ids, chunk_ids))
    _announce(tx, chunks, work, sale, vault=vault, now=now)
    return people.height, known


def _known(tx: Tx, prepared: PreparedPart, sale: Sale) -> dict[bytes, Standing]:
    """Who of these people is covered or opted out, by the current token, also where it is known by an older one."""
    consents = _consents(prepared)
    known = standing.look_up(tx, consents, sale.under)
    for older in prepared.older_tokens:
        found = standing.look_up(tx, dict(zip(older, consents.values(), strict=True)), sale.under)
        known |= {token: found[old] for token, old in zip(consents, older, strict=True) if old in found}
    return known


def _opted_out(tx: Tx, prepared: PreparedPart) -> dict[bytes, Standing]:
    return standing.opted_out(tx, _consents(prepared))


def _consents(prepared: PreparedPart) -> dict[bytes, int]:
    """When each of the people agreed, by token, in their order."""
    people = prepared.people
    return dict(zip(people["person_token"].to_list(), people["consent_given_at"].to_list(), strict=True))


def _without(people: pl.DataFrame, known: Mapping[bytes, Standing]) -> pl.DataFrame:
    if not known:
        return people
    return people.filter(~pl.col("person_token").is_in(pl.Series(list(known), dtype=pl.Binary).implode()))


@dataclass(frozen=True, slots=True)
class _FileChunk:
    """Up to CHUNK_ROWS of the people: what is announced of them, and the records to be sealed."""

    chunk_id: str
    columns: PolicyColumns
    records: list[str]


def _chunks(people: pl.DataFrame, policy_ids: list[bytes], chunk_ids: list[bytes]) -> Iterator[_FileChunk]:
    # Each column becomes a list once, for all chunks: what polars does takes as long for a thousand rows as for ten.
    persons, phones = people["person_token"].to_list(), people["phone_token"].to_list()
    names = people["name_token"].to_list()
    born, records = people["birth_year"].to_list(), people["record"].to_list()
    begins, ends = _moments(people["effective_from"]), _moments(people["effective_to"])
    for number, chunk_id in enumerate(chunk_ids):
        own = slice(number * CHUNK_ROWS, (number + 1) * CHUNK_ROWS)
        columns = PolicyColumns(
            policy_id=b"".join(policy_ids[own]),
            person_token=b"".join(persons[own]),
            phone_token=b"".join(phones[own]),
            birth_year=born[own],
            effective_from=begins if len(begins) == 1 else begins[own],
            effective_to=ends if len(ends) == 1 else ends[own],
            name_token=b"".join(names[own]),
        )
        yield _FileChunk(id_text(chunk_id), columns, records[own])


def _announce(tx: Tx, chunks: list[_FileChunk], work: Work, sale: Sale, *, vault: Vault, now: datetime) -> None:
    """One event and one sealed record for each chunk."""
    event = partial(
        chunk_enrolled, terms=sale.product.terms, partner_id=work.partner_id, batch_id=work.batch_id, now=now
    )
    events = [(event(chunk.chunk_id, chunk.columns), chunk.chunk_id) for chunk in chunks]
    event_ids = outbox.add_many(tx, events, now=now)
    keys = vault.sealer.new_data_keys(tx, len(chunks))
    new = [
        NewChunk(
            chunk_id=chunk.chunk_id,
            batch_id=work.batch_id,
            policies=len(chunk.records),
            under=sale.under,
            enrolled_at=now,
            event_id=event_id,
            sealed=seal_records(key, chunk.chunk_id, chunk.records),
            ends_next=min(chunk.columns.effective_to),
        )
        for chunk, event_id, key in zip(chunks, event_ids, keys, strict=True)
    ]
    add_many(tx, new)


def _moments(column: pl.Series) -> list[datetime]:
    """One for all where they are the same, as the event allows."""
    moments = {value: EPOCH + value * MICROSECOND for value in column.unique()}
    return list(moments.values()) if len(moments) == 1 else [moments[value] for value in column]


def _rejections(prepared: PreparedPart, known: Mapping[bytes, Standing], partner_no: int) -> Iterator[Rejection]:
    for each in prepared.refused:
        yield Rejection(each.line, each.fault, each.partner_reference)
    if known:
        people = prepared.people.select("line", "partner_reference", "person_token")
        for line, reference, token in people.iter_rows():
            if token in known:
                yield Rejection(line, _verdict(known[token], reference, partner_no), reference)
    for line, reference, token, first_reference in prepared.again.iter_rows():
        first = known.get(token) or Standing(opted_out=False, partner_no=partner_no, partner_reference=first_reference)
        yield Rejection(line, _verdict(first, reference, partner_no), reference)


def _verdict(holder: Standing, reference: str, partner_no: int) -> Fault:
    if holder.opted_out:
        return OPTED_OUT
    same = (holder.partner_no, holder.partner_reference) == (partner_no, reference)
    return ALREADY_ENROLLED if same else ALREADY_COVERED


def _pretend(tx: Tx, prepared: PreparedPart, work: Work, sale: Sale) -> tuple[int, Mapping[bytes, Standing]]:
    """What ``_store`` would say; people of this part are remembered for the next ones until the run ends."""
    tokens = prepared.people["person_token"].to_list()
    known = standing.seen_in_dry_run(tx, work.batch_id, tokens, sale.under) | _known(tx, prepared, sale)
    people = _without(prepared.people, known)
    dry_runs.note(tx, work.batch_id, people.select("line", "partner_reference").rows())
    if work.last:
        standing.forget_dry_run(tx, work.batch_id)
    else:
        standing.note_in_dry_run(tx, work.batch_id, people.select("person_token", "partner_reference").rows())
    return people.height, known
