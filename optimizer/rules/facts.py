"""What the pair rules, the fit and the model ask of a problem again and again, worked out once.

Nothing here decides anything: these are look-ups (where a need's trainees are, which codes a recipient
answers to, which supports fit a session), kept together so that no two places derive them in two ways. The
independent checker (`verifying/`) does not use this file, on purpose.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

from optimizer.problem import ANY, Need, Offer, Pin, Problem, Recipient, Session, Support
from optimizer.rules.fitting import Fitting, SetOfSupports

INTERPRETATION = "interpretation"


def is_any(value: Iterable[str] | None) -> bool:
    """Whether a list says that it does not matter: it holds only ``any`` (unknown is not *any*)."""
    return value is not None and tuple(value) == (ANY,)


def fold_languages(tags: Iterable[str] | None) -> tuple[str, ...]:
    """Language tags as they are compared: whole, without regard to case, in the order given."""
    return () if tags is None else tuple(tag.casefold() for tag in tags)


class Facts:
    """One problem with its look-ups. Build it once and pass it on: rules, fit and model share it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._fitting: dict[str, Fitting] = {}  # by kind
        self._links: dict[tuple[frozenset[str] | None, SetOfSupports], frozenset[str]] = {}

    # -- needs and their recipients --------------------------------------------------------------------------

    def recipient_of(self, need: Need) -> Recipient:
        return self.problem.recipient_by_id[need.recipient]

    def place_of(self, need: Need) -> str | None:
        """Where the trainees are: the need's own place, else the recipient's; ``None``: neither is known."""
        return need.place if need.place is not None else self.recipient_of(need).place

    def seats_of_need(self, need: Need) -> int:
        """Whole seats the need asks for; the planning seats where nobody has said."""
        return self.problem.policy.planning_seats.need if need.seats is None else need.seats

    def women_seats_of(self, need: Need) -> int:
        """Most seats of the need that may lie in women-only sessions (C12); unknown women: its seats."""
        return self.seats_of_need(need) if need.women is None else need.women

    def weight_of(self, need: Need) -> int:
        return self.problem.policy.weights[need.priority]

    @cached_property
    def codes_by_recipient(self) -> dict[str, frozenset[str]]:
        """The codes each recipient answers to: its id, its place, that place's regions, its groups."""
        return {recipient.id: self._codes_of(recipient) for recipient in self.problem.recipients}

    def _codes_of(self, recipient: Recipient) -> frozenset[str]:
        codes = {recipient.id, *recipient.groups}
        if recipient.place is not None:
            codes.update(self.codes_of_place(recipient.place))
        return frozenset(codes)

    # -- sessions and their offers ---------------------------------------------------------------------------

    def offer_of(self, session: Session) -> Offer:
        return self.problem.offer_by_id[session.offer]

    @cached_property
    def givers_by_offer(self) -> dict[str, frozenset[str]]:
        """Each offer's provider together with its partners."""
        return {offer.id: frozenset({offer.provider, *offer.partners}) for offer in self.problem.offers}

    def givers_of(self, session: Session) -> frozenset[str]:
        return self.givers_by_offer[session.offer]

    @cached_property
    def session_number(self) -> dict[str, int]:
        """Session -> its position in the problem."""
        return {session.id: number for number, session in enumerate(self.problem.sessions)}

    def seats_of_session(self, session: Session) -> int:
        """Whole seats of the session; the planning seats where nobody has said."""
        return self.problem.policy.planning_seats.session if session.seats is None else session.seats

    def codes_of_place(self, place: str) -> tuple[str, ...]:
        """A place's own id and its regions, from wide to narrow."""
        return (place, *self.problem.place_by_id[place].regions)

    # -- pairs -----------------------------------------------------------------------------------------------

    @cached_property
    def banned_pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset((ban.need, ban.session) for ban in self.problem.forbidden)

    @cached_property
    def bans_by_need(self) -> dict[str, list[str]]:
        """Need -> the sessions that it may not be matched with, because one side declined."""
        bans: dict[str, list[str]] = {}
        for ban in self.problem.forbidden:
            bans.setdefault(ban.need, []).append(ban.session)
        return bans

    @cached_property
    def pin_by_pair(self) -> dict[tuple[str, str], Pin]:
        return {(pin.need, pin.session): pin for pin in self.problem.pinned}

    @cached_property
    def pins_by_need(self) -> dict[str, list[Pin]]:
        pins: dict[str, list[Pin]] = {}
        for pin in self.problem.pinned:
            pins.setdefault(pin.need, []).append(pin)
        return pins

    @cached_property
    def score_by_pair(self) -> dict[tuple[str, str], int]:
        return {(score.need, score.session): score.fit for score in self.problem.scores}

    @cached_property
    def substitute_fit(self) -> dict[tuple[str, str], int]:
        """(need area, session area) -> best fit of a substitution that says so."""
        best: dict[tuple[str, str], int] = {}
        for rule in self.problem.substitutions:
            key = (rule.need_area, rule.session_area)
            best[key] = max(rule.fit, best.get(key, 0))
        return best

    # -- supports --------------------------------------------------------------------------------------------

    @cached_property
    def supports_by_kind(self) -> dict[str, tuple[Support, ...]]:
        by_kind: dict[str, list[Support]] = {}
        for support in self.problem.supports:
            by_kind.setdefault(support.kind, []).append(support)
        return {kind: tuple(supports) for kind, supports in by_kind.items()}

    @cached_property
    def support_number(self) -> dict[str, int]:
        """Support -> its position in the problem, which is what names in the model hold."""
        return {support.id: number for number, support in enumerate(self.problem.supports)}

    def fitting(self, kind: str) -> Fitting:
        """The index of a kind's supports: which of them fit a session (C9)."""
        if kind not in self._fitting:
            self._fitting[kind] = Fitting(self.supports_by_kind.get(kind, ()), self.codes_of_place)
        return self._fitting[kind]

    def fitting_supports(self, session: Session, kind: str) -> tuple[Support, ...]:
        """The supports of a kind that fit the session (C9), by id; ``only`` and quantities not looked at."""
        fitting = self.fitting(kind)
        return fitting.members(fitting.of_session(session))

    def usable_supports(self, session: Session, kind: str, recipients: Iterable[str]) -> SetOfSupports:
        """The supports of a kind that fit, have units to give, and whose ``only`` allows everyone there."""
        fitting = self.fitting(kind)
        usable = fitting.of_session(session) & fitting.giving
        admitting = usable
        for recipient in recipients:
            admitting &= fitting.open_to(self.codes_by_recipient[recipient])
        return admitting | usable & fitting.open_to(self.givers_of(session))

    def support_fits(self, support: Support, session: Session) -> bool:
        """Whether a support's dates, areas and places allow the session, for which it was not declined (C9).

        Only what is stated can refuse: a session whose areas, place or days are unknown, or whose areas are
        *any*, is not kept from the support by them.
        """
        if session.id in support.not_for:
            return False
        if support.from_ is not None and session.start is not None and session.start < support.from_:
            return False
        if support.to is not None and session.end is not None and session.end > support.to:
            return False
        if not self._areas_meet(support, session):
            return False
        if support.places is None or is_any(support.places) or session.place is None:
            return True
        return not support.places.isdisjoint(self.codes_of_place(session.place))

    @staticmethod
    def _areas_meet(support: Support, session: Session) -> bool:
        if support.areas is None or is_any(support.areas) or session.areas is None or is_any(session.areas):
            return True
        return not support.areas.isdisjoint(session.areas)

    def support_is_open_to(self, support: Support, session: Session) -> bool:
        """Whether the support may serve the session whoever is placed there: open to all, or to a giver."""
        only = support.only
        return only is None or is_any(only) or not only.isdisjoint(self.givers_of(session))

    def support_admits(self, support: Support, recipient: str) -> bool:
        """Whether `only` holds a code of the recipient (or names no one)."""
        only = support.only
        return only is None or is_any(only) or not only.isdisjoint(self.codes_by_recipient[recipient])

    def links(self, support: Support, language: str, session: Session) -> bool:
        """Whether an interpretation support holds this language and another one of the session (C10)."""
        held = set(fold_languages(support.languages))
        others = set(fold_languages(session.languages)) - {language}
        return language in held and not held.isdisjoint(others)

    def linking_supports(self, session: Session, language: str) -> SetOfSupports:
        """The supports of interpretation that hold this language (case folded) and another of the session."""
        others = set(fold_languages(session.languages)) - {language}
        found: SetOfSupports = 0
        for held, supports in self._supports_by_tongues.items():
            if language in held and not held.isdisjoint(others):
                found |= supports
        return found

    def linked_languages(self, session: Session) -> frozenset[str]:
        """Every language that some fitting interpretation support links with a language of the session."""
        fitting = self.fitting(INTERPRETATION).of_session(session)
        key = (session.languages, fitting)
        if key not in self._links:
            spoken = frozenset(fold_languages(session.languages))
            found: set[str] = set()
            for held in self._tongues_of(fitting):
                found.update(language for language in held if held & spoken - {language})
            self._links[key] = frozenset(found)
        return self._links[key]

    def _tongues_of(self, some: SetOfSupports) -> Iterator[frozenset[str]]:
        """The different sets of languages that some supports of interpretation hold."""
        return (held for held, supports in self._supports_by_tongues.items() if supports & some)

    @cached_property
    def _supports_by_tongues(self) -> dict[frozenset[str], SetOfSupports]:
        """Languages that supports of interpretation hold -> those that hold just these."""
        sets: dict[frozenset[str], SetOfSupports] = {}
        for place, support in enumerate(self.supports_by_kind.get(INTERPRETATION, ())):
            held = frozenset(fold_languages(support.languages))
            sets[held] = sets.get(held, 0) | 1 << place
        return sets
