"""Everything that happened to a claim, over HTTP and on the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

from typer import Typer
from typer.testing import CliRunner

from deploy.local.places import CHECKOUT
from services.fraud_detection.reviews.tools import add_commands
from shared.process.new_ids import new_id
from shared.values.money import Fen
from tests.services.fraud_detection.builders import NOW, Caller, World, champion
from tests.services.fraud_detection.claims.test_life_of_a_claim import payout
from tests.services.fraud_detection.transfers.test_police import paper
from tests.services.fraud_detection.transfers.test_transfers import transfer

Callers = Callable[[str], Caller]


def decided(world: World) -> str:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    world.review(claim.claim_id, "refuse")
    return claim.claim_id


def test_a_trace_tells_cover_loss_features_score_people_and_steps_in_times_order(world: World, caller: Callers) -> None:
    claim_id = decided(world)
    told = caller("reviewer-li").get(f"/v1/claims/{claim_id}/trace").json
    assert told["state"] == "refused"
    what = [each["what"] for each in told["happened"]]
    assert what[:4] == ["cover_begins", "loss_happened", "loss_discovered", "loss_reported"]
    assert set(what[4:]) == {
        "evidence_added",
        "features_computed",
        "scored",
        "decided:review",
        "decided:refused",
        "step",
    }
    by = {each["by"] for each in told["happened"] if each["what"].startswith("decided:")}
    assert by == {"rules_and_model", "reviewer-li"}
    assert all(before["at"] <= after["at"] for before, after in pairwise(told["happened"]))
    assert "与条款不符" not in str(told), "what a person wrote is for the resident and the case"


def test_a_trace_tells_each_transfer_each_paper_and_each_payout(world: World, caller: Callers) -> None:
    claim = world.file(
        world.covered(),
        transfers=(transfer("R-1", yuan=3_000), transfer("R-2", minutes=30, yuan=2_000, refunded_fen=Fen(10_000))),
        amount_fen=None,
        police=(paper(),),
    )
    assert world.decide(claim) == "approved"
    payout(world, claim, "rejected", payout_id="0190163d-0000-7000-8000-000000000001", version=2)
    payout(world, claim, "scheduled", payout_id="0190163d-0000-7000-8000-000000000002", version=1)
    told = caller("reviewer-li").get(f"/v1/claims/{claim.claim_id}/trace").json["happened"]
    made = [each["details"] for each in told if each["what"] == "transfer_made"]
    assert [(each["amount_fen"], each["refunded_fen"], each["place"]) for each in made] == [
        (300_000, 0, "own"),
        (200_000, 10_000, "own"),
    ]
    papers = [each["details"] for each in told if each["what"] == f"police_paper:{paper().kind}"]
    assert papers == [{"issued_on": paper().issued_on.isoformat(), "scam_type": None}]
    assert [each["what"] for each in told if each["source"] == "payout.payouts.v1"] == [
        "payout_rejected",
        "payout_scheduled",
    ]
    assert "R-1" not in str(told), "what a bank calls a transfer is the case's to show"


def test_a_claim_of_nobody_has_no_trace_and_a_channel_sees_none(world: World, caller: Callers) -> None:
    claim_id = decided(world)
    unknown = "0190163d-8694-739b-aea5-966c26f8ad92"
    assert caller("reviewer-li").get(f"/v1/claims/{unknown}/trace").status_code == 404
    assert caller("mobile-backend").get(f"/v1/claims/{claim_id}/trace").status_code == 403


def test_the_command_shows_it_as_lines(world: World, environ: dict[str, str]) -> None:
    claim_id = decided(world)
    command = [sys.executable, "-m", "services.fraud_detection", "trace", claim_id]
    told = subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=True).stdout
    lines = told.splitlines()
    assert lines[0] == f"claim {claim_id} is refused"
    assert any(f"{NOW:%Y-%m-%d %H:%M:%S} claims" in line and "decided:refused by reviewer-li" in line for line in lines)


def test_the_command_says_that_there_is_no_such_claim(environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "services.fraud_detection", "trace", "0190163d-8694-739b-aea5-966c26f8ad92"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, "There is no claim" in done.stderr) == (1, True)


def test_on_the_command_line_what_is_no_id_is_said_to_be_none(world: World) -> None:
    cli = Typer()
    add_commands(cli, lambda: world.database)
    for asked, said in (("nonsense", "'nonsense' is no claim's id"), (new_id(), "There is no claim")):
        ran = CliRunner().invoke(cli, [asked])
        assert (ran.exit_code, ran.output.count("\n")) == (1, 1)
        assert said in ran.output
