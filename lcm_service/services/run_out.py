"""What has run out goes on under the matches that stand on it, and is asked nothing more until it is renewed:
no new pair, no further seat, no more of a support than its sessions have of it already (decision 36).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from lcm_service.domain.vocabulary import LIVE_PART_STATES
from lcm_service.persistence.tables import Need, Offer, Part, Plan, Support

type Pair = tuple[str, str]


def has_run_out(record: Need | Offer | Support, today: date) -> bool:
    """Whether the last day of a record is past."""
    return record.expires_on is not None and record.expires_on < today


def references_run_out(records: Iterable[Need | Offer | Support], today: date) -> frozenset[str]:
    """Those that have expired, also where nobody has said so yet."""
    return frozenset(one.reference for one in records if one.state == "expired" or has_run_out(one, today))


def closed_by_ends(
    run_out: Collection[str],
    needs: Iterable[str],
    offers_by_session: Mapping[str, str],
    live: Collection[Pair],
) -> set[Pair]:
    """The pairs of what has run out that hold no match."""
    needs = list(needs)
    over = {need for need in needs if need in run_out}
    closed = {
        (need, code)
        for code, offer in offers_by_session.items()
        for need in (needs if offer in run_out else over)
    }
    return closed - set(live)


def drawn_on(published: Plan | None, parts: Iterable[Part], codes: Collection[str]) -> dict[Pair, int]:
    """What the published plan sets aside for these sessions, by (support, session): for the parts that their
    owners have not declined, and what a provider gives to its own session.
    """
    parts = [part for part in parts if part.session_code in codes]
    drawn = Counter[Pair]()
    for row in () if published is None else published.document["sessions"]:
        for use in row["supports"] if row["id"] in codes else ():
            drawn[use["support"], row["id"]] += use["quantity"]
    for part in parts:
        pair = part.support_reference, part.session_code
        if part.state in LIVE_PART_STATES:
            drawn[pair] += 0
        elif part.state == "declined":
            drawn.pop(pair, None)
    return dict(drawn)


def closed_to_supports(
    run_out: Collection[str], supports: Iterable[str], codes: Iterable[str], drawn: Collection[Pair]
) -> set[Pair]:
    """The supports that have run out with the sessions that draw on nothing of them."""
    codes = list(codes)
    return {(one, code) for one in supports if one in run_out for code in codes} - set(drawn)
