"""What to look at twice stands on the page of a plan, for coordinators."""

from datetime import date
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import transaction
from lcm_service.persistence.tables import Activity, Mission, Need
from tests.web import world

TITLE = "Look twice"


def planned(plan: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A need of the plan with dated training, its label and that of its session."""
    for row in plan.document["assignments"]:
        need, session = plan.labels["needs"][row["need"]], plan.labels["sessions"][row["session"]]
        if session["end"] and session["areas"] and "any" not in session["areas"]:
            return row["need"], need, session
    raise AssertionError("The plan has no dated match.")


def test_a_double_and_a_late_course_are_told_before_publication(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    plan = world.draft_of(world.EXERCISE)
    address = f"/plans/{plan.id}"
    before = coordinator.get(address).text
    reference, need, session = planned(plan)
    with transaction() as rows:
        rows.add(Mission(code="XMIS", name="A made-up mission", ends_on=date(2000, 1, 31)))
        rows.flush()
        rows.query(Need).filter_by(reference=reference).one().mission_code = "XMIS"
        activity = Activity(
            reference="A-DOUBLE", state="planned", title="The same again", areas=session["areas"],
            recipient_code=need["recipient"], provider_as_stated="A friend from outside",
            first_month=date.fromisoformat(session["end"]).replace(day=1),
        )  # fmt: skip
        rows.add(activity)
    page = coordinator.get(address).text
    assert page.count(TITLE) > before.count(TITLE)
    assert "Activity A-DOUBLE" in page
    assert "A friend from outside" in page
    assert "XMIS" in page
    assert "31 Jan 2000" in page
    assert "A-DOUBLE" not in before
