"""A report as one HTML file that opens anywhere: headings, sentences, tables and plots, with nothing to fetch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

STYLE: Final = """
body{font:15px/1.5 system-ui,"Noto Sans SC",sans-serif;color:#1b1f24;max-width:1000px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;border-bottom:1px solid #d0d7de;margin-top:2rem}
table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.2rem .7rem;border-bottom:1px solid #e4e8ec;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}.warning{border-left:4px solid #c4521b;padding-left:.8rem}
svg{width:460px;max-width:100%;font-size:11px;fill:#1b1f24}svg .grid{stroke:#e4e8ec}
.plots{display:flex;flex-wrap:wrap;gap:1rem}
""".strip()


def page(title: str, sections: Iterable[str]) -> str:
    """The whole file; its policy forbids a browser to fetch anything for it."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"{''.join(sections)}</body></html>\n"
    )


def section(heading: str, *parts: str) -> str:
    """A heading and what stands below it, already HTML."""
    return f"<h2>{escape(heading)}</h2>{''.join(parts)}"


def sentence(text: str, *, warning: bool = False) -> str:
    """A paragraph of plain text."""
    opened = '<p class="warning">' if warning else "<p>"
    return f"{opened}{escape(text)}</p>"


def plots(*drawn: str) -> str:
    """SVGs side by side where there is room."""
    return f'<div class="plots">{"".join(drawn)}</div>'


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; numbers stand to the right, None is a dash."""
    head = "".join(f"<th>{escape(each)}</th>" for each in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    match value:
        case None:
            return "<td>–</td>"
        case bool():
            return f"<td>{'yes' if value else 'no'}</td>"
        case int():
            return f'<td class="n">{value:,}</td>'
        case float():
            return f'<td class="n">{value:.4f}</td>'
        case _:
            return f"<td>{escape(str(value))}</td>"
