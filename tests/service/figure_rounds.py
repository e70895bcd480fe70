"""A round large enough that something of it can be told: eight States, their needs, their places and a
provider.
"""

from datetime import date
from typing import Any

from sqlalchemy import select

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Assessment, Delivery, Match, Round
from lcm_service.services import rounds
from tests import factories
from tests.service import matching_rounds
from tests.service.held_courses import FIRST, LAST

STATES = tuple(f"XF{letter}" for letter in "ABCDEFGH")
SECRET = "unit-of-the-weak"


def make_round(**columns: Any) -> Round:
    return factories.make_round(opens_on=date(2024, 1, 1), **columns)


def fill(round_: Round, *, subjects: tuple[str, ...] = ("C-IED", "FMA")) -> None:
    """Each State has a need for each subject; of each there is one course that takes half of what each asks,
    and other providers offer the same in a language that suits nobody.
    """
    factories.make_region("X01", names={"en": "Exercise North"})
    for code in STATES:
        factories.make_place(code, regions=["X01", "X11"])
    for area in subjects:
        factories.make_area(area, paragraphs="9; 10" if area == "FMA" else "10 (and preamble)")
        for code in STATES:
            factories.make_need(
                factories.make_participant(code),
                round_,
                areas=[area],
                seats_asked=10,
                title=SECRET,
                earliest=date(2024, 3, 1),
                latest=date(2024, 6, 30),
            )
        days = [{"starts_on": FIRST, "ends_on": LAST}]
        for number in range(5):
            factories.make_offer(
                factories.make_participant(f"XP{'ABCDE'[number]}"),
                round_,
                sessions=days,
                areas=[area],
                seats=40,
                max_per_recipient=5,
                languages=["ru"] if number else ["en"],
                min_seats=1,
                title=SECRET,
                visibility_consent=True,
            )


def publish(round_: Round) -> Any:
    """Match the round and publish what comes of it; nobody has answered yet."""
    actor = matching_rounds.coordinator()
    return matching_rounds.publish(actor, matching_rounds.solve_round(actor, round_), put=False)


def hold_courses(round_: Round, *, most: int | None = None) -> None:
    """So many matches of a round were agreed and held with five seats, two of them for women; all where none
    is said. The rows are written as they are after all presses, which have tests of their own.
    """
    query = select(Match).where(Match.round_id == round_.id).order_by(Match.id)
    for match in db.session.scalars(query).all()[:most]:
        match.state = "agreed"
        match.delivery = Delivery(
            state="delivered", held_from=FIRST, held_to=LAST, seats_used=5, women_used=2
        )
    db.session.commit()


def say_gaps_are_closed(round_: Round) -> None:
    """Every recipient says that its gap was closed."""
    for match in db.session.scalars(select(Match).where(Match.round_id == round_.id)):
        match.delivery.assessments.append(Assessment(side="recipient", answer="yes"))
    db.session.commit()


def close(round_: Round) -> Round:
    return rounds.close_round(matching_rounds.coordinator(), round_.code)
