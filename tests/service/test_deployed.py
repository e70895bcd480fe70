"""Asks far above what a State deploys are flagged to coordinators and to itself, and refused to nobody."""

import re

import pytest

from lcm_service.domain.errors import NotAllowed
from lcm_service.services import deployed, submissions
from lcm_service.services.data_files import read_rows
from tests import factories


def test_a_state_that_asks_over_the_share_is_flagged_with_figure_date_and_source(app):
    round = factories.make_round("R2027")
    canada, nowhere = factories.make_participant("CAN"), factories.make_participant("XAA")
    personnel = deployed.figures()["CAN"].personnel
    limit = personnel * deployed.FAR_ABOVE_PERCENT // 100
    need = factories.make_need(canada, round, seats_asked=limit - 8)
    factories.make_need(canada, round, seats_asked=8, personnel=["civilian", "troops"])
    # None of these is asked for uniformed personnel now.
    factories.make_need(canada, round, seats_asked=500, personnel=["civilian"])
    factories.make_need(canada, round, seats_asked=500, state="withdrawn")
    factories.make_need(canada, seats_asked=500)
    factories.make_need(canada, round, seats_asked=None)
    factories.make_need(nowhere, round, seats_asked=5000)
    coordinator = factories.make_actor("coordinator")
    asks = deployed.weigh_asks(coordinator, "R2027")
    assert (asks["CAN"].seats, asks["CAN"].is_far_above) == (limit, False)
    assert (asks["XAA"].deployed, asks["XAA"].is_far_above) == (None, False)
    owner = factories.make_actor("focal_point", canada)
    submissions.revise_need(owner, need.reference, {"seats_asked": limit - 7}, need.version)
    for actor in (owner, coordinator):
        ask = deployed.weigh_asks(actor, "R2027", "CAN")["CAN"]
        assert (ask.seats, ask.is_far_above, ask.deployed.as_of) == (limit + 1, True, "2021-09-30")
    # Another State reads of none but its own, and who sees no needs reads nothing.
    other = factories.make_actor("focal_point", nowhere)
    assert list(deployed.weigh_asks(other, "R2027")) == ["XAA"]
    assert deployed.weigh_asks(other, "R2027", "CAN") == {}
    with pytest.raises(NotAllowed):
        deployed.weigh_asks(factories.make_actor("observer"), "R2027")


def test_each_figure_is_of_a_member_state_and_says_when_and_who():
    rows = read_rows("uniformed_personnel.csv")
    states = {row["code"] for row in read_rows("places.csv") if row["is_member_state"] == "yes"}
    assert len({row["code"] for row in rows} & states) == len(rows) >= 20
    for row in rows:
        assert int(row["personnel"]) > 0
        assert re.fullmatch(r"20\d\d(-\d\d){0,2}", row["as_of"])
        assert row["publisher"]
        assert row["address"].startswith("https://")
