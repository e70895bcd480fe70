"""Named reads of rounds, runs, plans, matches and the records that a round matches."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Session  # the type of what `transaction` yields, for those who annotate
from sqlalchemy.orm import defer, joinedload, selectinload
from sqlalchemy.orm.attributes import flag_modified

from lcm_service.domain.vocabulary import DECISION_SIDES, LIVE_MATCH_STATES, UNPUBLISHED_PLAN_STATES
from lcm_service.persistence.tables import (
    AreaSubstitute,
    Assessment,
    CourseRecord,
    Decision,
    Delivery,
    Match,
    Mission,
    Need,
    Offer,
    Part,
    Participant,
    Person,
    Place,
    Plan,
    Question,
    Region,
    Round,
    Run,
    Support,
    TrainingArea,
)


def find_round(session: Session, code: str) -> Round | None:
    return session.scalars(select(Round).where(Round.code == code)).one_or_none()


def list_rounds(session: Session) -> Sequence[Round]:
    """Every round, the newest first."""
    return session.scalars(select(Round).order_by(Round.opens_on.desc(), Round.id.desc())).all()


def lock_round(session: Session, round_id: int) -> Round:
    """The round, held until the transaction ends: decisions, withdrawals and publications of one round follow
    each other. Records may still be added meanwhile. SQLite holds its one write lock already.
    """
    statement = select(Round).where(Round.id == round_id).with_for_update(key_share=True)
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def list_needs(session: Session, round_id: int, references: Collection[str] | None = None) -> Sequence[Need]:
    """All needs of a round, or these of them, whatever their state, with their participants."""
    statement = select(Need).where(Need.round_id == round_id).order_by(Need.reference)
    if references is not None:
        statement = statement.where(Need.reference.in_(sorted(references)))
    return session.scalars(statement.options(joinedload(Need.participant))).all()


def list_offers(
    session: Session, round_id: int, references: Collection[str] | None = None
) -> Sequence[Offer]:
    """All offers of a round, or these of them, whatever their state, with their participants and dated
    sessions.
    """
    statement = select(Offer).where(Offer.round_id == round_id).order_by(Offer.reference)
    if references is not None:
        statement = statement.where(Offer.reference.in_(sorted(references)))
    return session.scalars(
        statement.options(joinedload(Offer.participant), selectinload(Offer.sessions))
    ).all()


def list_supports(
    session: Session, round_id: int, references: Collection[str] | None = None
) -> Sequence[Support]:
    """All supports of a round, or these of them, whatever their state, with their participants."""
    statement = select(Support).where(Support.round_id == round_id).order_by(Support.reference)
    if references is not None:
        statement = statement.where(Support.reference.in_(sorted(references)))
    return session.scalars(statement.options(joinedload(Support.participant))).all()


def find_need(session: Session, reference: str) -> Need | None:
    return session.scalars(select(Need).where(Need.reference == reference)).one_or_none()


def missions_of_needs(session: Session, references: Collection[str]) -> dict[str, Mission]:
    """The missions for which these needs are stated, by the reference of the need."""
    statement = (
        select(Need.reference, Mission)
        .join(Mission, Need.mission_code == Mission.code)
        .where(Need.reference.in_(sorted(references)))
    )
    return {reference: mission for reference, mission in session.execute(statement)}


def find_offer(session: Session, reference: str) -> Offer | None:
    return session.scalars(select(Offer).where(Offer.reference == reference)).one_or_none()


def list_participants(session: Session, codes: Collection[str]) -> Sequence[Participant]:
    return session.scalars(select(Participant).where(Participant.code.in_(sorted(codes)))).all()


def list_places(session: Session, codes: Collection[str]) -> Sequence[Place]:
    return session.scalars(select(Place).where(Place.code.in_(sorted(codes)))).all()


def list_regions(session: Session, codes: Collection[str]) -> Sequence[Region]:
    return session.scalars(select(Region).where(Region.code.in_(sorted(codes)))).all()


def list_areas(session: Session) -> Sequence[TrainingArea]:
    return session.scalars(select(TrainingArea).order_by(TrainingArea.code)).all()


def list_substitutes(session: Session) -> Sequence[AreaSubstitute]:
    order = (AreaSubstitute.need_area, AreaSubstitute.session_area)
    return session.scalars(select(AreaSubstitute).order_by(*order)).all()


def list_matches(session: Session, round_id: int) -> Sequence[Match]:
    """All matches of a round, in every state, with their decisions, by need and session."""
    statement = select(Match).where(Match.round_id == round_id)
    order = (Match.need_reference, Match.session_code)
    return session.scalars(statement.options(selectinload(Match.decisions)).order_by(*order)).all()


def find_plan(session: Session, plan_id: int) -> Plan | None:
    return session.get(Plan, plan_id)


def published_plan(session: Session, round_id: int) -> Plan | None:
    """The one plan of the round that is published now."""
    return session.scalars(
        select(Plan).where(Plan.round_id == round_id, Plan.state == "published")
    ).one_or_none()


def first_published_plan(session: Session, round_id: int) -> Plan | None:
    """The plan of the round that was published before all others."""
    statement = select(Plan).where(Plan.round_id == round_id, Plan.published_at.is_not(None))
    return session.scalars(statement.order_by(Plan.published_at, Plan.id).limit(1)).one_or_none()


def list_plans(session: Session, round_id: int) -> Sequence[Plan]:
    """All plans of a round, the newest first; what fills a page of its own is read where it is asked for."""
    large = (Plan.problem, Plan.document, Plan.explanation, Plan.labels, Plan.difference)
    statement = select(Plan).where(Plan.round_id == round_id).order_by(Plan.number.desc())
    return session.scalars(statement.options(*map(defer, large))).all()


def latest_draft(session: Session, round_id: int, base_plan_id: int | None) -> Plan | None:
    """The plan on its way to publication, else the newest draft, that was made on top of this published plan
    or of none.
    """
    statement = select(Plan).where(Plan.round_id == round_id, Plan.state.in_(UNPUBLISHED_PLAN_STATES))
    order = (Plan.state == "draft", Plan.number.desc())
    statement = statement.where(Plan.base_plan_id == base_plan_id).order_by(*order)
    return session.scalars(statement.limit(1)).one_or_none()


def list_drafts(session: Session, round_id: int) -> Sequence[Plan]:
    """The drafts of a round."""
    return session.scalars(select(Plan).where(Plan.round_id == round_id, Plan.state == "draft")).all()


def plan_on_its_way(session: Session, round_id: int) -> Plan | None:
    """The plan of the round that was put forward or approved, and is not published yet."""
    return session.scalars(
        select(Plan).where(Plan.round_id == round_id, Plan.state.in_(("put_forward", "approved")))
    ).one_or_none()


def plans_to_leave(session: Session, now: datetime) -> Sequence[int]:
    """The approved plans that were held long enough, the one that waits longest first."""
    statement = select(Plan.id).where(Plan.state == "approved", Plan.leaves_at <= now)
    return session.scalars(statement.order_by(Plan.leaves_at, Plan.id)).all()


def list_coordinators(session: Session) -> Sequence[Person]:
    """The coordinators who can sign in."""
    statement = select(Person).where(Person.role == "coordinator", Person.is_active)
    return session.scalars(statement.order_by(Person.id)).all()


def plan_of_run(session: Session, run_id: int) -> Plan | None:
    return session.scalars(select(Plan).where(Plan.run_id == run_id)).one_or_none()


def last_plan_number(session: Session, round_id: int) -> int:
    return session.scalar(select(func.max(Plan.number)).where(Plan.round_id == round_id)) or 0


def find_run(session: Session, run_id: int) -> Run | None:
    return session.scalars(select(Run).where(Run.id == run_id)).one_or_none()


def find_run_by_key(session: Session, idempotency_key: str) -> Run | None:
    return session.scalars(select(Run).where(Run.idempotency_key == idempotency_key)).one_or_none()


def list_runs(session: Session, round_id: int) -> Sequence[Run]:
    """All runs of a round, the newest first."""
    return session.scalars(select(Run).where(Run.round_id == round_id).order_by(Run.id.desc())).all()


def list_runs_for(session: Session, round_id: int, purpose: str) -> Sequence[Run]:
    """The runs of a round for one purpose, the newest first."""
    statement = select(Run).where(Run.round_id == round_id, Run.purpose == purpose)
    return session.scalars(statement.order_by(Run.id.desc())).all()


def list_runs_of_plan(session: Session, plan_id: int, purpose: str) -> Sequence[Run]:
    """The runs that begin from a plan for one purpose, the newest first."""
    statement = select(Run).where(Run.base_plan_id == plan_id, Run.purpose == purpose)
    return session.scalars(statement.order_by(Run.id.desc())).all()


def list_follow_ups(session: Session, run_id: int) -> Sequence[Run]:
    """The runs that try a way out of the clash that this run found."""
    return session.scalars(select(Run).where(Run.base_run_id == run_id).order_by(Run.id)).all()


def list_questions(session: Session, round_id: int) -> Sequence[Question]:
    order = (Question.seats.desc(), Question.record_reference, Question.field)
    return session.scalars(select(Question).where(Question.round_id == round_id).order_by(*order)).all()


def list_match_sides(
    session: Session,
    *,
    round_id: int | None = None,
    match_id: int | None = None,
    session_code: str | None = None,
    need_reference: str | None = None,
) -> list[tuple[Match, Participant, Participant]]:
    """Matches of a round, of one session or need of it, or one match, each with its recipient and its
    provider, by need and session.
    """
    statement = (
        select(Match, Need.participant_id, Offer.participant_id)
        .join(Need, Match.need_reference == Need.reference)
        .join(Offer, Match.offer_reference == Offer.reference)
        .options(selectinload(Match.decisions), selectinload(Match.plan).joinedload(Plan.round))
        .options(selectinload(Match.known_plan))
        .options(selectinload(Match.delivery).selectinload(Delivery.assessments))
        .options(selectinload(Match.offer).selectinload(Offer.sessions))
        .order_by(Match.need_reference, Match.session_code)
    )
    if round_id is not None:
        statement = statement.where(Match.round_id == round_id)
    if match_id is not None:
        statement = statement.where(Match.id == match_id)
    if session_code is not None:
        statement = statement.where(Match.session_code == session_code)
    if need_reference is not None:
        statement = statement.where(Match.need_reference == need_reference)
    rows = session.execute(statement).all()
    # Few participants are the sides of many matches: each is read once.
    sides = {participant for _, *both in rows for participant in both}
    known = {one.id: one for one in session.scalars(select(Participant).where(Participant.id.in_(sides)))}
    return [(match, known[receives], known[gives]) for match, receives, gives in rows]


def side_ids(session: Session, match: Match) -> tuple[int, int]:
    """The numbers of the recipient and of the provider of a match."""
    statement = (
        select(Need.participant_id, Offer.participant_id)
        .select_from(Match)
        .join(Need, Match.need_reference == Need.reference)
        .join(Offer, Match.offer_reference == Offer.reference)
        .where(Match.id == match.id)
    )
    recipient, provider = session.execute(statement).one()
    return recipient, provider


def read_match_again(session: Session, match: Match) -> None:
    """Read a match and its decisions anew, after the round was locked."""
    session.refresh(match)
    session.refresh(match, ["decisions", "delivery", "moved_days"])
    for decision in match.decisions:
        session.refresh(decision)
    if match.delivery is not None:
        session.refresh(match.delivery)
        session.refresh(match.delivery, ["assessments"])


def raise_version(row: Match | Part) -> None:
    """Count a change of its decisions or days as a change of the match or the part: whoever read it before
    has read too little.
    """
    flag_modified(row, "seats")


def list_people(session: Session, person_ids: Collection[int]) -> dict[int, Person]:
    found = session.scalars(select(Person).where(Person.id.in_(sorted(person_ids)))).all()
    return {person.id: person for person in found}


def list_gap_answers(
    session: Session, provider_id: int, title: str, standing: str
) -> list[tuple[Assessment, int]]:
    """What recipients say of a course that was delivered, oldest first, each with its recipient's number."""
    statement = (
        select(Assessment, Need.participant_id)
        .join(Delivery, Assessment.delivery_id == Delivery.id)
        .join(Match, Delivery.match_id == Match.id)
        .join(Need, Match.need_reference == Need.reference)
        .join(Offer, Match.offer_reference == Offer.reference)
        .join(Round, Match.round_id == Round.id)
        .where(Assessment.side == "recipient", Delivery.state == "delivered")
        .where(Offer.participant_id == provider_id, Offer.title == title, Round.standing == standing)
        .order_by(Assessment.id)
    )
    return [(assessment, recipient_id) for assessment, recipient_id in session.execute(statement)]


def find_course_record(session: Session, provider_id: int, title: str, standing: str) -> CourseRecord | None:
    return session.scalars(
        select(CourseRecord).where(
            CourseRecord.provider_id == provider_id,
            CourseRecord.title == title,
            CourseRecord.standing == standing,
        )
    ).one_or_none()


def course_shares(session: Session, standing: str) -> dict[tuple[int, str], int]:
    """The share of gaps closed, of every course that has a record: by its provider's number and its title."""
    rows = session.scalars(select(CourseRecord).where(CourseRecord.standing == standing))
    return {(row.provider_id, row.title): row.percent for row in rows}


def rounds_with_agreed(session: Session, participant_id: int | None = None) -> set[str]:
    """The codes of rounds that hold an agreed match, of this participant's needs and offers where it is
    named: one that all sides have confirmed, also where they are asked for more meanwhile.
    """
    confirmed_by_all = (
        select(Decision.match_id)
        .where(Decision.answer == "confirmed")
        .group_by(Decision.match_id)
        .having(func.count() == len(DECISION_SIDES))
    )
    stands = Match.state.in_(LIVE_MATCH_STATES) & Match.id.in_(confirmed_by_all)
    statement = (
        select(Round.code)
        .join(Match, Match.round_id == Round.id)
        .join(Need, Match.need_reference == Need.reference)
        .join(Offer, Match.offer_reference == Offer.reference)
        .where((Match.state == "agreed") | stands)
    )
    if participant_id is not None:
        of_own = (Need.participant_id == participant_id) | (Offer.participant_id == participant_id)
        statement = statement.where(of_own)
    return set(session.scalars(statement.distinct()))
