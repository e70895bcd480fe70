"""What leaves the service carries its round's standing, and holds no more than its reader may read."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import NotAllowed, NotFound
from lcm_service.domain.standing import NOTICES
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent
from lcm_service.reports.tables import write_csv
from lcm_service.services import exports
from optimizer import read_plan, read_problem, verify
from tests import factories
from tests.service import matching_rounds as rounds

PROJECT = Path(__file__).resolve().parents[2]


class Scene:
    """Two needs in one session of one offer, published; a third is left without."""

    def __init__(self, **round_columns):
        self.coordinator = rounds.coordinator()
        self.round = factories.make_round(**round_columns)
        self.own = factories.make_need(
            round=self.round, title="Ours", seats_asked=12, priority_asked="critical"
        )
        self.other = factories.make_need(round=self.round, title="=SUM(1)", seats_asked=18)
        self.left = factories.make_need(round=self.round, title="Left out", areas=["MED"])
        self.offer = factories.make_offer(round=self.round, title="=cmd|' /C calc'!A0")
        self.plan = rounds.publish(
            self.coordinator, rounds.solve_round(self.coordinator, self.round, time_limit_seconds=60)
        )
        self.recipient = factories.make_actor("focal_point", self.own.participant)
        self.provider = factories.make_actor("focal_point", self.offer.participant)


@pytest.fixture
def scene(app):
    return Scene()


@pytest.mark.parametrize("standing", ["submitted", "public_sources", "exercise"])
def test_every_export_says_where_its_records_come_from(app, standing):
    scene = Scene(standing=standing)
    for document in (
        exports.export_plan(scene.coordinator, scene.plan.id),
        exports.export_plan(scene.recipient, scene.plan.id),
        exports.export_problem(scene.coordinator, scene.plan.id),
    ):
        assert (document["standing"], document["notice"]) == (standing, NOTICES[standing])
    for row in exports.export_plan_rows(scene.recipient, scene.plan.id):
        assert row["notice"] == NOTICES[standing]


def test_the_notices_say_what_they_must():
    sources = NOTICES["public_sources"]
    for words in (
        "taken from public sources",
        "not submitted to the mechanism",
        "not confirmed by the State named",
    ):
        assert words in sources
    assert "EXERCISE" in NOTICES["exercise"]


def test_a_coordinator_exports_the_plan_exactly_as_it_is_stored(scene):
    found = exports.export_plan(scene.coordinator, scene.plan.id)
    assert found["format"] == "lcm-plan-export/1"
    assert found["plan"] == scene.plan.document
    assert found["plan"]["format"] == "lcm-plan/1"
    assert found["labels"] == scene.plan.labels
    assert (found["plan_number"], found["state"]) == (1, "published")
    assert json.loads(json.dumps(found)) == found


def test_an_exported_problem_and_plan_are_checked_by_anyone_with_the_optimizer(scene, tmp_path):
    problem = exports.export_problem(scene.coordinator, scene.plan.id)["problem"]
    plan = exports.export_plan(scene.coordinator, scene.plan.id)["plan"]
    assert verify(read_problem(problem), read_plan(plan)).ok
    for name, document in (("problem", problem), ("plan", plan)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "optimizer",
            "verify",
            str(tmp_path / "problem.json"),
            str(tmp_path / "plan.json"),
        ],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )


def test_a_focal_point_exports_its_own_rows_alone(scene):
    found = exports.export_plan(scene.recipient, scene.plan.id)
    assert found["extract_for"] == scene.own.participant.code
    read_plan(found["plan"])
    assert {row["need"] for row in found["plan"]["assignments"]} == {scene.own.reference}
    text = json.dumps([found, exports.export_plan_rows(scene.recipient, scene.plan.id)])
    for hidden in (scene.other, scene.left):
        assert hidden.reference not in text
        assert hidden.participant.code not in text
        assert hidden.title not in text
    assert "MED" not in text
    # By the hash of the whole problem one could prove a guess; the time tells how large the problem is.
    assert scene.plan.problem_sha256 not in text
    assert (found["plan"]["solver"], found["plan"]["objectives"], found["plan"]["clash"]) == (None, [], None)


def test_a_provider_exports_who_comes_to_its_sessions_and_nothing_else_of_them(scene):
    text = json.dumps(
        [
            exports.export_plan(scene.provider, scene.plan.id),
            exports.export_plan_rows(scene.provider, scene.plan.id),
        ]
    )
    assert scene.own.reference in text
    assert scene.other.reference in text
    for hidden in ("Ours", "SUM(1)", "Left out", "critical", scene.left.reference):
        assert hidden not in text


def test_drafts_and_problems_are_for_coordinators_and_observers_export_nothing(scene):
    scene.coordinator = rounds.coordinator()
    draft = rounds.plan_of(scene.coordinator, rounds.solve_round(scene.coordinator, scene.round))
    for export in (exports.export_plan, exports.export_plan_rows):
        with pytest.raises(NotFound):
            export(scene.recipient, draft.id)
        with pytest.raises(NotFound):
            export(scene.recipient, 10**6)
        for role in ("observer", "administrator"):
            with pytest.raises(NotAllowed):
                export(factories.make_actor(role), scene.plan.id)
    for actor in (scene.recipient, scene.provider, factories.make_actor("observer")):
        with pytest.raises(NotAllowed):
            exports.export_problem(actor, scene.plan.id)
    assert exports.export_plan(scene.coordinator, draft.id)["state"] == "draft"


def test_rows_name_places_given_and_needs_that_are_short(scene):
    rows = exports.export_plan_rows(scene.coordinator, scene.plan.id)
    assert [row["row"] for row in rows] == ["placed", "placed", "short"]
    assert rows[-1]["need"] == scene.left.reference
    assert rows[-1]["reason"] == "no_session"
    assert sum(row["seats"] for row in rows if row["row"] == "placed") == 30
    assert all(tuple(row) == exports.COLUMNS for row in rows)


def test_rows_tell_seats_that_nobody_stated_from_seats_that_were_asked_for(app):
    coordinator, round_ = rounds.coordinator(), factories.make_round()
    stated = factories.make_need(round=round_, seats_asked=12)
    silent = factories.make_need(round=round_, seats_asked=None)
    offer = factories.make_offer(round=round_)
    plan = rounds.publish(coordinator, rounds.solve_round(coordinator, round_))
    provider = factories.make_actor("focal_point", offer.participant)
    for reader in (coordinator, provider):
        rows = exports.export_plan_rows(reader, plan.id)
        assumed = {row["need"]: row["seats_assumed"] for row in rows if row["row"] == "placed"}
        assert assumed == {stated.reference: "no", silent.reference: "yes"}
        assert {row["seats_assumed"] for row in rows if row["row"] == "short"} <= {None}


def test_a_table_opened_in_a_spreadsheet_runs_nothing(scene):
    text = write_csv(exports.COLUMNS, exports.export_plan_rows(scene.coordinator, scene.plan.id))
    read = list(csv.DictReader(io.StringIO(text)))
    assert {row["title"] for row in read if row["title"]} == {"'=cmd|' /C calc'!A0"}
    assert all(row["notice"] for row in read)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "  ="])
def test_text_that_a_spreadsheet_would_run_is_made_text(start):
    written = write_csv(["cell"], [{"cell": f"{start}1+1"}])
    ((_, cell),) = zip(*list(csv.reader(io.StringIO(written, newline=""))), strict=True)
    assert cell == f"'{start}1+1"


def test_numbers_and_unknown_values_are_written_as_they_are():
    written = write_csv(["a", "b", "c", "d"], [{"a": -3, "b": None, "c": "plain, quoted", "d": True}])
    assert written == 'a,b,c,d\r\n-3,,"plain, quoted",yes\r\n'


def test_every_export_leaves_an_event_and_a_refused_one_leaves_none(scene):
    exports.export_plan(scene.recipient, scene.plan.id)
    exports.export_plan_rows(scene.coordinator, scene.plan.id)
    exports.export_problem(scene.coordinator, scene.plan.id)
    with pytest.raises(NotAllowed):
        exports.export_plan(factories.make_actor("observer"), scene.plan.id)
    query = select(AuditEvent).where(AuditEvent.action == "export").order_by(AuditEvent.id)
    assert [(one.actor_id, one.facts["form"]) for one in db.session.scalars(query)] == [
        (scene.recipient.person_id, "json"),
        (scene.coordinator.person_id, "csv"),
        (scene.coordinator.person_id, "problem"),
    ]
