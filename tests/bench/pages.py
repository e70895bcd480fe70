"""Server time of every page of a coordinator, in a large round: `python -m tests.bench.pages`.

A round of made-up records (500 needs, at least 500 sessions) is loaded into a new database, solved and
published, as people would. Then each page is asked for a number of times, by a signed-in coordinator, without
a network between: what is measured is what a server computes. Prints a table in Markdown: milliseconds, kB as
sent packed, and how many times longer than the page that asks the database for nothing else than who asks.
"""

import argparse
import gzip
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import OfferSession, Participant, Round
from lcm_service.services import matching
from lcm_service.services.exercise_draws import Draws
from lcm_service.services.exercise_records import draw_need, draw_offer, read_courses
from lcm_service.services.exercise_world import read_participants
from lcm_service.services.round_loading import add_record, participants_by_code
from lcm_service.serving import settle_memory
from tests.bench.repairing import percentile
from tests.fixtures import migrate, sign_in
from tests.web import world
from tests.web.addresses import addresses

# The page to which the others are compared.
PLAIN_PAGE = "start.how_it_works"
LIMIT_SECONDS = 120


@dataclass(frozen=True)
class PageTime:
    """What a page took, over all times that it was asked for."""

    name: str
    milliseconds: list[float]
    packed_kb: float

    def row(self, plain_ms: float) -> str:
        median, p95 = percentile(self.milliseconds, 0.5), percentile(self.milliseconds, 0.95)
        return (
            f"| {self.name} | {median:,.0f} | {p95:,.0f} | {self.packed_kb:,.0f} | {median / plain_ms:.1f} |"
        )


def load_large_round(needs: int, sessions: int, seed: int) -> tuple[int, int]:
    """Add drawn records to the exercise until it has so many needs and sessions; gives how many were added.
    Providers send as many times more teams as there are more needs.
    """
    draws, courses, participants = Draws(seed), read_courses(), read_participants()
    providers = [one for one in participants if one.provides]
    recipients = [one for one in participants if one.kind == "member_state" and not one.provides]
    with transaction() as session:
        round_ = session.scalars(select(Round).where(Round.code == world.EXERCISE)).one()
        owners = participants_by_code(session)
        held, offers = 0, 0
        while held < sessions:
            provider = draws.pick(providers)
            fields = draw_offer(draws, draws.pick(courses), provider, participants).fields
            held += len(fields["sessions"])
            offers += 1
            add_record(session, SYSTEM, "offer", round_, owners[provider.code], fields)
        for number in range(needs):
            recipient = recipients[number % len(recipients)]
            drawn = draw_need(draws, courses[number % len(courses)], recipient)
            add_record(
                session, SYSTEM, "need", round_, owners[recipient.code], drawn.fields, **drawn.recognised
            )
        times = needs // 40
        session.execute(
            update(Participant).values(teams=Participant.teams * times, seats=Participant.seats * times)
        )
    return offers, held


def prepare(folder: Path, needs: int, sessions: int, seed: int) -> Path:
    """A database with the large round, solved once, in this folder; one that is there is taken as it is."""
    empty, path = folder / "empty.sqlite3", folder / f"pages-{needs}-{sessions}-{seed}.sqlite3"
    if path.exists():
        return path
    begun = folder / "begun.sqlite3"
    migrate(f"sqlite:///{empty}")
    world.build_world(empty, begun)
    app = world.open_world(begun)
    with app.app_context():
        load_large_round(needs, sessions, seed)
        matching.request_run(
            world.coordinator_of(app),
            world.EXERCISE,
            idempotency_key="large",
            time_limit_seconds=LIMIT_SECONDS,
        )
        world.let_worker_run(app)
        db.session.remove()
        db.engine.dispose()
    return begun.rename(path)


def describe(app: Flask) -> str:
    """What the newest plan holds, for the line above the table."""
    document = world.draft_of(world.EXERCISE).document
    sessions = db.session.query(OfferSession).count()
    return (
        f"{len(document['assignments'])} matches, {len(document['unmet'])} needs short of seats, "
        f"{len(document['sessions'])} of {sessions} sessions run"
    )


def time_page(client: FlaskClient, name: str, address: str, times: int) -> PageTime | str:
    """Ask for a page so often. The first time, which compiles its templates, does not count. A page that
    there is not now (none to correct before a plan is published) gives its name and status instead.
    """
    first = client.get(address)
    if first.status_code != 200:
        return f"{name} {first.status_code}"
    taken = []
    for _ in range(times):
        begin = perf_counter()
        answer = client.get(address)
        taken.append((perf_counter() - begin) * 1000)
    return PageTime(name, taken, len(gzip.compress(answer.data, 6)) / 1000)


def measure(app: Flask, times: int) -> list[PageTime | str]:
    client = app.test_client()
    with app.app_context():
        sign_in(client, world.person_by_email(world.COORDINATOR))
        pages = addresses(app, world.EXERCISE)
    return [time_page(client, name, address, times) for name, address in sorted(pages.items())]


def tell(title: str, found: list[PageTime | str]) -> None:
    """The table of one state of the round, the dearest page first."""
    timed = [one for one in found if isinstance(one, PageTime)]
    plain = next(page for page in timed if page.name == PLAIN_PAGE)
    print(f"\n**{title}**\n\n| page | median ms | p95 ms | kB packed | times the plain page |")
    print("|---|---|---|---|---|")
    for page in sorted(timed, key=lambda one: -percentile(one.milliseconds, 0.95)):
        print(page.row(percentile(plain.milliseconds, 0.5)))
    print(
        f"\nNot there then: {', '.join(one for one in found if isinstance(one, str)) or 'none'}.", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--needs", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep the prepared database here, and take it from here")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        prepared = prepare(
            arguments.folder or Path(temporary), arguments.needs, arguments.sessions, arguments.seed
        )
        used = Path(temporary) / "used.sqlite3"
        shutil.copyfile(prepared, used)
        app = world.open_world(used)
        with app.app_context():
            print(f"{describe(app)}.")
        settle_memory()
        tell("Draft plan", measure(app, arguments.times))
        with app.app_context():
            world.publish_draft(world.EXERCISE, put=False)
        tell("Published plan", measure(app, arguments.times))


if __name__ == "__main__":
    main()
