"""The fields of `lcm-problem/1`, record by record, in the order in which they are read.

Defaults are those of the data classes in `problem.py`. A list refers only to lists above it in `PROBLEM`.
"""

from collections.abc import Mapping
from typing import Any, Final

from optimizer.files.lists import Members, Numbers, Quarters
from optimizer.files.records import Field, Nested, Rows, Table
from optimizer.files.values import (
    Day,
    Flag,
    OneOf,
    Reference,
    Text,
    Whole,
)
from optimizer.problem import (
    ANY,
    FIT_PARTS,
    LEVELS,
    MODES,
    OBJECTIVES,
    PERSONNEL,
    PIN_RULES,
    PRIORITIES,
    PROBLEM_FORMAT,
    Ban,
    Need,
    Offer,
    Pin,
    Place,
    PlanningSeats,
    Policy,
    PreviousSeats,
    Problem,
    Provider,
    Recipient,
    Requirement,
    Score,
    Session,
    Substitution,
    Support,
)

ID: Final = Text()
CODE: Final = Text(reserves_any=True)
AT_LEAST_0: Final = Whole(least=0)
AT_LEAST_1: Final = Whole(least=1)
PERCENT: Final = Whole(least=0, most=100)

AREAS: Final = Members(Text(), may_be_any=True)
PERSONNEL_SET: Final = Members(OneOf(PERSONNEL), may_be_any=True)
LEVEL: Final = OneOf((*LEVELS, ANY))
CODES: Final = Members(Text(), may_be_any=True)

PLACE: Final = Table(
    record=Place,
    noun="place",
    identity=("id",),
    fields=(
        Field("id", CODE, "ISO 3166-1 alpha-3 where it names a country"),
        Field(
            "regions", Members(CODE, may_be_empty=True, in_order=True), "UN M49 regions, from wide to narrow"
        ),
    ),
)

RECIPIENT: Final = Table(
    record=Recipient,
    noun="recipient",
    identity=("id",),
    fields=(
        Field("id", CODE),
        Field("place", Reference(("places",)), "where it is; null: unknown"),
        Field("groups", Members(CODE, may_be_empty=True), "groups it belongs to; null: none"),
    ),
)

PROVIDER: Final = Table(
    record=Provider,
    noun="provider",
    identity=("id",),
    fields=(
        Field("id", CODE),
        Field("teams", AT_LEAST_0, "team sessions that may run on one day; null: no limit"),
        Field("seats", AT_LEAST_0, "seats over all its sessions; null: no limit"),
    ),
)

SUBSTITUTION: Final = Table(
    record=Substitution,
    noun="substitution",
    identity=("need_area", "session_area"),
    fields=(
        Field("need_area", CODE),
        Field("session_area", CODE, "may serve the need's area, less well"),
        Field("fit", Whole(least=1, most=99)),
    ),
)

NEED: Final = Table(
    record=Need,
    noun="need",
    identity=("id",),
    not_above=(("women", "seats"), ("min_group", "seats"), ("earliest", "latest")),
    fields=(
        Field("id", ID),
        Field("recipient", Reference(("recipients",))),
        Field("areas", AREAS, "any of them serves; null: unknown"),
        Field("place", Reference(("places",)), "where the trainees are; null: the recipient's place"),
        Field("level", LEVEL, "null: unknown"),
        Field("personnel", PERSONNEL_SET, "null: unknown"),
        Field("seats", AT_LEAST_1, "null: unknown"),
        Field("women", AT_LEAST_0, "seats that are for women; null: unknown"),
        Field("min_group", AT_LEAST_1, "fewest seats worth sending to one session; null: 1"),
        Field("max_groups", AT_LEAST_1, "sessions over which it may be spread; null: no limit"),
        Field("whole", Flag(), "true: all its seats or none; null: false"),
        Field("earliest", Day(), "null: unknown"),
        Field("latest", Day(), "null: unknown"),
        Field(
            "languages",
            Members(Text(), may_be_any=True, in_order=True, folds_case=True),
            "BCP 47, in order of preference; null: unknown",
        ),
        Field(
            "modes",
            Members(OneOf(MODES), may_be_any=True, in_order=True),
            "in order of preference; null: unknown",
        ),
        Field("priority", OneOf(PRIORITIES), "null: routine"),
    ),
)

OFFER: Final = Table(
    record=Offer,
    noun="offer",
    identity=("id",),
    fields=(
        Field("id", ID),
        Field("provider", Reference(("providers",))),
        Field("partners", Members(Reference(("providers", "recipients")), may_be_empty=True), "null: none"),
        Field("max_sessions", AT_LEAST_0, "candidate sessions that may run; null: no limit"),
        Field("record", PERCENT, "null: unknown"),
    ),
)


def _check_requirement(stated: Mapping[str, Any]) -> list[tuple[str, str]]:
    if stated["quantity"] is None and stated["per_seat"] is None:
        return [("quantity", "must be stated where per_seat is not")]
    return []


REQUIREMENT: Final = Table(
    record=Requirement,
    noun="requirement",
    check=_check_requirement,
    fields=(
        Field("kind", ID, "funds (dollars), venue, equipment, interpretation or another word"),
        Field("quantity", AT_LEAST_0, "null: 0, where per_seat is stated"),
        Field("per_seat", AT_LEAST_0, "null: 0"),
    ),
    schema_extra={
        "anyOf": [
            {"properties": {key: {"type": "integer"}}, "required": [key]} for key in ("quantity", "per_seat")
        ]
    },
)

SESSION: Final = Table(
    record=Session,
    noun="session",
    identity=("id",),
    not_above=(("min_seats", "seats"), ("start", "end"), ("not_before", "not_after")),
    fields=(
        Field("id", ID),
        Field("offer", Reference(("offers",))),
        Field("areas", AREAS, "null: unknown"),
        Field("level", LEVEL, "null: unknown"),
        Field("personnel", PERSONNEL_SET, "null: unknown"),
        Field("women_only", Flag(), "null: false"),
        Field("seats", AT_LEAST_1, "open to recipients; null: unknown"),
        Field("min_seats", AT_LEAST_1, "runs with at least so many, or not at all; null: 1"),
        Field("max_recipients", AT_LEAST_1, "null: no limit"),
        Field("max_per_recipient", AT_LEAST_1, "null: no limit"),
        Field("start", Day(), "null: unknown"),
        Field("end", Day(), "null: unknown"),
        Field("not_before", Day(), "all that is known where the days are not; null: no limit"),
        Field("not_after", Day(), "all that is known where the days are not; null: no limit"),
        Field("languages", Members(Text(), may_be_any=True, folds_case=True), "BCP 47; null: unknown"),
        Field("mode", OneOf((*MODES, ANY)), "null: unknown"),
        Field(
            "place", Reference(("places",)), "null: unknown; of a mobile team: it travels to the recipient"
        ),
        Field("only", CODES, "participants, places, regions, groups; null: unknown"),
        Field("except", Members(CODE, may_be_empty=True), "null: none", attribute="except_"),
        Field("team", Flag(), "occupies one of the provider's teams while it runs; null: false"),
        Field("requires", Rows(REQUIREMENT), "null: unknown; []: nothing"),
    ),
)

SUPPORT: Final = Table(
    record=Support,
    noun="support",
    identity=("id",),
    not_above=(("from", "to"),),
    fields=(
        Field("id", ID),
        Field("provider", Reference(("providers",))),
        Field(
            "kind", ID, "funds (dollars), venue, equipment, interpretation (session-units) or another word"
        ),
        Field("quantity", AT_LEAST_0, "null: it gives nothing until it is stated"),
        Field("per_session", AT_LEAST_0, "null: no limit"),
        Field("from", Day(), "null: no limit", attribute="from_"),
        Field("to", Day(), "null: no limit"),
        Field("only", CODES, "participants, places, regions, groups; null: no limit"),
        Field("areas", AREAS, "null: no limit"),
        Field("places", CODES, "places and regions; null: no limit"),
        Field("languages", Members(CODE, folds_case=True), "between which it interprets; null: none"),
        Field(
            "not_for",
            Members(Reference(("sessions",)), may_be_empty=True),
            "sessions for which it was declined; null: none",
            left_out_where_empty=True,
        ),
    ),
)

PAIR_FIELDS: Final = (Field("need", Reference(("needs",))), Field("session", Reference(("sessions",))))
PAIR: Final = ("need", "session")

SCORE: Final = Table(record=Score, noun="score", identity=PAIR, fields=(*PAIR_FIELDS, Field("fit", PERCENT)))
PIN: Final = Table(
    record=Pin,
    noun="pin",
    identity=PAIR,
    fields=(
        *PAIR_FIELDS,
        Field("seats", AT_LEAST_1),
        Field("rule", OneOf(PIN_RULES), "null: at_least"),
    ),
)
BAN: Final = Table(record=Ban, noun="ban", identity=PAIR, fields=PAIR_FIELDS)
PREVIOUS_SEATS: Final = Table(
    record=PreviousSeats,
    noun="previous_seats",
    identity=PAIR,
    fields=(*PAIR_FIELDS, Field("seats", AT_LEAST_1)),
)

PLANNING_SEATS: Final = Table(
    record=PlanningSeats,
    noun="planning_seats",
    fields=(
        Field("need", AT_LEAST_1, must_be_stated=True),
        Field("session", AT_LEAST_1, must_be_stated=True),
    ),
)
POLICY: Final = Table(
    record=Policy,
    noun="policy",
    fields=(
        Field("objectives", Members(OneOf(OBJECTIVES), in_order=True), "in order, each held before the next"),
        Field("weights", Numbers(PRIORITIES, AT_LEAST_0), "what a seat of each priority counts"),
        Field("quarters", Quarters(), "what a seat counts in each quarter of what is asked"),
        Field(
            "fit", Numbers(FIT_PARTS, PERCENT, total=100), "weights of the parts of a fit; they sum to 100"
        ),
        Field("planning_seats", Nested(PLANNING_SEATS), "seats planned where nobody has said how many"),
        Field("reached_seats", AT_LEAST_1),
        Field("unknowns", OneOf(("allow", "exclude")), "whether conditional pairs exist"),
    ),
)

PROBLEM: Final = Table(
    record=Problem,
    noun="problem",
    format=PROBLEM_FORMAT,
    fields=(
        Field("places", Rows(PLACE, declares="places")),
        Field("recipients", Rows(RECIPIENT, declares="recipients"), must_be_stated=True),
        Field("providers", Rows(PROVIDER, declares="providers"), must_be_stated=True),
        Field("substitutions", Rows(SUBSTITUTION)),
        Field("needs", Rows(NEED, declares="needs"), must_be_stated=True),
        Field("offers", Rows(OFFER, declares="offers"), must_be_stated=True),
        Field("sessions", Rows(SESSION, declares="sessions"), must_be_stated=True),
        Field("supports", Rows(SUPPORT)),
        Field("scores", Rows(SCORE)),
        Field("pinned", Rows(PIN), "agreed already"),
        Field("forbidden", Rows(BAN), "declined"),
        Field("previous", Rows(PREVIOUS_SEATS), "the plan last published"),
        Field("policy", Nested(POLICY)),
    ),
)
