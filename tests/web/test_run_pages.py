"""The page of a run: how far it is, aim by aim."""

from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Run
from tests.web.test_matching_pages import ROUND, press

FIRST = {"objective": "critical", "value": 11462, "bound": 11462, "seconds": 8.2}
SECOND = {"objective": "reached", "value": None, "bound": 90, "seconds": 12.5}


def row_of(page: str, sentence: str) -> str:
    """The row of a table that begins with a sentence."""
    return page.partition(f">{sentence}</th>")[2].partition("</tr>")[0]


def test_a_run_under_way_shows_what_is_reached_aim_by_aim(at_work: Flask, coordinator: FlaskClient) -> None:
    address = press(coordinator, ROUND, "/match").location
    assert "What is reached so far" not in coordinator.get(address).text
    run = db.session.query(Run).order_by(Run.id.desc()).limit(1).one()
    run.state, run.progress = "running", SECOND | {"aims": [FIRST, SECOND, FIRST | {"objective": "<b>new"}]}
    db.session.commit()
    page = coordinator.get(address).text
    first = row_of(
        page, "Critical needs first: seats for them, shared between the participants that have them"
    )
    assert first.count("11,462") == 2
    assert ">8<" in first
    second = row_of(page, "Participants that get a worthwhile part of what they ask for")
    assert ">–<" in second
    assert ">90<" in second
    assert "&lt;b&gt;new" in page
    assert "<b>new" not in page


def test_progress_without_aims_is_no_broken_page(at_work: Flask, coordinator: FlaskClient) -> None:
    address = press(coordinator, ROUND, "/match").location
    run = db.session.query(Run).order_by(Run.id.desc()).limit(1).one()
    run.state, run.progress = "running", {"stage": "changes"}
    db.session.commit()
    assert coordinator.get(address).status_code == 200
