"""Which pairs exist: every rule just passes, just fails, and says unknown with its question; and the fit."""

from datetime import date, timedelta
from random import Random
from time import process_time

import pytest

from optimizer.plan import Question
from optimizer.problem import Offer, Place, PlanningSeats
from optimizer.rules.compatibility import RULES, No, Unknown, judge_pair
from optimizer.rules.facts import Facts
from optimizer.rules.fit import fit_of_pair, fit_parts
from optimizer.rules.pairs import find_pairs
from tests.optimizer.builders import need, problem, recipient, session, support

EARLIEST, LATEST = date(2027, 1, 1), date(2027, 12, 31)
INTERPRETER = support("R-1", "interpretation", languages={"FR", "es"})


def _judge(one_need, one_session, **lists):
    round_ = problem([one_need], [one_session], **lists)
    return judge_pair(round_, round_.needs[0], round_.sessions[0])


JUST_FAILS = [
    ("area", need(areas={"MED"}), session(areas={"EOD"}), {}),
    ("level", need(level="basic"), session(level="advanced"), {}),
    ("personnel", need(personnel={"troops"}), session(personnel={"fpu"}), {}),
    ("dates", need(earliest=date(2027, 4, 6)), session(), {}),
    ("dates", need(latest=date(2027, 4, 15)), session(), {}),
    ("dates", need(), session(start=None, end=None, not_after=date(2026, 12, 31)), {}),
    ("dates", need(), session(start=None, end=None, not_before=date(2028, 1, 1)), {}),
    ("language", need(languages=("fr",)), session(languages={"en"}), {}),
    ("language", need(languages=("fr",)), session(languages={"fr-FR"}), {}),
    ("language", need(languages=("fr",)), session(languages={"en"}), {"supports": [INTERPRETER]}),
    ("mode", need(modes=("online",)), session(mode="provider_centre"), {}),
    ("place", need(), session(mode="in_country", place="XPA"), {}),
    ("place", need(), session(mode="mobile_team", place="XPA"), {}),
    ("eligible", need(), session(only={"XAB"}), {}),
    ("eligible", need(), session(only={"any"}, except_={"202"}), {}),
    ("women", need(women=0), session(women_only=True), {}),
    ("self", need(), session(), {"offers": [Offer("O-1", "XAA")]}),
    ("self", need(), session(), {"offers": [Offer("O-1", "XPA", partners=frozenset({"XAA"}))]}),
    ("group", need(min_group=10), session(seats=9), {}),
    ("group", need(min_group=10), session(max_per_recipient=9), {}),
    ("group", need(min_group=10), session(seats=None), {"planning_seats": PlanningSeats(5, 9)}),
    ("forbidden", need(), session(), {"forbidden": [("N-1", "S-1")]}),
]
JUST_PASSES = [
    ("area", need(areas={"MED"}), session(areas={"MED", "EOD"}), {}),
    ("area", need(areas={"C-IED"}), session(areas={"EOD"}), {"substitutions": [("C-IED", "EOD", 60)]}),
    ("area", need(areas={"any"}), session(areas=None), {}),
    ("level", need(level=None), session(level="any"), {}),
    ("personnel", need(personnel={"troops", "fpu"}), session(personnel={"fpu"}), {}),
    ("dates", need(earliest=date(2027, 4, 5), latest=date(2027, 4, 16)), session(), {}),
    ("language", need(languages=("FR", "en")), session(languages={"fr"}), {}),
    ("language", need(languages=("fr",)), session(languages={"es"}), {"supports": [INTERPRETER]}),
    ("mode", need(modes=("online", "provider_centre")), session(mode="provider_centre"), {}),
    ("place", need(), session(mode="in_country", place="XAA"), {}),
    ("place", need(place="XPA"), session(mode="mobile_team", place="XPA"), {}),
    ("place", need(), session(mode="mobile_team", place=None), {}),
    ("place", need(), session(mode=None, place="XPA"), {}),
    ("eligible", need(), session(only={"202"}), {}),
    ("eligible", need(), session(only={"G"}), {"recipients": [recipient("XAA", groups={"G"})]}),
    ("women", need(women=1), session(women_only=True), {}),
    ("self", need(), session(), {}),
    ("group", need(min_group=10), session(seats=10, max_per_recipient=10), {}),
    ("requires", need(), session(requires=()), {}),
    ("forbidden", need(), session(), {"forbidden": [("N-2", "S-1")]}),
]
UNKNOWN = [
    ("area", need(areas=None), session(areas=None), {("N-1", "areas"), ("S-1", "areas")}),
    ("area", need(), session(areas=None), {("S-1", "areas")}),
    ("level", need(level=None), session(), {("N-1", "level")}),
    ("personnel", need(), session(personnel=None), {("S-1", "personnel")}),
    ("dates", need(latest=None), session(start=None), {("S-1", "start"), ("N-1", "latest")}),
    ("language", need(languages=None), session(), {("N-1", "languages")}),
    ("mode", need(), session(mode=None), {("S-1", "mode")}),
    ("mode", need(modes=None), session(), {("N-1", "modes")}),
    ("place", need(), session(mode="in_country", place=None), {("S-1", "place")}),
    ("eligible", need(), session(only=None), {("S-1", "only")}),
    ("women", need(women=None), session(women_only=True), {("N-1", "women")}),
    ("seats", need(seats=None), session(seats=None), {("N-1", "seats"), ("S-1", "seats")}),
    ("requires", need(), session(requires=None), {("S-1", "requires")}),
]


@pytest.mark.parametrize(("code", "one_need", "one_session", "lists"), JUST_FAILS)
def test_a_rule_that_refuses_a_pair_says_no_with_its_own_code(code, one_need, one_session, lists):
    verdict = _judge(one_need, one_session, **lists)
    assert verdict.refusals == (code,)
    assert not verdict.exists


@pytest.mark.parametrize(("code", "one_need", "one_session", "lists"), JUST_PASSES)
def test_a_rule_that_just_passes_says_neither_no_nor_unknown(code, one_need, one_session, lists):
    answer = _judge(one_need, one_session, **lists).answers[code]
    assert not isinstance(answer, No | Unknown)


@pytest.mark.parametrize(("code", "one_need", "one_session", "questions"), UNKNOWN)
def test_a_rule_that_nobody_has_answered_asks_for_the_fields_that_decide_it(
    code, one_need, one_session, questions
):
    verdict = _judge(one_need, one_session)
    assert verdict.answers[code] == Unknown(verdict.answers[code].questions)
    assert {(q.record, q.field) for q in verdict.answers[code].questions} == questions
    assert verdict.exists
    assert not verdict.is_firm


def test_a_stated_field_can_refuse_while_another_is_unknown():
    verdict = _judge(need(earliest=None, latest=date(2027, 4, 1)), session(end=None))
    assert verdict.refusals == ("dates",)


def test_an_exception_refuses_though_it_is_unknown_who_is_eligible():
    assert _judge(need(), session(only=None, except_={"XAA"})).refusals == ("eligible",)


def test_the_place_of_a_recipient_that_is_not_known_is_asked_of_the_need():
    nowhere = [recipient("XAA", place=None)]
    verdict = _judge(need(), session(mode="in_country", place="XPA"), recipients=nowhere)
    assert verdict.questions == (Question("N-1", "place"),)


def test_the_rules_stand_in_the_order_of_the_contract():
    order = (
        "area level personnel dates language mode place eligible women self group seats requires forbidden"
    )
    assert [rule.code for rule in RULES] == order.split()


def test_a_pair_that_no_support_links_directly_is_bridged_by_the_languages_that_some_support_links():
    one = need(languages=("ar", "FR", "pt"))
    round_ = problem([one], [session(languages={"es", "it"})], supports=[INTERPRETER])
    (pair,) = find_pairs(round_)
    assert pair.bridges == ("FR",)


def test_a_pair_that_shares_a_language_needs_no_bridge():
    round_ = problem([need(languages=("fr", "es"))], [session(languages={"es"})], supports=[INTERPRETER])
    assert find_pairs(round_)[0].bridges == ()


def test_an_interpreter_that_does_not_fit_the_session_bridges_nothing():
    far = support("R-1", "interpretation", languages={"fr", "en"}, places={"142"})
    places = [Place("XPA", ("150", "155"))]
    assert find_pairs(problem([need(languages=("fr",))], [session()], supports=[far], places=places)) == ()


def test_a_policy_that_excludes_unknowns_keeps_firm_pairs_and_pinned_ones():
    needs = [need("N-1"), need("N-2", level=None), need("N-3", level=None)]
    round_ = problem(needs, [session()], pinned=[("N-3", "S-1", 5)], unknowns="exclude")
    assert [(pair.need, pair.firm) for pair in find_pairs(round_)] == [("N-1", True), ("N-3", False)]


def test_a_round_of_500_needs_and_500_sessions_finds_its_pairs_in_well_under_two_seconds():
    rng = Random(1)
    areas = [f"A-{number}" for number in range(30)]
    needs = [
        need(
            f"N-{number:03}",
            areas=set(rng.sample(areas, 2)),
            earliest=EARLIEST + timedelta(rng.randrange(100)),
            languages=tuple(rng.sample(("en", "fr", "es", "ar"), 2)),
        )
        for number in range(500)
    ]
    sessions = [
        session(
            f"S-{number:03}",
            areas=set(rng.sample(areas, 3)),
            languages=set(rng.sample(("en", "fr", "es", "ar"), 1)),
            start=EARLIEST + timedelta(rng.randrange(150)),
            end=LATEST,
        )
        for number in range(500)
    ]
    round_ = problem(needs, sessions)
    begin = process_time()
    pairs = find_pairs(round_)
    assert len(pairs) > 1_000
    assert process_time() - begin < 2


FITS = [
    ("area", need(areas={"C-IED", "LOG"}), session(areas={"EOD"}), 60),
    ("area", need(areas={"any"}), session(areas=None), 100),
    ("area", need(areas=None), session(), 50),
    ("language", need(languages=("en", "fr")), session(languages={"fr"}), 80),
    ("language", need(languages=("a", "b", "c", "d", "en")), session(), 40),
    ("language", need(languages=("fr",)), session(languages={"es"}), 30),
    ("language", need(languages=("any",)), session(), 100),
    ("language", need(), session(languages=None), 50),
    ("mode", need(modes=("online", "provider_centre")), session(), 80),
    ("mode", need(), session(mode="any"), 100),
    ("mode", need(modes=None), session(), 50),
    ("proximity", need(), session(mode="online", place=None), 100),
    ("proximity", need(), session(mode="mobile_team", place=None), 100),
    ("proximity", need(place="XPA"), session(), 100),
    ("proximity", need(), session(place="XPB"), 70),
    ("proximity", need(), session(place="XPA"), 30),
    ("proximity", need(), session(place=None), 50),
    ("record", need(), session(), 50),
]


@pytest.mark.parametrize(("part", "one_need", "one_session", "expected"), FITS)
def test_each_part_of_the_fit_is_what_the_contract_says(part, one_need, one_session, expected):
    round_ = problem([one_need], [one_session], supports=[INTERPRETER], substitutions=[("C-IED", "EOD", 60)])
    parts = fit_parts(Facts(round_), round_.needs[0], round_.sessions[0])
    assert parts[part] == expected


def test_the_fit_is_the_weighted_mean_rounded_to_the_nearest():
    # area 100, language 80, mode 100, proximity 30: 45 + 22.4 + 17 + 3 = 87.4
    round_ = problem([need(languages=("fr", "en"))], [session()])
    assert fit_of_pair(Facts(round_), round_.needs[0], round_.sessions[0]) == 87


def test_a_coordinators_score_overrides_the_formula():
    round_ = problem([need()], [session()], scores=[("N-1", "S-1", 12)])
    assert find_pairs(round_)[0].fit == 12
