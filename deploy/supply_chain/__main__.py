"""``python -m deploy.supply_chain sbom|audit``: only words and exit codes; the work is sbom's and audit's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.supply_chain import audit as audits
from deploy.supply_chain.locks import SERVICES, everything
from deploy.supply_chain.sbom import bill

FOUND: Final = 1
COULD_NOT_LOOK: Final = 69
"""EX_UNAVAILABLE of sysexits.h."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def sbom(folder: Path = Path("build/sbom")) -> None:
    """Write a bill of materials of each image, as CycloneDX 1.6."""
    folder.mkdir(parents=True, exist_ok=True)
    for service in SERVICES:
        made = bill(service)
        path = folder / f"{service}.cdx.json"
        path.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        typer.echo(f"{path}: {len(made['components'])} packages")


@app.command()
def audit(
    address: Annotated[str, typer.Option(envvar="AUDIT_URL", help="A server of OSV's protocol.")] = audits.ADDRESS,
) -> None:
    """Say which vulnerabilities are known of what is locked; exit code 1 if there are, 69 if it could not look."""
    packages = everything()
    try:
        known = audits.look(packages, address)
    except audits.CouldNotLook as error:
        typer.echo(f"could not look: {error}. Nothing is known about {len(packages)} locked packages.", err=True)
        raise typer.Exit(COULD_NOT_LOOK) from None
    for each in known:
        typer.echo(f"{each.package.ecosystem}  {each.package.name} {each.package.version}  {each.id}")
    typer.echo(
        f"{len(known) or 'no'} vulnerabilities are known to {address} of {len(packages)} locked packages."
        " Not looked at: what base images bring (Debian, Python, PostgreSQL, Kafka); scan images where they are built."
    )
    raise typer.Exit(FOUND if known else 0)


if __name__ == "__main__":
    app()
