"""What is sent with each press, as whoever may press would send it, and on which record it is accepted.

So nothing but the permission decides whether a press is refused: where somebody may, `test_writes.py` shows
that the same press is done.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from lcm_service.persistence.database import utc_now
from tests import factories
from tests.walk.names import CLOSED, LIVES, OTHER_DAY, OWNERS, ROUND, SCENES

ROLES: Final = {"need": "recipient", "offer": "provider", "support": "funder"}
NEW_ROUND: Final = {"code": "W-9", "title": "New", "opens_on": "2027-01-01", "closes_on": "2027-02-01"}
NEW_PASSWORD: Final = "a long phrase of seven unlikely words"


@dataclass(frozen=True)
class Press:
    """Who presses on which record (its state), and what goes with it. ``form`` and ``body`` are what a page
    and a program send; what both send alike stands in ``sent``.
    """

    by: str
    state: str = ""
    sent: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    round: str = ""
    # Of other days each reader has a version of its own.
    version: int = 0


def days_from_now(days: int) -> str:
    return (utc_now().date() + timedelta(days=days)).isoformat()


def record_presses(kind: str) -> dict[str, Press]:
    """The presses that every kind of record has, by the name of their routes."""
    area, owner, new = f"{kind}s", ROLES[kind], {"title": "A title"}
    if kind == "support":
        new["kind"] = "venue"
    withdrawal = {"reason": "No longer"}
    note = {"note_reference": "NV/1", "note_date": "2024-02-01"}
    posted = {
        f"{area}.submit": Press(owner, sent=new),
        f"{area}.revise": Press(owner, "returned", new),
        f"{area}.keep_first": Press(owner, sent=new),
        f"{area}.keep_step": Press(owner, "draft", new),
        f"{area}.send": Press(owner, "draft"),
        f"{area}.discard": Press(owner, "draft"),
        f"{area}.withdraw": Press(owner, "circulated", withdrawal),
        f"{area}.renew": Press(owner, "expired", {"expires_on": days_from_now(90)}),
        f"{area}.acknowledge": Press("coordinator", "submitted"),
        f"{area}.authenticate": Press("coordinator", "acknowledged", note),
        f"{area}.circulate": Press("coordinator", "authenticated"),
        f"{area}.give_back": Press("coordinator", "acknowledged", {"questions": "Which unit?"}),
    }
    to = {"round": ROUND, "participant": OWNERS[kind]}
    called = {
        f"api-{area}.submit_{kind}": Press(owner, body=new | to),
        f"api-{area}.revise_{kind}": Press(owner, "returned", body={"title": "A title"}),
        f"api-{area}.submit_draft": Press(owner, "draft"),
        f"api-{area}.discard_draft": Press(owner, "draft"),
        f"api-{area}.withdraw_{kind}": Press(owner, "circulated", withdrawal),
        f"api-{area}.renew_{kind}": Press(owner, "expired", {"expires_on": days_from_now(90)}),
    }
    return posted | called


RECOGNITION: Final = {"seats": 5, "priority": "routine", "reason": "Said so"}
OFFER_PRESSES: Final = {
    "offers.answer_first_questions": Press("provider", "submitted", form={"mode": "online"}),
    "offers.withdraw_session": Press("provider", "submitted"),
    "api-offers.withdraw_session": Press("provider", "submitted", {"reason": "No longer"}),
}
NEED_PRESSES: Final = {
    "needs.recognise": Press("coordinator", "acknowledged", RECOGNITION),
    "needs.recognise_as_asked": Press("coordinator", form={"reference": SCENES["asked"]}),
    "api-needs.recognise_need": Press("coordinator", "acknowledged", RECOGNITION),
}
RECIPIENT: Final = {"side": "recipient"}
PROVIDER: Final = {"side": "provider"}
DAYS: Final = {"starts_on": "2024-04-08", "ends_on": "2024-04-19"}
HELD: Final = {"held_from": "2024-04-08", "held_to": "2024-04-19", "seats_used": 9, "women_used": 1}
OTHER_DAYS: Final = {"starts_on": OTHER_DAY.isoformat()}
FEWER: Final = {"seats": 10, "reason": "costs"}
WHY: Final = {"reason": "dates", "note": "A note"}
MATCH_PRESSES: Final = {
    "matches.consent": Press("recipient", "asked"),
    "matches.confirm": Press("provider", "proposed", PROVIDER),
    "matches.accept_fewer": Press("provider", "proposed", PROVIDER | FEWER),
    "matches.decline": Press("provider", "proposed", PROVIDER | WHY),
    "matches.revive": Press("recipient", "lapsed", RECIPIENT),
    "matches.release": Press("coordinator", "proposed", WHY),
    "deliveries.schedule": Press("provider", "agreed", DAYS),
    "deliveries.report_delivered": Press("recipient", "agreed", RECIPIENT | HELD),
    "deliveries.report_not_delivered": Press("recipient", "agreed", RECIPIENT | {"reason": "costs"}),
    "deliveries.assess": Press("recipient", "delivered", RECIPIENT | {"answer": "yes"}),
    "api-matches.consent_to_match": Press("recipient", "asked"),
    "api-matches.confirm_match": Press("provider", "proposed", PROVIDER),
    "api-matches.accept_fewer_seats": Press("provider", "proposed", PROVIDER | FEWER),
    "api-matches.decline_match": Press("provider", "proposed", PROVIDER | WHY),
    "api-matches.revive_match": Press("recipient", "lapsed", RECIPIENT),
    "api-matches.release_match": Press("coordinator", "proposed", WHY),
    "api-deliveries.schedule_delivery": Press("provider", "agreed", DAYS),
    "api-deliveries.report_delivered": Press("recipient", "agreed", RECIPIENT | HELD),
    "api-deliveries.report_not_delivered": Press("recipient", "agreed", RECIPIENT | {"reason": "costs"}),
    "api-deliveries.assess_delivery": Press("recipient", "delivered", RECIPIENT | {"answer": "yes"}),
    "dates.propose": Press("recipient", "movable", RECIPIENT | OTHER_DAYS),
    "dates.accept": Press("provider", "moving"),
    "dates.refuse": Press("provider", "moving"),
    "dates.withdraw": Press("recipient", "moving", version=2),
    "api-dates.propose_dates": Press("recipient", "movable", RECIPIENT | OTHER_DAYS),
    "api-dates.accept_dates": Press("provider", "moving"),
    "api-dates.refuse_dates": Press("provider", "moving"),
    "api-dates.withdraw_dates": Press("recipient", "moving", version=2),
    "parts.confirm": Press("funder", "asked R-0101"),
    "parts.decline": Press("funder", "asked R-0101", WHY),
    "api-parts.confirm_part": Press("funder", "asked R-0101"),
    "api-parts.decline_part": Press("funder", "asked R-0101", WHY),
}
ROUND_PRESSES: Final = {
    "rounds.open_round": Press("coordinator", form=NEW_ROUND | {"standing": "submitted"}),
    "rounds.match": Press("coordinator", form={"idempotency_key": "pressed-by-the-walk"}),
    "rounds.close": Press("coordinator"),
    "intake.acknowledge": Press("coordinator", form={"chosen": f"need N-{LIVES['submitted']} 1"}),
    "rounds.set_record_weight": Press("coordinator", form={"weight": "10"}),
    "rounds.reopen": Press("coordinator", round=CLOSED),
    "scenarios.compare": Press("coordinator", form={"idempotency_key": "pressed-by-the-walk"}),
    "corrections.correct": Press("coordinator", form={"notice": "Counted wrongly", "together": "1"}),
    "plans.explain": Press("coordinator", "published", form={"idempotency_key": "pressed-by-the-walk"}),
    "plans.put_forward": Press("coordinator", "draft"),
    "plans.approve": Press("approver", "put_forward"),
    "plans.take_back": Press("coordinator", "approved"),
    "plans.discard": Press("coordinator", "draft"),
    "runs.cancel": Press("coordinator", "queued repair"),
    "api-rounds.open_round": Press("coordinator", body=NEW_ROUND),
    "api-rounds.set_policy": Press("coordinator", body={"policy": {}}),
    "api-rounds.close_round": Press("coordinator"),
    "api-rounds.reopen_round": Press("coordinator", round=CLOSED),
    "api-runs.request_run": Press("coordinator"),
    "api-runs.cancel_run": Press("coordinator", "queued repair"),
    "api-plans.put_plan_forward": Press("coordinator", "draft"),
    "api-plans.approve_plan": Press("approver", "put_forward"),
    "api-plans.take_plan_back": Press("coordinator", "approved"),
    "api-plans.discard_plan": Press("coordinator", "draft"),
}
# A row that can be kept and one that cannot, as they are stored.
SHEET: Final = {
    "columns": ["seats_asked", "title"],
    "strange": [],
    "rows": [
        {"row": 4, "cells": {"title": "A need from a sheet", "seats_asked": 7}, "faults": {}},
        {"row": 5, "cells": {"title": "A fault in a sheet", "seats_asked": "ten"}, "faults": {}},
    ],
}
GUIDANCE: Final = {"area": "C-IED", "title": "A manual", "where": "https://example.org/manual"}
WORDING: Final = {"language": "fr", "message": "Start", "form": 0, "text": "Accueil", "version": 0}
ACTIVITY: Final = {"state": "planned", "title": "A title", "provider_code": "XPA"}
PRESENT: Final = {"present_password": factories.PASSWORD}
TOKEN: Final = {"label": "A program", "scope": "read", "days": "9"}
PEOPLE_PRESSES: Final = {
    "activities.record": Press("provider", form=ACTIVITY),
    "api-activities.record_activity": Press("provider", body=ACTIVITY),
    # One that is in the list already is not recorded again.
    "guidance.record": Press("coordinator", form={**GUIDANCE, "title": "Another manual"}),
    "guidance.withdraw": Press("coordinator", form={"reference": "G-0001", "version": 1}),
    "wordings.correct": Press("coordinator", form={**WORDING, "version": 1}),
    "wordings.take_back": Press("coordinator", form={**WORDING, "version": 1}),
    "people.invite": Press("recipient", form={"email": "new@example.org", "name": "New", "language": "en"}),
    "people.withdraw_invitation": Press("recipient", "open"),
    "people.end_access": Press("recipient", "colleague"),
    "people.hand_over": Press("recipient", "colleague"),
    "people.delegate": Press(
        "recipient", "colleague", form={"first_day": days_from_now(1), "last_day": days_from_now(9)}
    ),
    "people.end_delegation": Press("recipient", "colleague"),
    "people.begin_renewal": Press("administrator", "colleague"),
    "sheets.keep": Press("recipient", "open", form={"rows": "4"}),
    "sheets.discard": Press("recipient", "open"),
    "own_account.change_password": Press("recipient", form=PRESENT | {"password": NEW_PASSWORD}),
    "own_account.create_token": Press("recipient", form=PRESENT | TOKEN),
    "own_account.end_other_sign_ins": Press("recipient"),
    "own_account.end_sign_in": Press("recipient", "open"),
    "own_account.take_back_token": Press("recipient", "open"),
    "account.sign_out": Press("recipient"),
}
PRESSES: Final = {
    **record_presses("need"),
    **record_presses("offer"),
    **record_presses("support"),
    **OFFER_PRESSES,
    **NEED_PRESSES,
    **MATCH_PRESSES,
    **ROUND_PRESSES,
    **PEOPLE_PRESSES,
}
# What cannot be pressed here in earnest, and which test does so.
PRESSED_ELSEWHERE: Final = {
    "needs.send_sheet": "web/test_sheets.py: it needs a file",
    "offers.send_sheet": "web/test_sheets.py: the same",
    "supports.send_sheet": "web/test_sheets.py: the same",
    "runs.choose": "service/repair/test_clashes.py: there is no clash in this round",
    "offers.reply": "service/test_course_records.py: a record needs five assessments",
    "figures.freeze": "web/test_figures_pages.py: it needs the courses of three States",
    "start.set_language": "web/test_account.py: nothing is written but a cookie",
    "account.send_sign_in": "web/test_account.py",
    "account.send_code": "web/test_people_pages.py: for who has taken the first step",
    "account.send_set_up": "web/test_people_pages.py: the same",
    "single_sign_on.begin": "web/test_single_sign_on_pages.py: it needs a provider",
    "own_account.set_up_second_factor": "web/test_people_pages.py: it needs a telephone",
    "own_account.renew_recovery_codes": "web/test_people_pages.py: the same",
    "own_account.link": "web/test_single_sign_on_pages.py: it needs a provider",
    "own_account.unlink": "web/test_single_sign_on_pages.py: the same",
    "people.accept_invitation": "web/test_people_pages.py: for who has its address",
    "people.renew_password": "web/test_people_pages.py: the same",
}
