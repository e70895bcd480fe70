"""Every code that can reach a page has words: a new one without a sentence fails here."""

import re
from typing import get_args, get_type_hints

import pytest

from lcm_service.domain import run_stories, vocabulary
from lcm_service.persistence import tables
from lcm_service.services import repair
from lcm_service.web import errors, reasons, studies, words
from lcm_service.web.field_labels import field_label
from optimizer import Change, Explanation
from optimizer.plan import OUTCOMES, UNMET_REASONS
from optimizer.problem import OBJECTIVES, Problem
from optimizer.rules.compatibility import RULES
from optimizer.scenarios.comparing import AS_SET, NO_PLAN, PREVIOUS, make_policies

LABELLED = [
    ("PARTICIPANT_KINDS", "participant_kind"),
    ("ROLES", "role"),
    ("SUBJECTS", "subject"),
    ("LEVELS", "level"),
    ("PERSONNEL", "personnel"),
    ("MODES", "mode"),
    ("PRIORITIES", "priority"),
    ("PHASES", "phase"),
    ("BASES", "basis"),
    ("SUPPORT_KINDS", "support_kind"),
    ("COST_ITEMS", "cost_item"),
    ("COST_BEARERS", "cost_bearer"),
    ("RECORD_STATES", "record_state"),
    ("ROUND_STATES", "round_state"),
    ("ROUND_STANDINGS", "round_standing"),
    ("RUN_STATES", "run_state"),
    ("RUN_PURPOSES", "run_purpose"),
    ("PLAN_STATES", "plan_state"),
    ("MATCH_STATES", "match_state"),
    ("DECISION_SIDES", "side"),
    ("PART_STATES", "part_state"),
    ("DECISION_ANSWERS", "answer"),
    ("DATE_PROPOSAL_STATES", "dates_state"),
    ("DATE_ENDS", "dates_end"),
    ("DATE_ANSWERS", "dates_answer"),
    ("DECLINE_REASONS", "decline_reason"),
    ("QUESTION_STATES", "question_state"),
    ("ACTIVITY_STATES", "activity_state"),
    ("TOKEN_SCOPES", "token_scope"),
    ("DELIVERY_STATES", "delivery_state"),
    ("NON_DELIVERY_REASONS", "non_delivery_reason"),
    ("ASSESSING_SIDES", "side"),
    ("ASSESSMENT_ANSWERS", "assessment"),
]
# Lists of codes that are no vocabulary of labels of their own.
ELSEWHERE = {
    "FIGURE_KINDS",
    "LANGUAGES_OF_PAGES",
    "LIVE_RECORD_STATES",
    "NEED_QUESTION_FIELDS",
    "LIVE_MATCH_STATES",
    "LIVE_PART_STATES",
    "OPEN_DATE_PROPOSAL_STATES",
    "OFFER_QUESTION_FIELDS",
    "PLANNING_PURPOSES",
    "SUPPORT_QUESTION_FIELDS",
    "UNPUBLISHED_PLAN_STATES",
}


@pytest.mark.parametrize(("name", "labels"), LABELLED)
def test_every_word_of_the_vocabulary_has_a_label(name: str, labels: str) -> None:
    missing = [code for code in getattr(vocabulary, name) if code not in words.VOCABULARIES[labels]]
    assert missing == []


def test_every_list_of_the_vocabulary_is_looked_at() -> None:
    lists = {name for name, value in vars(vocabulary).items() if isinstance(value, tuple)}
    assert lists - ELSEWHERE == {name for name, _labels in LABELLED}


def test_every_page_language_names_itself() -> None:
    assert tuple(words.LANGUAGES_OF_PAGES) == vocabulary.LANGUAGES_OF_PAGES


def test_every_rule_has_a_sentence_for_no_and_words_for_yes() -> None:
    codes = [rule.code for rule in RULES]
    assert [code for code in codes if code not in reasons.RULES] == []
    assert list(reasons.RULES_THAT_HOLD) == codes


def test_every_reason_outcome_objective_and_limit_has_a_sentence() -> None:
    assert set(UNMET_REASONS) == set(reasons.UNMET_REASONS)
    assert set(OUTCOMES) == set(reasons.OUTCOMES) == set(reasons.OUTCOME_NAMES)
    assert set(OBJECTIVES) == set(reasons.OBJECTIVES)
    assert set(reasons.SCENARIO_OUTCOMES) == {*OUTCOMES, NO_PLAN}
    assert set(make_policies(Problem())) == set(reasons.SCENARIO_NAMES) == set(reasons.SCENARIOS)
    assert set(reasons.SCENARIO_REFERENCES) == {AS_SET, PREVIOUS}
    assert set(reasons.LIMITS) == {f"C{number}" for number in range(1, 13)}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("need", vocabulary.NEED_QUESTION_FIELDS),
        ("offer", vocabulary.OFFER_QUESTION_FIELDS),
        ("session", vocabulary.OFFER_QUESTION_FIELDS),
        ("support", vocabulary.SUPPORT_QUESTION_FIELDS),
        # What the optimizer asks beyond the lists of the forms (docs/matching.md, section 3).
        ("need", ("place", "seats", "women", "modes")),
        ("offer", ("record",)),
        ("participant", ("place",)),
    ],
)
def test_every_question_field_is_asked_in_words(kind: str, fields: tuple[str, ...]) -> None:
    assert [field for field in fields if field not in reasons.QUESTIONS[kind]] == []


def test_every_change_price_and_stage_of_an_explanation_has_words() -> None:
    assert set(studies.CHANGES) == set(get_args(get_type_hints(Change)["kind"]))
    (prices, _none) = get_args(get_type_hints(Explanation)["prices"])
    price = get_args(prices)[0]
    assert set(studies.PRICE_KINDS) == set(get_args(get_type_hints(price)["kind"]))
    assert set(studies.STAGES) == {"changes", "reserves"}


def test_every_line_of_a_runs_story_has_a_sentence_with_the_same_facts() -> None:
    assert set(reasons.STORY) == set(run_stories.SENTENCES)


def test_every_column_that_a_form_fills_has_a_label() -> None:
    own = {"title", "areas", "level", "personnel", "languages", "seats_asked", "earliest", "modes"}
    columns = {column.key for table in (tables.Need, tables.Offer) for column in table.__mapper__.columns}
    assert own < columns
    assert [name for name in own if str(field_label(name)) == name] == []


def test_every_refusal_has_a_heading_and_says_what_to_do() -> None:
    for status in (400, 403, 404, 405, 409, 412, 413, 422, 429, 500):
        assert status in errors.HEADINGS
        assert status in errors.ADVICE


def test_all_that_calls_for_a_repair_has_a_sentence() -> None:
    told = set(
        re.findall(r"\b[a-z]+_(?:pair|need|session|offer|support|records)\b", repair.Attention.__doc__ or "")
    )
    assert told == set(reasons.ATTENTION)
