"""Who may do what, as tables: each predicate for each role, for one's own and for another participant."""

import pytest

from lcm_service.domain import permissions
from lcm_service.domain.permissions import SYSTEM, SYSTEM_ROLE, Actor
from lcm_service.domain.vocabulary import DECISION_SIDES, ROLES

OWN, OTHER, THIRD = 1, 2, 3
FOCAL_POINT = Actor(person_id=1, role="focal_point", participant_id=OWN)
COORDINATOR = Actor(person_id=2, role="coordinator")
LEAD = Actor(person_id=5, role="focal_point", participant_id=OWN, is_lead=True)
OBSERVER = Actor(person_id=3, role="observer")
ADMINISTRATOR = Actor(person_id=4, role="administrator")
ACTORS = {
    "focal point": FOCAL_POINT,
    "coordinator": COORDINATOR,
    "observer": OBSERVER,
    "administrator": ADMINISTRATOR,
    "system": SYSTEM,
}

# predicate -> who may for its own participant, and who for another's.
ABOUT_A_PARTICIPANT = {
    permissions.may_submit_for: ({"focal point", "coordinator", "system"}, {"coordinator", "system"}),
    permissions.may_see_need: ({"focal point", "coordinator", "system"}, {"coordinator", "system"}),
    permissions.may_change_record: ({"focal point", "coordinator", "system"}, {"coordinator", "system"}),
    permissions.may_see_course_record: ({"focal point", "coordinator", "system"}, {"coordinator", "system"}),
    permissions.may_answer_part: ({"focal point", "coordinator"}, {"coordinator"}),
    permissions.may_answer_dates: ({"focal point", "coordinator"}, {"coordinator"}),
    permissions.may_see_draft: ({"focal point"}, set()),
    permissions.may_see_return: ({"focal point", "coordinator", "system"}, {"coordinator", "system"}),
}
ABOUT_THE_MECHANISM = {
    permissions.may_see_offers: {"focal point", "coordinator", "observer", "system"},
    permissions.may_see_activities: {"focal point", "coordinator", "observer", "system"},
    permissions.may_see_circulated_needs: {"focal point", "coordinator", "observer", "system"},
    permissions.may_coordinate: {"coordinator", "system"},
    permissions.may_look_after_intake: {"coordinator", "system"},
    permissions.may_keep_guidance: {"coordinator", "system"},
    permissions.may_correct_wordings: {"coordinator", "system"},
    permissions.may_manage_people: {"administrator", "system"},
    permissions.may_verify_audit: {"administrator", "system"},
}
ABOUT_PEOPLE = (permissions.may_look_after_people_of,)
ABOUT_AN_OFFER = (permissions.may_see_offer,)
ABOUT_A_MATCH = (
    permissions.may_see_match,
    permissions.may_see_part,
    permissions.may_see_dates,
    permissions.may_decide_as,
    permissions.may_read_assessment,
)


def who(predicate, *arguments, **more) -> set[str]:
    return {name for name, actor in ACTORS.items() if predicate(actor, *arguments, **more)}


def test_the_tables_hold_every_predicate_and_every_role():
    predicates = {value for name, value in vars(permissions).items() if name.startswith("may_")}
    assert predicates == {
        *ABOUT_A_PARTICIPANT,
        *ABOUT_THE_MECHANISM,
        *ABOUT_A_MATCH,
        *ABOUT_PEOPLE,
        *ABOUT_AN_OFFER,
    }
    assert {actor.role for actor in ACTORS.values()} == {*ROLES, SYSTEM_ROLE}


@pytest.mark.parametrize("predicate", ABOUT_A_PARTICIPANT, ids=lambda one: one.__name__)
def test_a_record_is_its_owners_and_the_coordinators(predicate):
    for_own, for_another = ABOUT_A_PARTICIPANT[predicate]
    assert who(predicate, OWN) == for_own
    assert who(predicate, OTHER) == for_another


@pytest.mark.parametrize("predicate", ABOUT_THE_MECHANISM, ids=lambda one: one.__name__)
def test_the_rest_goes_by_role(predicate):
    assert who(predicate) == ABOUT_THE_MECHANISM[predicate]


@pytest.mark.parametrize(
    ("recipient", "provider", "seen_by"),
    [
        (OWN, OTHER, {"focal point", "coordinator", "system"}),
        (OTHER, OWN, {"focal point", "coordinator", "system"}),
        (OTHER, THIRD, {"coordinator", "system"}),
    ],
)
def test_a_match_is_seen_by_its_two_sides_and_coordinators(recipient, provider, seen_by):
    assert who(permissions.may_see_match, recipient, provider, is_put=True) == seen_by


@pytest.mark.parametrize(("consent", "is_seen_by_observers"), [(True, True), (None, True), (False, False)])
def test_observers_see_no_offer_that_may_not_be_shown_outside(consent, is_seen_by_observers):
    observers = {"observer"} if is_seen_by_observers else set()
    assert who(permissions.may_see_offer, consent) == {"focal point", "coordinator", "system", *observers}


@pytest.mark.parametrize(
    ("owner", "is_put", "seen_by"),
    [
        (OWN, True, {"focal point", "coordinator", "system"}),
        (OWN, False, {"coordinator", "system"}),
        (OTHER, True, {"coordinator", "system"}),
    ],
)
def test_a_part_is_seen_by_its_owner_once_it_was_put_and_by_coordinators(owner, is_put, seen_by):
    assert who(permissions.may_see_part, owner, is_put=is_put) == seen_by


@pytest.mark.parametrize(
    ("asked", "seen_by"),
    [
        ((OWN, OTHER), {"focal point", "coordinator", "system"}),
        ((OTHER, THIRD), {"coordinator", "system"}),
        ((), {"coordinator", "system"}),
    ],
)
def test_other_dates_are_seen_by_who_is_asked_and_by_coordinators(asked, seen_by):
    assert who(permissions.may_see_dates, asked) == seen_by


def test_a_provider_sees_no_match_whose_recipient_has_not_agreed():
    before = {"coordinator", "system"}
    assert who(permissions.may_see_match, OTHER, OWN, is_put=False) == before
    assert who(permissions.may_see_match, OTHER, OWN, is_put=True) == before | {"focal point"}
    assert who(permissions.may_see_match, OWN, OTHER, is_put=False) == before | {"focal point"}


@pytest.mark.parametrize(
    ("side", "recipient", "provider", "decided_by"),
    [
        ("recipient", OWN, OTHER, {"focal point", "coordinator"}),
        ("provider", OWN, OTHER, {"coordinator"}),
        ("recipient", OTHER, OWN, {"coordinator"}),
        ("provider", OTHER, OWN, {"focal point", "coordinator"}),
        ("secretariat", OWN, OTHER, {"coordinator"}),
        ("secretariat", OTHER, OWN, {"coordinator"}),
        ("nobody", OWN, OWN, set()),
    ],
)
def test_each_side_decides_for_itself_alone(side, recipient, provider, decided_by):
    assert side in (*DECISION_SIDES, "nobody")
    assert who(permissions.may_decide_as, side, recipient, provider) == decided_by


def test_what_a_side_says_of_a_course_is_read_by_that_side_alone_and_by_coordinators():
    by_others = {"coordinator", "system"}
    assert who(permissions.may_read_assessment, "recipient", OWN, OTHER) == by_others | {"focal point"}
    assert who(permissions.may_read_assessment, "recipient", OTHER, OWN) == by_others
    assert who(permissions.may_read_assessment, "provider", OTHER, OWN) == by_others | {"focal point"}
    assert who(permissions.may_read_assessment, "provider", OWN, OTHER) == by_others
    assert who(permissions.may_read_assessment, "nobody", OWN, OWN) == by_others


@pytest.mark.parametrize(
    "predicate", [*ABOUT_A_PARTICIPANT, *ABOUT_THE_MECHANISM], ids=lambda one: one.__name__
)
def test_a_role_that_nobody_thought_of_may_nothing(predicate):
    stranger = Actor(person_id=9, role="visitor", participant_id=OWN)
    arguments = (OWN,) if predicate in ABOUT_A_PARTICIPANT else ()
    assert predicate(stranger, *arguments) is False


def test_only_a_focal_point_answers_for_a_participant():
    for role in (*ROLES, SYSTEM_ROLE):
        actor = Actor(person_id=1, role=role, participant_id=OWN)
        assert actor.answers_for(OWN) == (role == "focal_point")
        assert not actor.answers_for(OTHER)


@pytest.mark.parametrize(
    ("participant", "by_lead"), [(OWN, True), (OTHER, False), (None, False)], ids=["own", "other", "none"]
)
def test_a_lead_looks_after_the_people_of_its_own_participant(participant, by_lead):
    assert permissions.may_look_after_people_of(LEAD, participant) is by_lead
    assert who(permissions.may_look_after_people_of, participant) == {"administrator", "system"}


def test_a_lead_is_no_more_than_a_focal_point_in_all_else():
    for predicate in ABOUT_A_PARTICIPANT:
        assert predicate(LEAD, OWN) == predicate(FOCAL_POINT, OWN)
    for one in ABOUT_THE_MECHANISM:
        assert one(LEAD) == one(FOCAL_POINT)


@pytest.mark.parametrize("role", ROLES)
def test_all_but_observers_prove_twice_who_they_are(role):
    assert permissions.must_prove_twice(role) is (role != "observer")


@pytest.mark.parametrize("role", [role for role in (*ROLES, SYSTEM_ROLE) if role != "focal_point"])
def test_nobody_leads_but_a_focal_point(role):
    assert not Actor(person_id=1, role=role, participant_id=OWN, is_lead=True).leads(OWN)
