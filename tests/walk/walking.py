"""The walk itself: one reader asks every route about every record, and what is wrong is written down.

It gives faults and asserts nothing, so that a planted fault can be shown to be found.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from tests.conftest import size_of_this_run
from tests.walk.asking import READS, WRITES, Walk, is_refused, may, plain, told_by
from tests.walk.cases import Case, may_know, none_like
from tests.walk.presses import PRESSES
from tests.walk.secrets import Readers, all_words, leaks_in, references, words_in
from tests.walk.words import EVERYBODY, SECOND

type Fault = tuple[str, str, str]
# At full size one reader asks some five thousand times.
FULL_WALK_SECONDS = 3_000
# Pages of what is not sent yet.
OF_DRAFTS = (".step", ".check")
# Routes that show what is known of a record, which a quick run asks about every one that the reader may see.
SHOWING = (
    ".show",
    ".step",
    ".check",
    ".history",
    ".read_need",
    ".read_offer",
    ".read_support",
    ".read_match",
    ".read_part",
    ".read_dates",
)


@dataclass
class Journey:
    """One reader on its way through all routes: what was wrong, and which words it has read."""

    walk: Walk
    role: str
    faults: list[Fault] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    words: dict[str, Readers] = field(default_factory=all_words)
    named: dict[str, Readers] = field(default_factory=references)
    none: dict[tuple[str, bool], Any] = field(default_factory=dict)

    def be_refused(self, only: Callable[[Any], bool] = lambda _: True) -> list[Fault]:
        """Ask for whatever is not for this reader, to read and to write."""
        watch = self.walk.watch()
        for rule, method in self.walk.rules(READS | WRITES):
            if not only(rule):
                continue
            refused = [case for case in self.walk.cases_of(rule) if not may(self.role, rule, case)]
            for case in chosen(refused, rule, self.role):
                answer = self.walk.ask(self.role, rule, method, case)
                if not is_refused(self.role, rule, answer):
                    self.note(rule, case, f"was answered {answer.status_code}")
                if watch.has_changed():
                    self.note(rule, case, "changed something")
                self.look_for_leaks(rule, case, answer)
                if case is not None and not may_know(self.role, case):
                    self.compare_with_none(rule, method, case, answer)
        watch.close()
        return self.faults

    def be_answered(self, only: Callable[[Any], bool] = lambda _: True) -> list[Fault]:
        """Read whatever is for this reader; nothing in it may be for others alone."""
        for rule, method in self.walk.rules(READS):
            if not only(rule):
                continue
            open_ = [case for case in self.walk.cases_of(rule) if may(self.role, rule, case)]
            shown = open_ if rule.endpoint.endswith(SHOWING) else chosen(open_, rule, self.role)
            answers = [(case, self.walk.ask(self.role, rule, method, case)) for case in shown]
            for case, answer in answers:
                # A form for a step that is not open now is a conflict, not a refusal.
                if answer.status_code not in (200, 409):
                    self.note(rule, case, f"was answered {answer.status_code}")
                self.look_for_leaks(rule, case, answer)
                self.read |= words_in(told_by(answer), self.words)
            # What was sent has no steps any more, so who keeps no draft is shown none.
            if rule.endpoint.endswith(OF_DRAFTS):
                answers = [row for row in answers if row[0] is not None and "-draft-" in row[0].value]
            if answers and not any(answer.status_code == 200 for _, answer in answers):
                self.note(rule, answers[0][0], "is answered for no record")
        return self.faults

    def be_heard(self, rule: Any, method: str, case: Case | None) -> TestResponse:
        """Press what is for this reader; neither the answer nor the page that it leads to may hold what is
        for others alone.
        """
        answer = self.walk.ask(self.role, rule, method, case)
        self.look_for_leaks(rule, case, answer)
        if answer.status_code == 303:
            page = self.walk.follow(self.role, answer)
            if page.status_code not in (200, 303):
                self.note(rule, case, f"leads to {answer.location}, which was answered {page.status_code}")
            self.look_for_leaks(rule, case, page)
        return answer

    def compare_with_none(self, rule: Any, method: str, case: Case, answer: TestResponse) -> None:
        """What a reader may not know of is answered as what is not there."""
        none = none_like(case)
        key = (rule.endpoint, "-draft-" in case.value)
        if key not in self.none:
            self.none[key] = plain(self.walk.ask(self.role, rule, method, none), none)
        if plain(answer, case) != self.none[key]:
            self.note(rule, case, f"{answer.status_code}, and what is not there {self.none[key][0]}")

    def look_for_leaks(self, rule: Any, case: Case | None, answer: TestResponse) -> None:
        # Whoever has the code of an invitation reads it.
        if rule.arguments & {"invitation_code", "renewal_code"}:
            return
        asked = case.value if case else None
        named = {one: readers for one, readers in self.named.items() if one != asked}
        for leak in sorted(leaks_in(told_by(answer), self.role, self.words, named)):
            self.note(rule, case, f"tells {leak}")

    def note(self, rule: Any, case: Case | None, what: str) -> None:
        self.faults.append((rule.endpoint, case.name if case else "", what))


def walked() -> list[str]:
    """Who goes on the walk: everybody at full size, and of two who stand in one place the first else."""
    is_full = size_of_this_run() == "full"
    return [role for role in EVERYBODY if is_full or role not in SECOND]


def chosen(cases: Iterable[Case | None], rule: Any, role: str) -> list[Case | None]:
    """All of them at full size. A quick run asks about two: the one on which the press of this route would be
    accepted, and one of the others by turns, so that routes and readers together come by all of them.
    """
    found = list(cases)
    if size_of_this_run() == "full" or len(found) < 3:
        return found
    press = PRESSES.get(rule.endpoint)
    fitting = next((one for one in found if one and press and one.state == press.state), found[0])
    others = [one for one in found if one is not fitting]
    turn = sum(map(ord, rule.endpoint + role)) % len(others)
    return [fitting, others[turn]]


def as_lines(faults: Iterable[Fault]) -> str:
    """Faults as they are read best: a line each."""
    return "\n".join(" | ".join(fault) for fault in faults)
