"""Which pairs of a need and a session exist: one function for each rule of the contract's table.

Every rule answers yes, no (with its code) or unknown (with the questions that would settle it: a record and
a field that nobody has stated). A pair with any *no* does not exist; with none, it is firm where all say yes
and conditional where some answer is unknown. A new rule costs one function and one line in `RULES`.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from optimizer.plan import Question
from optimizer.problem import ANY, Need, Problem, Session
from optimizer.rules.facts import Facts, fold_languages, is_any


@dataclass(frozen=True, slots=True)
class Yes:
    """The rule has no objection."""


@dataclass(frozen=True, slots=True)
class No:
    """The rule refuses the pair; ``code`` is the rule's own."""

    code: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody has said what the rule needs; each question is a record and its unknown field."""

    questions: tuple[Question, ...]


Answer = Yes | No | Unknown
YES: Final = Yes()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What every rule answers for one pair, in the order of the contract's table."""

    answers: dict[str, Answer]

    @property
    def refusals(self) -> tuple[str, ...]:
        """Codes of the rules that say no, in the order of the table."""
        return tuple(code for code, answer in self.answers.items() if isinstance(answer, No))

    @property
    def questions(self) -> tuple[Question, ...]:
        """Each unknown field once, sorted by record and field."""
        asked = {
            q for answer in self.answers.values() if isinstance(answer, Unknown) for q in answer.questions
        }
        return tuple(sorted(asked))

    @property
    def exists(self) -> bool:
        return not self.refusals

    @property
    def is_firm(self) -> bool:
        return all(isinstance(answer, Yes) for answer in self.answers.values())


@dataclass(frozen=True, slots=True)
class Pair:
    """A need and a session that may be matched.

    ``fit`` is 0..100; ``bridges`` holds the need's languages by which interpretation can bridge the pair, as
    the need spells them, and is empty where no interpretation is needed.
    """

    need: str
    session: str
    firm: bool
    fit: int
    questions: tuple[Question, ...] = ()
    bridges: tuple[str, ...] = ()


# -- the rules, in the order of the table --------------------------------------------------------------------


def judge_area(facts: Facts, need: Need, session: Session) -> Answer:
    """The session teaches an area of the need, or one that may stand in for it."""
    if is_any(need.areas) or is_any(session.areas):
        return YES
    if need.areas is None or session.areas is None:
        return _ask((need.id, "areas", need.areas), (session.id, "areas", session.areas))
    if need.areas & session.areas:
        return YES
    table = facts.substitute_fit
    has_substitute = any((wanted, given) in table for wanted in need.areas for given in session.areas)
    return YES if has_substitute else No("area")


def judge_level(facts: Facts, need: Need, session: Session) -> Answer:
    """The session is on the level that the need asks for."""
    if ANY in (need.level, session.level):
        return YES
    if need.level is None or session.level is None:
        return _ask((need.id, "level", need.level), (session.id, "level", session.level))
    return YES if need.level == session.level else No("level")


def judge_personnel(facts: Facts, need: Need, session: Session) -> Answer:
    """The session is for some of the personnel that the need names."""
    if is_any(need.personnel) or is_any(session.personnel):
        return YES
    if need.personnel is None or session.personnel is None:
        return _ask((need.id, "personnel", need.personnel), (session.id, "personnel", session.personnel))
    return YES if need.personnel & session.personnel else No("personnel")


def judge_dates(facts: Facts, need: Need, session: Session) -> Answer:
    """The session lies within the days in which the need can use it."""
    bounds_before = (session.start, session.end, session.not_after)
    bounds_after = (session.start, session.end, session.not_before)
    if need.earliest is not None and any(day is not None and day < need.earliest for day in bounds_before):
        return No("dates")
    if need.latest is not None and any(day is not None and day > need.latest for day in bounds_after):
        return No("dates")
    if None in (session.start, session.end, need.earliest, need.latest):
        return _ask(
            (session.id, "start", session.start),
            (session.id, "end", session.end),
            (need.id, "earliest", need.earliest),
            (need.id, "latest", need.latest),
        )
    return YES


def judge_language(facts: Facts, need: Need, session: Session) -> Answer:
    """The trainees can be taught in a language of the session, or interpretation can bridge the two (C10)."""
    if is_any(need.languages) or is_any(session.languages):
        return YES
    if need.languages is None or session.languages is None:
        return _ask((need.id, "languages", need.languages), (session.id, "languages", session.languages))
    if _share_language(need, session) or find_bridges(facts, need, session):
        return YES
    return No("language")


def judge_mode(facts: Facts, need: Need, session: Session) -> Answer:
    """The session is given in a way that the need accepts."""
    if is_any(need.modes) or session.mode == ANY:
        return YES
    if need.modes is None or session.mode is None:
        return _ask((need.id, "modes", need.modes), (session.id, "mode", session.mode))
    return YES if session.mode in need.modes else No("mode")


def judge_place(facts: Facts, need: Need, session: Session) -> Answer:
    """A session in a country, or of a team that goes to a stated place, is where the trainees are."""
    home, place = facts.place_of(need), session.place
    if session.mode not in ("in_country", "mobile_team"):
        return YES
    if session.mode == "mobile_team" and place is None:
        return YES  # The team travels to whichever recipient it takes.
    if home is None or place is None:
        return _ask((need.id, "place", home), (session.id, "place", place))
    return YES if home == place else No("place")


def judge_eligible(facts: Facts, need: Need, session: Session) -> Answer:
    """The session is open to the recipient, by its id, its place, that place's regions or its groups."""
    codes = facts.codes_by_recipient[need.recipient]
    if not codes.isdisjoint(session.except_):
        return No("eligible")
    if session.only is None:
        return _ask((session.id, "only", None))
    if is_any(session.only) or not codes.isdisjoint(session.only):
        return YES
    return No("eligible")


def judge_women(facts: Facts, need: Need, session: Session) -> Answer:
    """A women-only session takes only needs that have seats for women."""
    if not session.women_only:
        return YES
    if need.women is None:
        return _ask((need.id, "women", None))
    return YES if need.women > 0 else No("women")


def judge_self(facts: Facts, need: Need, session: Session) -> Answer:
    """Nobody is matched with its own offer, or with one that it gives together with another."""
    return No("self") if need.recipient in facts.givers_of(session) else YES


def judge_group(facts: Facts, need: Need, session: Session) -> Answer:
    """The session can hold the smallest group that is worth sending."""
    room = facts.seats_of_session(session)
    if session.max_per_recipient is not None:
        room = min(room, session.max_per_recipient)
    return YES if room >= need.min_group else No("group")


def judge_seats(facts: Facts, need: Need, session: Session) -> Answer:
    """Seats that nobody has stated are planned as an assumption, and asked for."""
    if need.seats is not None and session.seats is not None:
        return YES
    return _ask((need.id, "seats", need.seats), (session.id, "seats", session.seats))


def judge_requires(facts: Facts, need: Need, session: Session) -> Answer:
    """What the session needs in order to run is stated, even where it needs nothing."""
    return _ask((session.id, "requires", None)) if session.requires is None else YES


def judge_forbidden(facts: Facts, need: Need, session: Session) -> Answer:
    """The pair was not declined."""
    return No("forbidden") if (need.id, session.id) in facts.banned_pairs else YES


def _ask(*fields: tuple[str, str, object]) -> Unknown:
    """The questions for those of the (record, field, value) that nobody has stated."""
    return Unknown(tuple(Question(record, name) for record, name, value in fields if value is None))


def _share_language(need: Need, session: Session) -> bool:
    return not set(fold_languages(need.languages)).isdisjoint(fold_languages(session.languages))


def find_bridges(facts: Facts, need: Need, session: Session) -> tuple[str, ...]:
    """The need's languages by which interpretation can bridge the pair, spelt and ordered as the need does.

    Empty where no interpretation is needed: a language is shared, or a side's languages are unknown or *any*.
    """
    if (
        need.languages is None
        or session.languages is None
        or is_any(need.languages)
        or is_any(session.languages)
    ):
        return ()
    if _share_language(need, session):
        return ()
    linked = facts.linked_languages(session)
    return tuple(language for language in need.languages if language.casefold() in linked)


# -- the table -------------------------------------------------------------------------------------------

RuleFunction = Callable[[Facts, Need, Session], Answer]
NeedKey = Callable[[Facts, Need], Hashable]
SessionKey = Callable[[Facts, Session], Hashable]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the table: its code, its function, and what it looks at on each side.

    Two needs (or sessions) with the same key get the same yes, no or unknown, so that over a whole round the
    rule need be asked once for each two distinct keys (`words.py`).
    """

    code: str
    judge: RuleFunction
    need_key: NeedKey
    session_key: SessionKey


RULES: Final = (
    Rule("area", judge_area, lambda _, need: need.areas, lambda _, session: session.areas),
    Rule("level", judge_level, lambda _, need: need.level, lambda _, session: session.level),
    Rule("personnel", judge_personnel, lambda _, need: need.personnel, lambda _, session: session.personnel),
    Rule(
        "dates",
        judge_dates,
        lambda _, need: (need.earliest, need.latest),
        lambda _, session: (session.start, session.end, session.not_before, session.not_after),
    ),
    Rule(
        "language",
        judge_language,
        lambda _, need: need.languages,
        lambda facts, session: (session.languages, facts.linked_languages(session)),
    ),
    Rule("mode", judge_mode, lambda _, need: need.modes, lambda _, session: session.mode),
    Rule(
        "place",
        judge_place,
        lambda facts, need: facts.place_of(need),
        lambda _, session: (session.mode, session.place),
    ),
    Rule(
        "eligible",
        judge_eligible,
        lambda _, need: need.recipient,
        lambda _, session: (session.only, session.except_),
    ),
    Rule("women", judge_women, lambda _, need: need.women, lambda _, session: session.women_only),
    Rule("self", judge_self, lambda _, need: need.recipient, lambda facts, session: facts.givers_of(session)),
    Rule(
        "group",
        judge_group,
        lambda _, need: need.min_group,
        lambda facts, session: (facts.seats_of_session(session), session.max_per_recipient),
    ),
    Rule("seats", judge_seats, lambda _, need: need.seats is None, lambda _, session: session.seats is None),
    Rule("requires", judge_requires, lambda _, need: None, lambda _, session: session.requires is None),
    Rule(
        "forbidden",
        judge_forbidden,
        lambda facts, need: need.id if need.id in facts.bans_by_need else None,
        lambda _, session: session.id,
    ),
)
RULE_BY_CODE: Final = {rule.code: rule for rule in RULES}


def judge_pair(facts: Facts | Problem, need: Need, session: Session) -> Verdict:
    """Return what every rule answers for a pair. To judge many pairs of one problem, pass one `Facts`."""
    known = Facts(facts) if isinstance(facts, Problem) else facts
    return Verdict({rule.code: rule.judge(known, need, session) for rule in RULES})
