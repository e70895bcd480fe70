"""What a made-up round can be like: where its scarcity lies, and how near it is to a plan last published.

A shape states ranges and chances; `generator.py` draws from them. All shapes draw in the same way, so that
what is hard in one is easy in another only by its numbers.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """Ranges are from fewest to most, both drawn; tuples of choices are drawn evenly, ``None``: no limit.

    `share_that_runs` is the part of an offer's candidate sessions that may run. `funds_units` are steps of
    10,000 dollars that a support of funds holds. `is_full` says that the plan last published fills whatever
    it can, instead of asking every offer and every provider of teams once; of its sessions `agreed_share` are
    pinned, and of the groups in others `declined_share` have been declined since.
    """

    need_seats: tuple[int, int] = (4, 30)
    min_groups: tuple[int, ...] = (1, 2, 4, 5, 8)
    session_seats: tuple[int, int] = (20, 40)
    min_seats: tuple[int, ...] = (8, 10, 12, 15)
    max_recipients: tuple[int | None, ...] = (None, 3, 4, 6)
    max_per_recipient: tuple[int | None, ...] = (None, 10, 15, 20)
    provider_seats: tuple[int | None, ...] = (None, None, 150, 300)
    share_that_runs: float = 0.5
    chance_of_costs: float = 0.5
    funds_units: tuple[int, int] = (6, 25)
    is_full: bool = False
    agreed_share: float = 0.1
    declined_share: float = 0.0


SHAPES = {
    "mixed": Shape(),
    # A seat in a session that may run for about every four that are asked for.
    "scarce_seats": Shape(
        session_seats=(8, 16),
        min_seats=(4, 5, 6, 8),
        max_per_recipient=(None, 4, 6, 8),
        provider_seats=(None, 40, 60, 100),
        share_that_runs=0.34,
    ),
    # Nearly every session at a centre costs money, and there is a tenth of it.
    "scarce_funds": Shape(chance_of_costs=0.95, funds_units=(2, 7)),
    # A session runs only where several small groups of different recipients meet.
    "small_groups": Shape(
        need_seats=(1, 6),
        min_groups=(1, 1, 2, 3),
        session_seats=(10, 16),
        min_seats=(7, 8, 9, 10),
        max_recipients=(None, 4, 6, 8),
        max_per_recipient=(None, 4, 6, 8),
        share_that_runs=0.34,
    ),
    "near_previous": Shape(is_full=True, agreed_share=0.25, declined_share=0.1),
}
