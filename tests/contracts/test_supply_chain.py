"""What the images are made of is listed whole, and a look at what is known against it never takes silence for good."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.supply_chain.__main__ import COULD_NOT_LOOK, app
from deploy.supply_chain.locks import SERVICES, everything, of_image
from deploy.supply_chain.sbom import bill

Answer = Callable[[list[dict[str, Any]]], bytes | None]


@contextmanager
def a_database_of_vulnerabilities(answer: Answer) -> Iterator[str]:
    """A server of OSV's protocol; where ``answer`` gives None it hangs up."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            body = answer(asked)
            if body is not None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def audit(answer: Answer) -> tuple[int, str]:
    with a_database_of_vulnerabilities(answer) as address:
        done = CliRunner().invoke(app, ["audit", "--address", address])
    return done.exit_code, done.output


def results(*of_each: dict[str, Any]) -> bytes:
    return json.dumps({"results": list(of_each)}).encode()


def test_where_nothing_is_known_it_says_of_how_many_and_what_it_did_not_look_at() -> None:
    asked: list[dict[str, Any]] = []

    def answer(queries: list[dict[str, Any]]) -> bytes:
        asked.extend(queries)
        return results(*({} for _ in queries))

    code, said = audit(answer)
    assert (code, len(asked)) == (0, len(everything()))
    assert said.startswith("no vulnerabilities are known")
    assert "Not looked at" in said
    assert {query["package"]["ecosystem"] for query in asked} == {"PyPI", "Maven"}


def test_what_is_known_is_named_from_all_pages() -> None:
    def answer(queries: list[dict[str, Any]]) -> bytes:
        if "page_token" in queries[0]:
            return results({"vulns": [{"id": "GHSA-second-page"}]})
        found = [{"vulns": [{"id": "GHSA-first-page"}], "next_page_token": "2"}, *({} for _ in queries[1:])]
        return results(*found)

    code, said = audit(answer)
    assert code == 1
    assert "GHSA-first-page" in said
    assert "GHSA-second-page" in said
    assert "2 vulnerabilities are known" in said


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: None,
        lambda _: b"",
        lambda _: b"{}",
        lambda _: b"<html>please log in</html>",
        lambda _: b'{"results": null}',
        lambda _: results(),
        lambda queries: results(*({} for _ in queries[1:])),
        lambda queries: results(*({"vulns": [{"name": "without an id"}]} for _ in queries)),
        lambda queries: results(*({"next_page_token": "again"} for _ in queries)),
    ],
    ids=["hangs up", "empty", "no results", "a page", "null", "none", "one too few", "no id", "pages without end"],
)
def test_where_it_could_not_look_it_says_so_and_never_that_none_is_known(answer: Answer) -> None:
    code, said = audit(answer)
    assert code == COULD_NOT_LOOK
    assert "could not look" in said
    assert "are known" not in said


def test_where_nobody_answers_it_could_not_look() -> None:
    done = CliRunner().invoke(app, ["audit", "--address", "http://127.0.0.1:9"])
    assert done.exit_code == COULD_NOT_LOOK
    assert "could not look" in done.output


@pytest.mark.parametrize("service", SERVICES)
def test_the_bill_of_an_image_has_what_its_lock_installs_on_linux_alone(service: str) -> None:
    names = {package.name for package in of_image(service)}
    assert {"flask", "kafka-python", "psycopg2-binary"} <= names or {"flask", "kafka-python", "psycopg2"} <= names
    assert not names & {"colorama", "pytest", "pywin32"}
    made = bill(service)
    refs = {component["bom-ref"] for component in made["components"]}
    assert len(refs) == len(names)
    assert {ref for entry in made["dependencies"] for ref in entry["dependsOn"]} == refs, "each is needed by something"
    for component in made["components"]:
        assert component["properties"], "each file's hash is locked"
    assert bill(service)["serialNumber"] == made["serialNumber"]


def test_make_sbom_writes_a_file_for_each_image(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["sbom", "--folder", str(tmp_path)])
    assert done.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{service}.cdx.json" for service in SERVICES}
