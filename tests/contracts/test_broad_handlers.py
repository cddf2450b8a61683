"""``except Exception`` stands in few places, each with its reason here; everywhere else an error goes on up.

Inside an application the WSGI edge needs none: Flask gives what nobody answered to shared.web.problems.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.contracts.services_known import ROOT

# A fault that the place knows how to answer for; what it means to the rest stands beside it.
ANSWERED: Final = {
    "shared/messaging/consumer.py:SubscriptionRunner._work_off": "a batch with a bad event is done again one by one",
    "shared/messaging/worker.py:_thread.guarded": "the end of a thread becomes the end of the process",
    "shared/server/connection.py:Connection.ready": "the WSGI edge: the client is told, and the worker goes on",
    "shared/web/application.py:Application.wsgi_app": "the WSGI edge: a problem for the client, a trace for the log",
    "shared/web/group_commit.py:GroupCommit._lead": "a group of several that failed is done again one by one",
    "shared/courier/post.py:Courier.post": "whatever a partner's server provokes is that attempt's failure; bugs go on",
    "shared/entry/unreachable.py:Commands.invoke": "a command says what is away in one line; all else goes on up",
    "services/enrollment/files/worker.py:loading.load": "a file that breaks the program is given up in the end",
    "services/enrollment/files/usecases/pick_up_files.py:Pickups.run": "a bug at one place keeps no other waiting",
    "services/enrollment/files/usecases/pick_up_files.py:Pickups._try": "a file is tried so often and then rejected",
    "services/enrollment/files/usecases/pick_up_files.py:Pickups._answer_next": "the answer is written again later",
    "services/fraud_detection/decisions/usecases/opinions.py:ask": "scorer down means review: no payment, no loss",
    "services/fraud_detection/decisions/usecases/opinions.py:_scored": "and what breaks it is found one by one",
}
# Something is put in order and the error goes on, whichever it is.
RAISED_AGAIN: Final = {
    "shared/db/pool.py:Database.lend": "the place in the pool is given back",
    "shared/db/pool.py:_Transaction.__exit__": "a connection that could not end its transaction is closed",
    "shared/messaging/consumer.py:SubscriptionRunner._take_or_set_aside": "the event that ends the process is named",
    "shared/messaging/jobs.py:repeating.repeat": "a crash of a job is counted",
    "shared/web/uploads.py:Upload.receive": "the file on disk is closed",
    "services/enrollment/files/intake/parquet_file.py:ParquetFile.__init__": "the file on disk is closed",
    "services/enrollment/files/intake/parquet_file.py:_spooled": "the file on disk is closed",
    "services/enrollment/files/intake/pickup_places.py:Place.write": "half a file is not left at a partner's place",
    "services/fraud_detection/evidence/objects/object_store.py:ObjectStore.put": "half a file is not left in the store",
    "deploy/local/stack.py:Stack.start": "half a stack is taken down",
}


def broad_handlers() -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Each handler of every error in what runs, with its file and function."""
    for top in ("services", "shared", "deploy"):
        for path in sorted((ROOT / top).rglob("*.py")):
            yield from _within(ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT), ())


def _within(node: ast.AST, path: Path, names: tuple[str, ...]) -> Iterator[tuple[str, ast.ExceptHandler]]:
    for child in ast.iter_child_nodes(node):
        inner = (*names, child.name) if isinstance(child, ast.FunctionDef | ast.ClassDef) else names
        if isinstance(child, ast.ExceptHandler) and _takes_everything(child):
            yield f"{path.as_posix()}:{'.'.join(inner)}", child
        yield from _within(child, path, inner)


def _takes_everything(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(
        isinstance(part, ast.Name) and part.id in {"Exception", "BaseException"} for part in ast.walk(handler.type)
    )


def test_each_handler_of_every_error_stands_in_the_list_with_its_reason() -> None:
    assert {place for place, _ in broad_handlers()} == {*ANSWERED, *RAISED_AGAIN}


def test_what_says_that_it_raises_again_does_so_on_every_way() -> None:
    for place, handler in broad_handlers():
        if place in RAISED_AGAIN:
            last = handler.body[-1]
            assert isinstance(last, ast.Raise), place
            assert last.exc is None, place
            left = [each for each in ast.walk(handler) if isinstance(each, ast.Return | ast.Continue | ast.Break)]
            assert not left, f"{place} can be left without raising"


def test_nothing_passes_over_every_error_without_a_word() -> None:
    for top in ("services", "shared", "deploy"):
        for path in (ROOT / top).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "suppress(Exception" not in text, path
            assert "suppress(BaseException" not in text, path
