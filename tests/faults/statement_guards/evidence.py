"""Of files of evidence: what keeps them sealed, whole, unseen by whom they are not for, and forgotten in the end."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_WING: Final = "services/fraud_detection/evidence"
_STREAM: Final = f"{_WING}/objects/sealed_stream.py"
_OBJECTS: Final = f"{_WING}/store/objects.py"
_SHOWING: Final = f"{_WING}/usecases/show_file.py"
_RULES: Final = "tests/rules/fraud_detection/evidence"
_TESTS: Final = "tests/services/fraud_detection/evidence"
_SEALED: Final = (f"{_RULES}/test_sealed_stream.py",)
_READING: Final = (f"{_RULES}/test_reading.py",)
_LINKS: Final = (f"{_TESTS}/test_links.py",)
_HALF_WAY: Final = (f"{_TESTS}/test_left_half_way.py",)
_FORGETTING: Final = (f"{_TESTS}/test_forgetting.py",)

GUARDS: Final = (
    Guard(
        "a file that was cut off is noticed",
        _STREAM,
        "+ bytes([last])",
        "+ bytes([0])",
        _SEALED,
    ),
    Guard(
        "pieces of a file that were swapped are noticed",
        _STREAM,
        "return number.to_bytes(_COUNTER_BYTES)",
        "return (number * 0).to_bytes(_COUNTER_BYTES)",
        _SEALED,
    ),
    Guard(
        "a picture has its pixels alone",
        f"{_WING}/decoding/views.py",
        'bare = Image.new("RGB", size, "white")',
        'bare = page.convert("RGB")',
        (f"{_TESTS}/test_what_reviewers_see.py",),
    ),
    Guard(
        "a picture of too many pixels is not decoded",
        f"{_WING}/decoding/raster.py",
        "if self._image.width * self._image.height > MOST_PIXELS:",
        "if False:",
        _READING,
    ),
    Guard(
        "a reader that takes too long is no reader that was ended from outside",
        "shared/process/confined.py",
        "(cpu_seconds, cpu_seconds + _GRACE_SECONDS)",
        "(cpu_seconds, cpu_seconds)",
        _READING,
    ),
    Guard(
        "a file by which its reader is ended is tried so often and then given up",
        f"{_WING}/usecases/prepare_files.py",
        "counts=isinstance(error, ReaderStopped)",
        "counts=False",
        _HALF_WAY,
    ),
    Guard("a link is over after some minutes", _SHOWING, "if wall_now() >= link.expires_at:", "if False:", _LINKS),
    Guard(
        "each time that a link is followed is kept",
        _SHOWING,
        '    _tell(tx, link, "evidence.opened", reason=None, now=now)\n',
        "",
        _LINKS,
    ),
    Guard(
        "a file that the scanner knows is handed to nobody",
        _SHOWING,
        'if file.state == "infected":',
        "if False:",
        (f"{_TESTS}/test_scanning.py",),
    ),
    Guard(
        "a channel sees its own files alone",
        f"{_WING}/api/evidence.py",
        "if file is None or file.tenant != call.caller.tenant:",
        "if file is None:",
        (f"{_TESTS}/test_files.py",),
    ),
    Guard(
        "an object that was given up is not referred to",
        _OBJECTS,
        "WHERE evidence_objects.object_id = given.object_id AND state = 'staged'",
        "WHERE evidence_objects.object_id = given.object_id",
        _HALF_WAY,
    ),
    Guard(
        "an object that somebody may still be writing is not swept",
        _OBJECTS,
        "(state = 'staged' AND since < %s)",
        "(state = 'staged' AND since < %s + interval '1 day')",
        _HALF_WAY,
    ),
    Guard(
        "an open claim keeps its files although its person was erased",
        f"{_WING}/store/forgetting.py",
        "WHERE policy_id = ANY(%s::uuid[]) AND nothing_open",
        "WHERE policy_id = ANY(%s::uuid[])",
        _FORGETTING,
    ),
    Guard(
        "a file that somebody else claims with too is not forgotten",
        f"{_WING}/store/forgetting.py",
        "_drop(tx, tx.all(_HELD_BY_NOBODY, (locked,), into=EvidenceId), now=wall_now())",
        "_drop(tx, locked, now=wall_now())",
        _FORGETTING,
    ),
    Guard(
        "an erased person's files are forgotten",
        "services/fraud_detection/erasure/usecases/erase_policies.py",
        "(claims, erased_policies, decisions, evidence, notes, proposals, undoable)",
        "(claims, erased_policies, decisions, notes, proposals, undoable)",
        _FORGETTING,
    ),
)
