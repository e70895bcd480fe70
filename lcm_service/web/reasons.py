"""From the optimizer's codes to sentences, in the reader's language.

The optimizer speaks in stable codes and numbers and in no language at all; here, and only here, each code
gets its words. Every string is lazy. A test walks the optimizer's own lists of codes and fails where one has
no sentence, so that a new rule cannot reach a page as a bare code.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _

Sentences = Mapping[str, Any]

# Why a session does not suit a need: the rules of docs/matching.md, section 3, in its order.
RULES: Final[Sentences] = {
    "area": _("It teaches another subject."),
    "level": _("It is taught at another level."),
    "personnel": _("It is for other personnel."),
    "dates": _("Its dates are outside the dates that suit."),
    "language": _("It is taught in another language, and there is no interpretation."),
    "mode": _("It is given in a form that does not suit."),
    "place": _("It is held in another place than where the trainees are."),
    "eligible": _("It is not open to this participant."),
    "women": _("It is for women only, and no seats were asked for women."),
    "self": _("It is offered by the same participant."),
    "group": _("It has fewer seats for one participant than the smallest group worth sending."),
    "seats": _("It is not known how many seats there are."),
    "requires": _("It is not known what it requires."),
    "forbidden": _("One side declined this match."),
}

# The same rules where they say yes: why a match was made.
RULES_THAT_HOLD: Final[Sentences] = {
    "area": _("the subject"),
    "level": _("the level"),
    "personnel": _("the personnel"),
    "dates": _("the dates"),
    "language": _("the language"),
    "mode": _("the form of teaching"),
    "place": _("the place"),
    "eligible": _("who is eligible"),
    "women": _("seats for women"),
    "self": _("two different participants"),
    "group": _("the size of the group"),
    "seats": _("the number of seats"),
    "requires": _("what the course requires"),
    "forbidden": _("not declined before"),
}

# Why a need stays short of seats: the first reason that holds.
UNMET_REASONS: Final[Sentences] = {
    "no_session": _("No session teaches what is needed."),
    "blocked": _("Sessions teach what is needed, but another rule says no to each of them."),
    "support_missing": _(
        "A session would suit, but the funds, venue, equipment or interpretation for it are missing."
    ),
    "not_enough_for_a_group": _("The seats that are left are fewer than the smallest group worth sending."),
    "contention": _("Sessions would suit, but their seats went to other needs that count more or as much."),
}

# What a plan maximises, in words for those who answer for it.
OBJECTIVES: Final[Sentences] = {
    "critical": _("Critical needs first: seats for them, shared between the participants that have them"),
    "reached": _("Participants that get a worthwhile part of what they ask for"),
    "coverage": _("Seats for all needs by their priority, shared between participants"),
    "stability": _("Seats kept from the plan published before"),
    "quality": _("How well sessions suit needs, with few small groups"),
    "firm.critical": _("Critical needs first, by matches where nothing is still to be asked"),
    "firm.reached": _("Participants reached, by matches where nothing is still to be asked"),
    "firm.coverage": _("Seats for all needs, by matches where nothing is still to be asked"),
}

# The parts of a fit, each 0..100.
FIT_PARTS: Final[Sentences] = {
    "area": _("subject"),
    "language": _("language"),
    "mode": _("form"),
    "proximity": _("nearness"),
    "record": _("earlier courses"),
}

OUTCOMES: Final[Sentences] = {
    "optimal": _("Every objective is proven: no plan does better, in this order of objectives."),
    "feasible": _("The plan keeps every rule. The time ended before it was proven that no plan does better."),
    "clashing_pins": _("Some matches that are agreed or proposed cannot all be kept. A decision is needed."),
}
OUTCOME_NAMES: Final[Sentences] = {
    "optimal": _("Proven best"),
    "feasible": _("Not proven best"),
    "clashing_pins": _("Matches clash"),
}

# The same round under several policies: what each puts first.
SCENARIO_NAMES: Final[Sentences] = {
    "as_set": _("As set"),
    "coverage_first": _("Seats first"),
    "reached_first": _("Participants first"),
    "least_change": _("Least change"),
    "firm_only": _("Without open questions"),
}
SCENARIOS: Final[Sentences] = {
    "as_set": _("The aims in the order that this round has."),
    "coverage_first": _("As many seats as possible come first."),
    "reached_first": _("A worthwhile part for as many participants as possible comes first."),
    "least_change": _("What is published is kept before anything else is looked at."),
    "firm_only": _("No seat is placed that waits for an answer."),
}
SCENARIO_OUTCOMES: Final[Sentences] = {
    "optimal": _("Proven best, in this order of aims."),
    "feasible": _("Not proven: the time ended before it was certain that no plan does better."),
    "clashing_pins": _("No plan: matches that are agreed or proposed cannot all be kept."),
    "no_plan": _("No plan was found in its part of the time."),
}
# With what a scenario is compared.
SCENARIO_REFERENCES: Final[Sentences] = {
    "as_set": _("Compared with the round as it is set"),
    "previous": _("Compared with the plan that is published"),
}

# The limits of docs/matching.md, section 4, as what is met when pinned matches cannot hold together.
LIMITS: Final[Sentences] = {
    "C1": _("The seats of the session: at most what it has, and at least what it needs to run."),
    "C2": _("The smallest group worth sending."),
    "C3": _("The seats that the need asks for."),
    "C4": _("Over how many sessions the need may be spread."),
    "C5": _("How many participants the session takes, and how many seats one of them may have."),
    "C6": _("How many sessions of the offer may run."),
    "C7": _("How many teams the provider has on one day."),
    "C8": _("The seats that the provider gives over all its sessions."),
    "C9": _("The funds, venues and equipment that the session requires."),
    "C10": _("The interpretation that the session requires."),
    "C11": _("The matches that are agreed or proposed already."),
    "C12": _("The seats for women that the need asks for."),
}

STOPPED_BY: Final[Sentences] = {
    "time_limit": _("The time limit ended the search."),
    "interrupted": _("The search was stopped by hand."),
    "fault": _("The numbers are too large for a proof, or the solvers failed."),
}

# What is asked of the owner of a record, by the optimizer's field names. A session asks as its offer.
NEED_QUESTIONS: Final[Sentences] = {
    "areas": _("In which subjects is training needed?"),
    "level": _("At what level?"),
    "personnel": _("Who is to be trained?"),
    "seats": _("How many seats are needed?"),
    "seats_recognised": _("How many of the seats that were asked for count?"),
    "women": _("How many of the seats are for women?"),
    "earliest": _("From what day can the training start?"),
    "latest": _("By what day must the training end?"),
    "languages": _("In which languages can the trainees be taught?"),
    "modes": _("Which forms of training suit?"),
    "place": _("Where are the trainees?"),
    "priority": _("How urgent is it?"),
}
OFFER_QUESTIONS: Final[Sentences] = {
    "areas": _("Which subjects are taught?"),
    "level": _("At what level is it taught?"),
    "personnel": _("For which personnel is it?"),
    "seats": _("How many seats are open to others?"),
    "start": _("On what day does it start?"),
    "end": _("On what day does it end?"),
    "languages": _("In which languages is it taught?"),
    "mode": _("In what form is it given?"),
    "place": _("Where is it held?"),
    "only": _("Who may take part?"),
    "requires": _("What must others provide so that it can run?"),
    "record": _("What is known of how earlier courses went?"),
}
SUPPORT_QUESTIONS: Final[Sentences] = {
    "quantity": _("How much is given?"),
    "languages": _("Between which languages?"),
    "kind": _("What kind of support is it?"),
}
PARTICIPANT_QUESTIONS: Final[Sentences] = {"place": _("Where is the participant?")}

QUESTIONS: Final[Mapping[str, Sentences]] = {
    "need": NEED_QUESTIONS,
    "offer": OFFER_QUESTIONS,
    "session": OFFER_QUESTIONS,
    "support": SUPPORT_QUESTIONS,
    "participant": PARTICIPANT_QUESTIONS,
    "recipient": PARTICIPANT_QUESTIONS,
}

# What hangs on an answer that is left open when a record is sent (docs/matching.md, 3).
_COURSES = _("Which courses suit")
_DATES = _("Which dates suit")
_NEEDS = _("Which needs it can serve")
_DAYS = _("Whom its dates suit")
WHAT_HANGS: Final[Mapping[str, Sentences]] = {
    "need": {
        **dict.fromkeys(("personnel", "areas", "level", "languages", "modes"), _COURSES),
        "seats": _("How many seats are planned for you; until then the number is assumed"),
        "women": _("Whether courses for women only suit"),
        **dict.fromkeys(("earliest", "latest"), _DATES),
    },
    "offer": {
        **dict.fromkeys(("personnel", "only", "areas", "level", "languages", "mode", "place"), _NEEDS),
        "requires": _("Whether it can run"),
        "seats": _("How many can take part; until then the number is assumed"),
        **dict.fromkeys(("start", "end"), _DAYS),
    },
    "support": {
        "quantity": _("How many courses it can carry"),
        "languages": _("Which courses it can serve"),
    },
}

# The same in a word or two, for rows that gather several questions of one record.
QUESTION_NAMES: Final[Sentences] = {
    "areas": _("subjects"),
    "level": _("level"),
    "personnel": _("personnel"),
    "seats": _("seats"),
    "seats_recognised": _("recognition of its seats"),
    "women": _("seats for women"),
    "earliest": _("earliest start"),
    "latest": _("latest end"),
    "languages": _("languages"),
    "modes": _("forms of training"),
    "mode": _("form"),
    "place": _("place"),
    "priority": _("priority"),
    "start": _("first day"),
    "end": _("last day"),
    "only": _("who may take part"),
    "requires": _("what it requires"),
    "record": _("earlier courses"),
    "quantity": _("quantity"),
    "kind": _("kind"),
}

# What speaks against other days for a session, beside the rules and limits.
DATE_OBSTACLES: Final[Sentences] = {
    "mission": _("The mission ends before the course does."),
    "support": _("The support cannot be used on these days."),
    "unknown": _("It cannot be judged: records of what stands beside it contradict themselves."),
}

# What has happened since the published plan was made and calls for a repair.
ATTENTION: Final[Sentences] = {
    "declined_pair": _("A side declined this match."),
    "released_pair": _("This match was released."),
    "reduced_pair": _("A side accepted fewer seats of this match; the others are free."),
    "lapsed_pair": _("This match lapsed, as nobody answered in time."),
    "refused_pair": _("What its records say now speaks against this match."),
    "unasked_pair": _("A record of this match no longer says what it depends on, and nobody is asked."),
    "withdrawn_need": _("This need was withdrawn or has expired."),
    "withdrawn_session": _("This session was withdrawn, or its offer was withdrawn or has expired."),
    "withdrawn_support": _("This support was withdrawn or has expired."),
    "declined_support": _("Its owner declined to give this support to the session."),
    "lapsed_support": _("The owner of this support did not answer in time for the session."),
    "short_support": _("Its owner has less of this support now than the plan draws on."),
    "moved_session": _("All who take part in this session have agreed on other days."),
    "restated_session": _("The offer states other days or another country for this session."),
    "late_need": _("This need came in after the plan was asked for."),
    "late_offer": _("This offer came in after the plan was asked for."),
    "late_support": _("This support came in after the plan was asked for."),
    "faulty_records": _("Records contradict themselves. No plan can be made until they are corrected."),
}

# What the difference to the published plan says of a match.
CHANGES: Final[Sentences] = {
    "kept": _("Kept"),
    "added": _("Added"),
    "lost": _("Lost"),
    "changed": _("Other seats"),
}

# What happened to a run, line by line.
STORY: Final[Sentences] = {
    "requested": _(
        "The run was asked for, with %(needs)s needs, %(sessions)s sessions "
        "and %(pins)s matches that are agreed or proposed."
    ),
    "follows": _("Run %(run)s found matches that clash. This run tries a way out: %(choice)s."),
    "asked_about_plan": _(
        "It was asked what would help the needs that plan %(plan)s leaves short, and who would be next."
    ),
    "asked_about_need": _(
        "It was asked what would help need %(need)s of plan %(plan)s, and who would be next."
    ),
    "started": _("A worker took the run (attempt %(attempt)s)."),
    "worker_lost": _("The worker gave no sign of life. The run waits again."),
    "gave_up": _("The worker was lost %(attempts)s times. The run is not tried again."),
    "cancelled": _("The run was cancelled. No plan was stored, and earlier plans are as they were."),
    "crashed": _(
        "The solving process ended unexpectedly (%(how)s). "
        "No plan was stored, and earlier plans are as they were."
    ),
    "said": _("The solving process said: %(line)s"),
    "no_plan_in_time": _("The time limit of %(seconds)s seconds ended the search before any plan was found."),
    "overran": _("The solving process did not stop at its time limit of %(seconds)s seconds and was ended."),
    "refused": _(
        "The answer failed the independent check (%(violations)s faults, the first: %(first)s). "
        "It was not stored."
    ),
    "unreadable": _("The answer could not be read (%(fault)s). It was not stored."),
    "stored": _("Plan %(plan)s was checked and stored as a draft, after %(seconds)s seconds."),
    "compared": _("%(scenarios)s scenarios were solved, checked and stored. No plan was made."),
    "explained": _(
        "What would help %(needs)s needs, and who would be next for %(matches)s matches, was worked out. "
        "No plan was made."
    ),
    "clash": _(
        "No plan keeps all matches that are agreed or proposed: %(pins)s of them clash. No plan was stored."
    ),
    "choice_requested": _("Run %(run)s tries a way out: %(choice)s."),
    "no_choice_left": _("Every way out of this clash has been tried already."),
    "worker_stopped": _("The worker was stopped before the run ended. The run waits again."),
}

# What people and the service did to a record, for its history.
ACTIONS: Final[Sentences] = {
    "save": _("saved it as a draft"),
    "send": _("sent the draft"),
    "submit": _("submitted it"),
    "revise": _("changed it"),
    "withdraw": _("withdrew it"),
    "acknowledge": _("acknowledged it"),
    "authenticate": _("authenticated it by a note verbale"),
    "return": _("gave it back with questions"),
    "circulate": _("circulated it to all who take part"),
    "expire": _("let it expire, as its last day was past"),
    "renew": _("renewed it"),
    "withdraw_session": _("withdrew a session"),
    "recognise": _("recognised seats and priority"),
    "put_forward": _("put it forward for approval"),
    "approve": _("approved it"),
    "take_back": _("took it back before it left"),
    "hold_back": _("kept it back, as something had been decided against it"),
    "publish": _("published it"),
    "discard": _("discarded it"),
    "confirm": _("confirmed it"),
    "decline": _("declined it"),
    "release": _("released it"),
    "open": _("opened it"),
    "close": _("closed it"),
    "reopen": _("opened it again"),
    "supersede": _("replaced it by a later plan"),
    "request": _("asked for it"),
    "cancel": _("cancelled it"),
    "load": _("loaded it"),
    "ask": _("asked the recipient whether it agrees to be put to the provider"),
    "consent": _("agreed to be put to the provider"),
    "cut": _("proposed fewer seats and asked both sides anew"),
    "propose": _("put it to both sides"),
    "agree": _("made it agreed, as all sides have confirmed"),
    "grow": _("proposed more seats"),
    "decline_more": _("declined the additional seats"),
    "lapse": _("let it lapse, as nobody had answered in time"),
    "lapse_more": _("let the additional seats lapse, as nobody had answered in time"),
    "revive": _("put it forward again"),
    "schedule": _("said when and where the course will be"),
    "deliver": _("reported that the course was held"),
    "not_deliver": _("reported that the course was not held"),
    "correct": _("corrected what was reported of the course"),
    "assess": _("said what it thinks of the course"),
    "count": _("renewed the record of the course"),
    "reply": _("replied to the record of the course"),
    "ask_part": _("asked the owner of the support for its part"),
    "decline_rest": _("declined what was more than it had confirmed"),
    "lapse_rest": _("let what was more than confirmed lapse, as nobody had answered in time"),
    "accept_fewer": _("accepted fewer seats"),
    "propose_dates": _("proposed other days for the session"),
    "close_dates": _("ended the proposal of other days"),
    "move_dates": _("moved the session to other days, as all who take part agreed"),
    "restate": _("stated other days or another country for the session in the offer"),
    "accept": _("accepted the proposed days"),
    "refuse": _("refused the proposed days"),
    "move": _("moved the session, as all who take part agreed"),
    "end": _("ended the proposal"),
    "stand": _("asked for no more than what was confirmed"),
    "meet": _("let the recipients of the session see each other, as all of them agreed"),
    "set_policy": _("changed its policy"),
    "store": _("stored it"),
    "fail": _("ended without a plan"),
    "export": _("took it out as a file"),
}


def rule_sentence(code: str) -> Any:
    """Why the rule says no, as a sentence."""
    return RULES.get(code, code)


def limit_sentence(code: str) -> Any:
    """What matches or days meet: one of C1..C12, a pair rule, or what speaks against other days."""
    return LIMITS.get(code) or RULES.get(code) or DATE_OBSTACLES.get(code, code)


def attention_sentence(code: str) -> Any:
    """What has happened since the published plan was made."""
    return ATTENTION.get(code, code)


def question_sentence(record_kind: str, field: str) -> Any:
    """The question that stands for a field nobody has stated."""
    return QUESTIONS.get(record_kind, {}).get(field, field)


def action_words(action: str) -> Any:
    """What was done to a record; actions are stored as ``verb`` or ``kind.verb``."""
    verb = action.rsplit(".", 1)[-1]
    return ACTIONS.get(verb) or ACTIONS.get(verb.rsplit("_", 1)[0], action)
