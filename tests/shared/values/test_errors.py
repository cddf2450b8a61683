"""What a caller reads of an error: one fault is said as itself, several are told to look at each."""

from __future__ import annotations

from shared.values.errors import InvalidField, InvalidFields
from shared.web.errors import FieldFault, InvalidRequest

ONE = InvalidField("/insured/phone", "This is no mobile number.", "Send its eleven digits.")
OTHER = InvalidField("/insured/name", "The name is empty.", "Send it as on the document.")


def test_a_fault_alone_is_told_in_its_own_words() -> None:
    told = "This is no mobile number. Send its eleven digits."
    assert InvalidFields((ONE,)).sentence() == told
    assert InvalidRequest((FieldFault(ONE.pointer, ONE.detail, ONE.fix),)).sentence() == told


def test_several_faults_are_told_as_several() -> None:
    faults = [FieldFault(each.pointer, each.detail, each.fix) for each in (ONE, OTHER)]
    assert InvalidFields((ONE, OTHER)).sentence() == "Several fields are not acceptable."
    assert InvalidRequest(tuple(faults)).sentence() == "The request has fields that are not acceptable; see errors."
