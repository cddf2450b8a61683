"""Prints what happened: counts, money, latency, one claim's way, and whether each expectation held."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from deploy.demo import deciding
from deploy.demo.expectations import Expectations
from deploy.demo.filing import PACE, Filed
from deploy.demo.job import Done
from deploy.demo.trace import LogLine, Moment

STATES = ("approved", "review", "documents_requested", "refusal_proposed", "refused")


def tell(console: Console, done: Done, moments: Sequence[Moment], lines: Sequence[LogLine]) -> None:
    """The whole summary but for the last word, which is the expectations'."""
    _enrollment(console, done)
    console.print(_claims(done.filed))
    console.print(_money(done))
    statement = done.settled.statement
    total, settlement = statement["total"], statement["settlement"]
    console.print(
        f"Statement of {statement['month']}: {total['lines']:,} lines, premium {yuan(total['gross_premium_fen'])}, "
        f"the partner keeps {yuan(total['coverholder_commission_fen'])}, net "
        f"{yuan(total['net_premium_to_insurer_fen'])} yuan; recorded by {settlement['recorded_by']}, "
        f"approved by {settlement['decided_by']}"
    )
    p50, p99 = percentile(done.filed, 50), percentile(done.filed, 99)
    console.print(
        f"Submitted to decision durable, {len(done.filed)} claims, {PACE:.0f} a second: "
        f"p50 {milliseconds(p50)}, p99 {milliseconds(p99)}"
    )
    _way(console, moments, lines)


def percentile(filed: Sequence[Filed], percent: int) -> timedelta:
    """Of the time from submission to the first decision; nearest rank."""
    sorted_ = deciding.latencies(filed)
    return sorted_[max(0, -(-len(sorted_) * percent // 100) - 1)]


def milliseconds(span: timedelta) -> str:
    return f"{span / timedelta(milliseconds=1):,.0f} ms"


def yuan(fen: int) -> str:
    return f"{fen / 100:,.2f}"


def _enrollment(console: Console, done: Done) -> None:
    batch = done.enrolled.batch
    console.print(
        f"\nEnrolled {batch['accepted']:,} of {batch['rows_read']:,} rows and one by hand; "
        f"{batch['rejected']} rows rejected, e.g.:"
    )
    for rejection in done.enrolled.rejections[:2]:
        console.print(f"  line {rejection['line']}: {rejection['field']}: {rejection['detail']} {rejection['fix']}")
    metrics = done.trained.model["report"]["metrics"]
    console.print(
        f"Model {done.trained.model['model_id']} on {done.trained.dataset['rows']:,} past claims: "
        f"AUC {metrics['auc']:.3f}, average precision {metrics['average_precision']:.3f}, "
        f"Brier {metrics['brier']:.4f}; it approves alone below {done.trained.approve_below}"
    )


def _claims(filed: Sequence[Filed]) -> Table:
    table = Table(title="Claims as filed, and what the machine decided; then the people", title_justify="left")
    table.add_column("kind")
    table.add_column("filed", justify="right")
    for state in STATES:
        table.add_column(state.replace("_", " "), justify="right")
    by_kind: dict[str, list[Filed]] = defaultdict(list)
    for each in filed:
        by_kind[each.simulated.kind.replace("_", " ")].append(each)
    for kind, claims in sorted(by_kind.items(), key=lambda pair: -len(pair[1])):
        outcomes = Counter(str(each.first_decision["outcome"]) for each in claims)
        table.add_row(kind, str(len(claims)), *(str(outcomes[state] or "") for state in STATES))
    table.add_section()
    first = Counter(str(each.first_decision["outcome"]) for each in filed)
    table.add_row("by the machine", str(len(filed)), *(str(first[state] or "") for state in STATES))
    last = Counter(_after_people(each) for each in filed)
    table.add_row("after the people", str(len(filed)), *(str(last[state] or "") for state in STATES))
    return table


def _after_people(filed: Filed) -> str:
    """What the machine said to a person stands until one decides."""
    return str(filed.first_decision["outcome"]) if filed.state == "in_review" else filed.state


def _money(done: Done) -> Table:
    money = done.paid.money
    table = Table(title="Money, in yuan", title_justify="left")
    for column in ("what", "by whom", "yuan"):
        table.add_column(column, justify="right" if column == "yuan" else "left")
    table.add_row("premium of issued policies", "enrollment", yuan(money.premiums))
    table.add_row("premium income", "ledger", yuan(money.premium_income))
    table.add_section()
    table.add_row("approved", "residents' claims", yuan(money.approved))
    table.add_row("claims expense", "ledger", yuan(money.expense))
    table.add_row("sent out", "bank's own book", yuan(money.bank_out))
    table.add_row("came back", "bank's own book", yuan(money.bank_back))
    table.add_row("paid", "ledger's bank account", yuan(-money.ledger_bank))
    table.add_row("owed: returned, or the bank would not", "ledger", yuan(money.owed))
    return table


def _way(console: Console, moments: Sequence[Moment], lines: Sequence[LogLine]) -> None:
    table = Table(title="One claim's whole way (sandbox time, UTC)", title_justify="left")
    for column in ("when", "where", "what"):
        table.add_column(column, overflow="fold")
    for moment in moments:
        table.add_row(f"{moment.at:%Y-%m-%d %H:%M:%S}", moment.where, moment.what)
    console.print(table)
    if lines:
        console.print("Its trace id in the logs:")
        for line in lines[:14]:
            console.print(f"  {line.process}: {line.event}", highlight=False)


def last_word(console: Console, expectations: Expectations) -> bool:
    """Whether all held; each that did not is printed."""
    total = len(expectations.all)
    if not expectations.broken:
        console.print(f"[bold green]All {total} expectations hold.[/]")
        return True
    console.print(f"[bold red]{len(expectations.broken)} of {total} expectations do not hold:[/]")
    for each in expectations.broken:
        console.print(f"  [red]{each.sentence}[/] ({each.seen})", highlight=False)
    return False
