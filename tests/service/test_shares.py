"""How a State came off beside others: told to it alone, by a range that was kept when the first plan left."""

import pytest

from lcm_service.services import figures, submissions
from lcm_service.services.shares import share_of
from tests import factories
from tests.service import figure_rounds
from tests.service import matching_rounds as rounds


@pytest.fixture
def published(app):
    """A round in which each of eight States asks ten seats for each of two subjects and is given five."""
    round_ = figure_rounds.make_round()
    figure_rounds.fill(round_)
    figure_rounds.publish(round_)
    return round_


def need_of(round_, code):
    return next(
        need
        for need in submissions.list_needs(rounds.coordinator(), round_.code)
        if need.participant.code == code
    )


def owner_of(need):
    return factories.make_actor("focal_point", need.participant)


def test_the_owner_and_coordinators_read_it_and_nobody_else(published):
    need = need_of(published, "XFA")
    share = share_of(owner_of(need), need)
    assert (share.priority, share.own, share.lower, share.upper) == ("high", 50, 50, 60)
    assert share_of(rounds.coordinator(), need) == share
    assert share_of(owner_of(need_of(published, "XFB")), need) is None
    assert share_of(factories.make_actor("observer"), need) is None


def test_before_anything_is_published_there_is_nothing_to_compare(app):
    round_ = figure_rounds.make_round()
    figure_rounds.fill(round_)
    need = need_of(round_, "XFA")
    assert share_of(owner_of(need), need) is None


def test_what_is_published_later_moves_neither_the_range_nor_ones_own_share(published):
    need = need_of(published, "XFA")
    before = share_of(owner_of(need), need)
    late = factories.make_need(need.participant, published, areas=["C-IED"], seats_asked=10)
    factories.make_offer(round=published, areas=["C-IED"], seats=400, visibility_consent=True)
    plan = figure_rounds.publish(published)
    placed = sum(row["seats"] for row in plan.document["assignments"])
    assert placed > 80, "the second plan gives more than the first"
    assert share_of(owner_of(need), need) == before
    assert share_of(owner_of(late), late) is None


def test_among_too_few_a_state_reads_its_own_share_alone(app):
    round_ = factories.make_round()
    needs = [factories.make_need(round=round_, seats_asked=10) for _ in range(5)]
    factories.make_offer(round=round_, seats=30, min_seats=1)
    rounds.publish(rounds.coordinator(), rounds.solve_round(rounds.coordinator(), round_), put=False)
    shares = [share_of(owner_of(need), need) for need in needs]
    assert all((share.lower, share.upper) == (None, None) for share in shares)
    assert sum(share.own for share in shares) == 300


def test_the_range_is_not_among_the_public_figures(app, published):
    stranger = app.test_client()
    for address in ("/figures", "/figures.csv", "/api/v1/figures/"):
        assert "shares" not in stranger.get(address).text


def test_of_figures_that_were_kept_without_ranges_it_is_not_said_that_too_few_asked(app, monkeypatch):
    keep = figures._freeze
    monkeypatch.setattr(figures, "_freeze", lambda *given, shares: keep(*given))
    round_ = figure_rounds.make_round()
    figure_rounds.fill(round_)
    figure_rounds.publish(round_)
    need = need_of(round_, "XFA")
    assert share_of(owner_of(need), need) is None
