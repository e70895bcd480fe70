"""What others do in secret, as changes of the walk's world, each with those whom it does not concern.

Numbers on pages, totals and lengths of lists, exports and what would help: if any of it counts what a reader
may not know of, the reader reads something else after such a change.
"""

from collections.abc import Callable
from typing import Any, Final

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Round
from lcm_service.services import (
    assessments,
    decisions,
    explanations,
    invitations,
    matching,
    publication,
    publish_gate,
    scenarios,
    submissions,
    tokens,
)
from tests.service import matching_rounds
from tests.walk import records
from tests.walk.names import (
    CO_RECIPIENTS,
    KINDS,
    LETTERS,
    OTHER_MATCH,
    OWNERS,
    ROLE_OF_OWNER,
    ROUND,
    SCENES,
    actor,
    match_of,
)

OUTSIDERS: Final = ("observer", "administrator", "stranger")


def others_need_more() -> None:
    """A State that has nothing to do with the readers submits needs of every size and subject, changes and
    withdraws some, keeps drafts, makes a token, and declines the match that it has.
    """
    round_, who = db.session.query(Round).filter_by(code=ROUND).one(), actor("other")
    for number, state in enumerate((*SCENES, *SCENES)):
        columns = {"seats_asked": 5 + number, "women": number % 3, "seats_recognised": None}
        reference = f"N-08{number:02}"
        records.make_need(reference, round_, records.subject_of(state), owner="XUN", **columns)
        if number % 3 == 0:
            submissions.withdraw_need(who, reference, 1, "No longer")
        elif number % 3 == 1:
            submissions.revise_need(who, reference, {"seats_asked": 99, "languages": None}, 1)
    for kind in KINDS:
        more = {"kind": "venue"} if kind == "support" else {}
        submissions.save_draft(who, kind, "XUN", ROUND, {"title": "Kept", **more})
    tokens.create_own_token(who, "Another", 9)
    invitations.invite(who, email="theirs@example.org", name="Theirs", participant_code="XUN")
    match = match_of(OTHER_MATCH)
    decisions.decline_match(who, match.id, "recipient", "dates", match.version, "Kept to ourselves")


def the_recipient_keeps_to_itself() -> None:
    """The recipient declines what nobody else knows of, says something else of a course, states more
    needs.
    """
    who, asked, grown = actor("recipient"), match_of(SCENES["asked"]), match_of(SCENES["grown"])
    for match in (asked, grown):
        decisions.decline_match(who, match.id, "recipient", "dates", match.version, "Kept to ourselves")
    held = match_of(SCENES["delivered"])
    assessments.assess_delivery(who, held.id, "recipient", "yes", held.version, "Something else")
    submissions.submit_need(who, "XRA", ROUND, {"title": "One more", "seats_asked": 70, "areas": ["S-MET"]})
    submissions.save_draft(who, "need", "XRA", ROUND, {"title": "One more draft"})
    submissions.revise_need(who, "N-0201", {"seats_asked": 70, "detail": "Another detail"}, 1)


def coordinators_work_inside() -> None:
    """Coordinators match anew, put the plan forward and take it back, put drafts aside, compare scenarios,
    look for what would help, acknowledge nothing.
    """
    who = actor("coordinator")
    matching_rounds.solve_waiting_runs()
    run = matching.request_run(who, ROUND, idempotency_key="inside")
    matching_rounds.solve_waiting_runs()
    plan = matching_rounds.plan_of(who, matching.find_run(who, run.id))
    plan = publish_gate.put_plan_forward(who, plan.id, plan.version)
    plan = publish_gate.take_plan_back(who, plan.id, plan.version)
    explanations.request_explanation(who, plan.id, idempotency_key="inside-2")
    scenarios.request_comparison(who, ROUND, idempotency_key="inside-3")
    matching_rounds.solve_waiting_runs()
    publication.discard_plan(who, plan.id, plan.version)


def a_co_recipient_leaves() -> None:
    """One of two recipients of a session that is not agreed yet declines: the other is not to know of it."""
    match = match_of(CO_RECIPIENTS["waiting"])
    who = actor("co_recipient")
    decisions.decline_match(who, match.id, "recipient", "dates", match.version, "Kept to ourselves")


def drafts_are_kept() -> None:
    """A provider and a funder keep drafts of an offer and a support."""
    for kind in ("offer", "support"):
        more = {"kind": "venue"} if kind == "support" else {}
        who = actor(ROLE_OF_OWNER[kind])
        submissions.save_draft(who, kind, OWNERS[kind], ROUND, {"title": "Kept", **more})


def an_offer_is_not_for_outside() -> None:
    """An offer and a support are there that observers do not see."""
    round_ = db.session.query(Round).filter_by(code=ROUND).one()
    for kind in ("offer", "support"):
        reference = f"{LETTERS[kind]}-0899"
        records.make_left_over(kind, reference, round_, "Not for outside")
        records.set_columns(kind, reference, visibility_consent=False)


# The change, and who reads the same before and after it; those first who are nearest to what is changed.
CHANGES: Final[dict[str, tuple[Callable[[], Any], tuple[str, ...]]]] = {
    "others need more": (
        others_need_more,
        ("recipient", "provider", "funder", "co_recipient", "host", "observer", "stranger"),
    ),
    "the recipient keeps to itself": (
        the_recipient_keeps_to_itself,
        ("provider", "co_recipient", "funder", "host", "other", "other_provider", *OUTSIDERS),
    ),
    "coordinators work inside": (
        coordinators_work_inside,
        ("recipient", "provider", "observer", "funder", "other", "stranger", "administrator"),
    ),
    "a co-recipient leaves": (
        a_co_recipient_leaves,
        ("recipient", "funder", "other", "host", "other_provider", *OUTSIDERS),
    ),
    "drafts are kept": (
        drafts_are_kept,
        ("recipient", "other_provider", "coordinator", "co_recipient", "host", "other", *OUTSIDERS),
    ),
    "an offer is not for outside": (an_offer_is_not_for_outside, OUTSIDERS),
}
