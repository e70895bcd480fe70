"""Every address of the pages, with real records in it: what tests of all pages walk through."""

from flask import Flask

from lcm_service.domain.permissions import SYSTEM, Actor
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import DateProposal, Match, Part, Person, Plan, Run, Sheet
from lcm_service.services import accounts, invitations, renewals, submissions
from tests.web import world

# The later steps of a sign-in are no pages of one who is signed in; people are looked after by leads.
BEFORE_SIGN_IN = {"account.code", "account.set_up", "single_sign_on.answer"}
OF_LEADS = "people"
# What is a participant's own, and no coordinator's.
OF_PARTICIPANTS = "calendar"
# A file, which a browser keeps instead of showing it.
OWN_FILES = {"calendar.file"}
# On which a participant writes a record in steps: its own as well.
WRITING = {
    f"{area}.{page}"
    for area in ("needs", "offers", "supports")
    for page in ("begin", "step", "check", "sent")
}
OF_ADMINISTRATORS = {"people.ask_renewal"}


def page_rules(app: Flask) -> list[tuple[str, str]]:
    """(endpoint, rule) of every page that is read by GET."""
    return sorted(
        (rule.endpoint, rule.rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and rule.endpoint != "static"
        and not rule.rule.startswith("/api")
        and _module_of(app, rule.endpoint).startswith("lcm_service.web.")
    )


def _module_of(app: Flask, endpoint: str) -> str:
    return app.view_functions[endpoint].__module__


def references_of(round_code: str) -> dict[str, str]:
    """One need, offer and support of a round, as the newest plan of it names them."""
    labels = world.draft_of(round_code).labels
    assignment = world.draft_of(round_code).document["assignments"][0]
    return {
        "needs": assignment["need"],
        "offers": labels["sessions"][assignment["session"]]["offer"],
        "supports": min(labels["supports"]),
    }


def addresses_of_lead(app: Flask, lead: Person) -> dict[str, str]:
    """Endpoint -> an address of it, for the pages of a lead focal point, with a colleague and an invitation
    that are made for it.
    """
    colleague = world.make_person(
        "focal_point", lead.participant, email="colleague@example.org", name="Colleague"
    )
    actor = accounts.actor_of(lead)
    _, code = invitations.invite(
        actor, email="new@example.org", name="New colleague", participant_code=actor.participant_code
    )
    renewal = renewals.begin_renewal(SYSTEM, colleague.email)
    codes = {"<invitation_code>": code, "<renewal_code>": renewal, "<row:person_id>": str(colleague.id)}
    found = addresses_of_writing(app, actor)
    for endpoint, rule in page_rules(app):
        own = {OF_LEADS, OF_PARTICIPANTS, "own_account"}
        if endpoint.partition(".")[0] in own and endpoint not in OF_ADMINISTRATORS | OWN_FILES:
            address = rule
            for name, value in codes.items():
                address = address.replace(name, value)
            found[endpoint] = address
    return found


def addresses_of_writing(app: Flask, actor: Actor) -> dict[str, str]:
    """Endpoint -> an address of it, for the pages on which a participant writes, with what was begun and what
    was sent of each kind.
    """
    found = {}
    for kind in ("need", "offer", "support"):
        least = {"kind": "venue"} if kind == "support" else {}
        begun, sent = (
            submissions.begin_draft(
                actor,
                kind,
                actor.participant_code or "",
                world.EXERCISE,
                {**least, "title": title},
                step="what",
            )
            for title in ("Kept", "To be sent")
        )
        reference = submissions.submit_draft(actor, kind, sent.reference, sent.version).reference
        rules = {endpoint: rule for endpoint, rule in page_rules(app) if endpoint in WRITING}
        for endpoint, rule in rules.items():
            if endpoint.startswith(kind):
                of_record = reference if endpoint.endswith(".sent") else begun.reference
                filled = rule.replace("<code>", world.EXERCISE).replace("<reference>", of_record)
                found[endpoint] = filled.replace("<step>", "what")
    return found


def addresses(app: Flask, round_code: str) -> dict[str, str]:
    """Endpoint -> an address of it, for every page of a coordinator; a published plan that draws on no
    support has no page of a part, one whose sessions nobody would move has none of other dates, and where
    nobody has sent a sheet there is none to look over.
    """
    references = references_of(round_code)
    match_id = db.session.query(Match.id).order_by(Match.id).limit(1).scalar() or 0
    plan = db.session.query(Plan).join(Plan.round).filter_by(code=round_code).order_by(Plan.id.desc()).first()
    part_id = db.session.query(Part.id).filter_by(round_id=plan.round_id).limit(1).scalar() if plan else None
    sheet_key = db.session.query(Sheet.key).limit(1).scalar()
    proposal_id = db.session.query(DateProposal.id).limit(1).scalar()
    run = db.session.query(Run).join(Run.round).filter_by(code=round_code).order_by(Run.id.desc()).first()
    found = {}
    for endpoint, rule in page_rules(app):
        area = endpoint.partition(".")[0]
        if area in {OF_LEADS, OF_PARTICIPANTS} or endpoint in BEFORE_SIGN_IN | WRITING:
            continue
        if "<row:part_id>" in rule and match_id and part_id is None:
            continue
        if "<row:proposal_id>" in rule and proposal_id is None:
            continue
        if "<sheet_key>" in rule and sheet_key is None:
            continue
        filled = (
            rule.replace("<row:proposal_id>", str(proposal_id))
            .replace("<sheet_key>", sheet_key or "")
            .replace("<code>", round_code)
            .replace("<reference>", references.get(area, ""))
        )
        filled = filled.replace("<row:match_id>", str(match_id)).replace("<row:part_id>", str(part_id or 0))
        filled = filled.replace("<row:plan_id>", str(plan.id if plan else 0))
        filled += "?language=fr&message=Start&form=0" if endpoint == "wordings.ask" else ""
        found[endpoint] = filled.replace("<row:run_id>", str(run.id if run else 0))
    return found
