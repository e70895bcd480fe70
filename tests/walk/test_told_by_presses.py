"""A record on which a plan counts in secret answers to its owner as one on which nothing counts.

A provider does not know that a recipient is asked about its session, nor an owner that its support is set
aside; what they press on such a record, and what they are told, is the same as on another.
"""

import pytest
from sqlalchemy import select

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, OutboxMessage, Part
from tests.walk.asking import READS, WRITES, Walk, plain
from tests.walk.cases import Case
from tests.walk.names import ROLE_OF_OWNER, TWINS, participant_id
from tests.walk.presses import PRESSES

PRESSED = [
    (kind, endpoint)
    for kind, role in ROLE_OF_OWNER.items()
    for endpoint, press in {**PRESSES, "offers.reply": None}.items()
    if kind in TWINS and endpoint.removeprefix("api-").startswith(f"{kind}s.")
    if press is None or (press.by == role and not endpoint.endswith((".submit", f".submit_{kind}")))
]


def twins(walk: Walk, kind: str) -> list[Case]:
    return [next(one for one in walk.cases[kind] if one.value == value) for value in TWINS[kind]]


def messages_to(role: str, after: int) -> list[str]:
    codes = {"provider": "XPA", "funder": "XFA"}
    query = select(OutboxMessage.kind).where(
        OutboxMessage.participant_id == participant_id(codes[role]), OutboxMessage.id > after
    )
    return list(db.session.scalars(query))


def last_message() -> int:
    return max(db.session.scalars(select(OutboxMessage.id)))


def test_a_plan_counts_on_one_of_them_in_secret(walk: Walk) -> None:
    """Else there would be nothing to tell."""
    counted, free = TWINS["offer"]
    matches = {one.offer_reference: one.put_to_provider_at for one in db.session.scalars(select(Match))}
    assert matches[counted] is None
    assert free not in matches
    counted, free = TWINS["support"]
    parts = {one.support_reference: (one.state, one.put_at) for one in db.session.scalars(select(Part))}
    assert parts[counted] == ("planned", None)
    assert free not in parts


@pytest.mark.parametrize(("kind", "endpoint"), PRESSED)
def test_a_press_on_either_is_answered_alike(walk: Walk, kind: str, endpoint: str) -> None:
    role = ROLE_OF_OWNER[kind]
    rules = {rule.endpoint: (rule, method) for rule, method in walk.rules(READS | WRITES)}
    rule, method = rules[endpoint]
    answers, told, histories = [], [], []
    for case in twins(walk, kind):
        before = last_message()
        answers.append(plain(walk.ask(role, rule, method, case), case))
        told.append(messages_to(role, before))
        histories.append(plain(walk.ask(role, *rules[f"{kind}s.history"], case), case))
    assert without_what_differs(answers[0]) == without_what_differs(answers[1])
    assert told[0] == told[1]
    assert without_what_differs(histories[0]) == without_what_differs(histories[1])


def without_what_differs(answer: tuple[int, str, object]) -> tuple[int, str, object]:
    """Title and subject of the two are not the same."""
    status, text, headers = answer
    for one in ("S-ASKED", "S-PLANNED", "S-TWIN"):
        text = text.replace(one, "SUBJECT")
    return status, text, headers
