"""The pair rules, their questions and the fit of a pair, stated a second time (docs/matching.md, 3 to 5).

This is on purpose a second voice: it was written from the contract's text alone and shares no code with
`rules/compatibility.py`. Where the two disagree, one of them has misread the contract, and a test says so.
Plain Python, whole numbers, one condition for each sentence; it is quick only because it is asked about
few pairs.
"""

from collections.abc import Callable, Collection
from datetime import date
from typing import Final, Literal

from optimizer.plan import Question
from optimizer.problem import ANY, Need, Offer, Problem, Recipient, Session, Support

Word = Literal["yes", "no", "unknown"]

RANK_PARTS: Final = (100, 80, 60, 40)
BRIDGED_PART: Final = 30
UNKNOWN_PART: Final = 50
INTERPRETATION: Final = "interpretation"


class Facts:
    """What the second statement looks up again and again in one problem. Built once a problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.forbidden = {(ban.need, ban.session) for ban in problem.forbidden}
        self.pins = {(pin.need, pin.session): pin for pin in problem.pinned}
        self.scores = {(score.need, score.session): score.fit for score in problem.scores}
        self.substitutes: dict[str, list[tuple[str, int]]] = {}
        for row in problem.substitutions:
            self.substitutes.setdefault(row.need_area, []).append((row.session_area, row.fit))
        self.interpreters = [row for row in problem.supports if row.kind == INTERPRETATION and row.languages]
        self._codes: dict[str, frozenset[str]] = {}
        # By the place that they may go to: each support with its languages in lower case.
        self._interpreters: dict[str | None, list[tuple[Support, frozenset[str]]]] = {}
        self._tongues: dict[
            tuple[str | None, frozenset[str] | None],
            set[tuple[date | None, date | None, frozenset[str], frozenset[str]]],
        ] = {}

    def codes_of(self, recipient_id: str) -> frozenset[str]:
        """Return the codes of a recipient: its id, its place, that place's regions and its groups."""
        if recipient_id not in self._codes:
            recipient: Recipient = self.problem.recipient_by_id[recipient_id]
            codes = {recipient.id, *recipient.groups}
            if recipient.place is not None:
                codes.add(recipient.place)
                codes.update(self.regions_of(recipient.place))
            self._codes[recipient_id] = frozenset(codes)
        return self._codes[recipient_id]

    def regions_of(self, place_id: str) -> tuple[str, ...]:
        place = self.problem.place_by_id.get(place_id)
        return place.regions if place is not None else ()

    def place_of(self, need: Need) -> str | None:
        """Return where the trainees are: the need's place, else its recipient's, else ``None`` (unknown)."""
        return need.place if need.place is not None else self.problem.recipient_by_id[need.recipient].place

    def offer_of(self, session: Session) -> Offer:
        return self.problem.offer_by_id[session.offer]

    def tongues_of(self, session: Session) -> frozenset[frozenset[str]]:
        """Return the languages, in lower case, of each interpretation support that fits a session.

        `only` is not looked at. Sessions of one place and the same areas share what these two leave of the
        supports; the days, and for which sessions each was declined, are then looked at session by session.
        """
        near = (session.place, session.areas)
        if near not in self._tongues:
            self._tongues[near] = {
                (row.from_, row.to, row.not_for, spoken)
                for row, spoken in self._interpreters_at(session.place)
                if not _share_none(row.areas, session.areas)
            }
        return frozenset(
            spoken
            for first, last, not_for, spoken in self._tongues[near]
            if session.id not in not_for and _days_allow(first, last, session)
        )

    def _interpreters_at(self, place: str | None) -> list[tuple[Support, frozenset[str]]]:
        if place not in self._interpreters:
            self._interpreters[place] = [
                (row, frozenset(lower(row.languages)))
                for row in self.interpreters
                if _place_allows(self, row, place)
            ]
        return self._interpreters[place]

    def seats_of_need(self, need: Need) -> int:
        return need.seats if need.seats is not None else self.problem.policy.planning_seats.need

    def seats_of_session(self, session: Session) -> int:
        return session.seats if session.seats is not None else self.problem.policy.planning_seats.session


def judge_pair_again(problem: Problem | Facts, need: Need, session: Session) -> dict[str, Word]:
    """Return what each pair rule says of a pair, by code, in the order of the contract's table."""
    facts = problem if isinstance(problem, Facts) else Facts(problem)
    return {code: rule(facts, need, session) for code, rule in RULES_AGAIN.items()}


RuleAgain = Callable[[Facts, Need, Session], Word]
RULES_AGAIN: Final[dict[str, RuleAgain]] = {
    "area": lambda facts, need, session: _word(
        _no_area(facts, need, session), _either_unknown(need.areas, session.areas)
    ),
    "level": lambda facts, need, session: _word(
        _both_decide(need.level, session.level) and need.level != session.level,
        _either_unknown(need.level, session.level),
    ),
    "personnel": lambda facts, need, session: _word(
        _share_none(need.personnel, session.personnel), _either_unknown(need.personnel, session.personnel)
    ),
    "dates": lambda facts, need, session: _word(
        _dates_clash(need, session), bool(_unknown_dates(need, session))
    ),
    "language": lambda facts, need, session: _word(
        needs_bridge(need, session) and not bridges_again(facts, need, session),
        _either_unknown(need.languages, session.languages),
    ),
    "mode": lambda facts, need, session: _word(
        _both_decide(need.modes, session.mode) and session.mode not in (need.modes or ()),
        _either_unknown(need.modes, session.mode),
    ),
    "place": lambda facts, need, session: _word(
        _place_differs(facts, need, session), bool(_unknown_places(facts, need, session))
    ),
    "eligible": lambda facts, need, session: _word(
        _is_not_eligible(facts, need, session), session.only is None
    ),
    "women": lambda facts, need, session: _word(
        session.women_only and need.women == 0, session.women_only and need.women is None
    ),
    "self": lambda facts, need, session: _word(_trains_itself(facts, need, session), False),
    "group": lambda facts, need, session: _word(_group_too_large(facts, need, session), False),
    "seats": lambda facts, need, session: _word(False, need.seats is None or session.seats is None),
    "requires": lambda facts, need, session: _word(False, session.requires is None),
    "forbidden": lambda facts, need, session: _word((need.id, session.id) in facts.forbidden, False),
}


def questions_again(facts: Facts, need: Need, session: Session, words: dict[str, Word]) -> set[Question]:
    """Return the unknown fields on which a pair depends: those that the *unknown* rules name."""
    fields: dict[str, list[tuple[str, str, bool]]] = {
        "area": [(need.id, "areas", need.areas is None), (session.id, "areas", session.areas is None)],
        "level": [(need.id, "level", need.level is None), (session.id, "level", session.level is None)],
        "personnel": [
            (need.id, "personnel", need.personnel is None),
            (session.id, "personnel", session.personnel is None),
        ],
        "dates": [(record, field, True) for record, field in _unknown_dates(need, session)],
        "language": [
            (need.id, "languages", need.languages is None),
            (session.id, "languages", session.languages is None),
        ],
        "mode": [(need.id, "modes", need.modes is None), (session.id, "mode", session.mode is None)],
        "place": [(record, "place", True) for record in _unknown_places(facts, need, session)],
        "eligible": [(session.id, "only", True)],
        "women": [(need.id, "women", True)],
        "seats": [(need.id, "seats", need.seats is None), (session.id, "seats", session.seats is None)],
        "requires": [(session.id, "requires", True)],
    }
    return {
        Question(record, field)
        for code, word in words.items()
        if word == "unknown"
        for record, field, is_unknown in fields[code]
        if is_unknown
    }


def fit_again(problem: Problem | Facts, need: Need, session: Session) -> int:
    """Return the full fit (0..100) of a pair that exists: a coordinator's score, else the weighted parts."""
    facts = problem if isinstance(problem, Facts) else Facts(problem)
    score = facts.scores.get((need.id, session.id))
    if score is not None:
        return score
    record = facts.offer_of(session).record
    parts = {
        "area": _area_part(facts, need, session),
        "language": _language_part(need, session),
        "mode": _mode_part(need, session),
        "proximity": _proximity_part(facts, need, session),
        "record": UNKNOWN_PART if record is None else record,
    }
    weights = facts.problem.policy.fit
    return (sum(weights[name] * part for name, part in parts.items()) + 50) // 100


def support_fits(facts: Facts, support: Support, session: Session) -> bool:
    """Say whether a support fits a session by dates, areas and place, and was not declined for it; the caller
    compares the kind.
    """
    return (
        session.id not in support.not_for
        and _days_allow(support.from_, support.to, session)
        and not _share_none(support.areas, session.areas)
        and _place_allows(facts, support, session.place)
    )


def _days_allow(first: date | None, last: date | None, session: Session) -> bool:
    if first is not None and session.start is not None and session.start < first:
        return False
    return last is None or session.end is None or session.end <= last


def _place_allows(facts: Facts, support: Support, place: str | None) -> bool:
    if place is None or support.places is None or ANY in support.places:
        return True
    return place in support.places or any(region in support.places for region in facts.regions_of(place))


def needs_bridge(need: Need, session: Session) -> bool:
    """Say whether both languages are stated, neither is *any*, and they share none."""
    if not _both_decide(need.languages, session.languages):
        return False
    return not (lower(need.languages) & lower(session.languages))


def links(support: Support, language: str, session: Session) -> bool:
    """Say whether an interpretation support's languages hold this one and a different one of the session."""
    return _link(lower(support.languages), language.lower(), lower(session.languages))


def _link(spoken: Collection[str], language: str, taught: set[str]) -> bool:
    return language in spoken and any(other in spoken for other in taught - {language})


def bridges_again(facts: Facts, need: Need, session: Session) -> tuple[str, ...]:
    """Return the need's languages that a fitting interpretation support links with one of the session's."""
    tongues, taught = facts.tongues_of(session), lower(session.languages)
    return tuple(
        language
        for language in need.languages or ()
        if any(_link(spoken, language.lower(), taught) for spoken in tongues)
    )


def lower(languages: Collection[str] | None) -> set[str]:
    """Return language tags ready to compare: whole, without regard to case."""
    return {language.lower() for language in languages or ()}


def _word(is_no: bool, is_unknown: bool) -> Word:
    return "no" if is_no else "unknown" if is_unknown else "yes"


def _is_any(value: Collection[str] | str | None) -> bool:
    return value == ANY if isinstance(value, str) else value is not None and ANY in value


def _both_decide(one: Collection[str] | str | None, other: Collection[str] | str | None) -> bool:
    """Both are stated and neither is *any*."""
    return one is not None and other is not None and not _is_any(one) and not _is_any(other)


def _either_unknown(one: Collection[str] | str | None, other: Collection[str] | str | None) -> bool:
    """Either is unknown and the other is not *any*."""
    return (one is None and not _is_any(other)) or (other is None and not _is_any(one))


def _share_none(one: Collection[str] | None, other: Collection[str] | None) -> bool:
    if one is None or other is None or not _both_decide(one, other):
        return False
    return not any(member in other for member in one)


def _no_area(facts: Facts, need: Need, session: Session) -> bool:
    return _share_none(need.areas, session.areas) and not _substitution_fits(facts, need, session)


def _substitution_fits(facts: Facts, need: Need, session: Session) -> list[int]:
    return [
        fit
        for area in need.areas or ()
        for substitute, fit in facts.substitutes.get(area, [])
        if substitute in (session.areas or ())
    ]


def _dates_clash(need: Need, session: Session) -> bool:
    def is_before(one: date | None, other: date | None) -> bool:
        return one is not None and other is not None and one < other

    too_early = any(is_before(day, need.earliest) for day in (session.start, session.end, session.not_after))
    too_late = any(is_before(need.latest, day) for day in (session.start, session.end, session.not_before))
    return too_early or too_late


def _unknown_dates(need: Need, session: Session) -> list[tuple[str, str]]:
    dates = [
        (session.id, "start", session.start),
        (session.id, "end", session.end),
        (need.id, "earliest", need.earliest),
        (need.id, "latest", need.latest),
    ]
    return [(record, field) for record, field, day in dates if day is None]


def _place_differs(facts: Facts, need: Need, session: Session) -> bool:
    place = facts.place_of(need)
    if session.mode not in ("in_country", "mobile_team") or session.place is None or place is None:
        return False
    return session.place != place


def _unknown_places(facts: Facts, need: Need, session: Session) -> list[str]:
    """Return the records (of the two) whose unknown place decides; none where the mode asks for none."""
    if session.mode != "in_country" and not (session.mode == "mobile_team" and session.place is not None):
        return []
    unknown = [session.id] if session.place is None else []
    return unknown + ([need.id] if facts.place_of(need) is None else [])


def _is_not_eligible(facts: Facts, need: Need, session: Session) -> bool:
    codes = facts.codes_of(need.recipient)
    if codes & session.except_:
        return True
    return session.only is not None and ANY not in session.only and not (codes & session.only)


def _trains_itself(facts: Facts, need: Need, session: Session) -> bool:
    offer = facts.offer_of(session)
    return need.recipient == offer.provider or need.recipient in offer.partners


def _group_too_large(facts: Facts, need: Need, session: Session) -> bool:
    if facts.seats_of_session(session) < need.min_group:
        return True
    return session.max_per_recipient is not None and session.max_per_recipient < need.min_group


def _area_part(facts: Facts, need: Need, session: Session) -> int:
    if _is_any(need.areas) or _is_any(session.areas):
        return 100
    if need.areas is None or session.areas is None:
        return UNKNOWN_PART
    if need.areas & session.areas:
        return 100
    return max(_substitution_fits(facts, need, session), default=0)


def _language_part(need: Need, session: Session) -> int:
    if _is_any(need.languages) or _is_any(session.languages):
        return 100
    if need.languages is None or session.languages is None:
        return UNKNOWN_PART
    taught = lower(session.languages)
    for rank, language in enumerate(need.languages):
        if language.lower() in taught:
            return RANK_PARTS[min(rank, 3)]
    return BRIDGED_PART


def _mode_part(need: Need, session: Session) -> int:
    if _is_any(need.modes) or _is_any(session.mode):
        return 100
    if need.modes is None or session.mode is None:
        return UNKNOWN_PART
    return RANK_PARTS[min(need.modes.index(session.mode), 3)] if session.mode in need.modes else 0


def _proximity_part(facts: Facts, need: Need, session: Session) -> int:
    if session.mode == "online" or (session.mode == "mobile_team" and session.place is None):
        return 100
    place = facts.place_of(need)
    if session.place is None or place is None:
        return UNKNOWN_PART
    if session.place == place:
        return 100
    regions = facts.regions_of(place)
    shared = set(regions) & set(facts.regions_of(session.place)) - set(regions[:1])
    return 70 if shared else 30
