"""What is said where a match cannot be answered: to its provider nothing but what it reads."""

from datetime import date

import pytest

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.domain.sentences import sentence
from lcm_service.services import decisions, lapses, match_refusals, repair, submissions
from lcm_service.services.match_refusals import CANNOT_NOW
from lcm_service.services.partial_acceptance import accept_fewer_seats
from tests.service.test_asked import Asked
from tests.service.test_known_plan import revise


@pytest.fixture
def asked(app):
    return Asked()


SECRET_REVISIONS = [
    {"languages": None},
    {"level": "advanced"},
    {"modes": ["online"]},
    {"earliest": date(2031, 1, 1), "latest": date(2031, 2, 1)},
    {"seats_asked": 12},
    {"seats_asked": 25, "min_group": 25},
]


class TestRefusals:
    """What its need says by now, or what the provider never reads of it, keeps it from answering."""

    @staticmethod
    def refusals(asked):
        """What the provider is told where it confirms, and where it accepts fewer seats."""
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        found = []
        for press in (
            lambda: decisions.confirm_match(asked.provider, seen.id, "provider", seen.version),
            lambda: accept_fewer_seats(asked.provider, seen.id, "provider", 15, "costs", seen.version),
        ):
            with pytest.raises(Conflict) as refusal:
                press()
            found.append((refusal.value.message, refusal.value.details))
        return found

    @pytest.mark.parametrize("changes", SECRET_REVISIONS)
    def test_they_name_no_rule_and_no_field_of_a_later_revision(self, asked, changes):
        asked.consent()
        revise(asked, **changes)
        if changes.get("seats_asked"):
            asked.recognise(changes["seats_asked"])
        assert self.refusals(asked) == [(CANNOT_NOW, {})] * 2
        codes = {one.code for one in repair.find_attention(asked.coordinator, asked.round.code)}
        assert codes & {"refused_pair", "unasked_pair"}

    def test_while_the_recipient_is_asked_for_more_they_are_the_same(self, asked):
        asked.consent()
        asked.recognise(28)
        asked.publish()
        assert asked.match.state == "asked"
        revise(asked, level="advanced", languages=None)
        assert self.refusals(asked)[0] == (CANNOT_NOW, {})

    def test_records_that_contradict_themselves_are_not_described(self, asked, monkeypatch):
        asked.consent()
        faulty = NotValid(
            sentence("Some records contradict themselves."), faults={"problem": ["needs[0].level"]}
        )

        def judge(*_, **__):
            raise faulty

        monkeypatch.setattr(match_refusals, "judge_pair_now", judge)
        assert self.refusals(asked)[0] == (CANNOT_NOW, {})
        match = asked.match
        with pytest.raises(NotValid):
            decisions.confirm_match(asked.coordinator, match.id, "provider", match.version, on_behalf=True)

    def test_revived_by_the_provider_it_is_told_no_more(self, asked):
        asked.consent()
        asked.lapse()
        revise(asked, level="advanced")
        for actor, told in ((asked.provider, {}), (asked.recipient, {"rules": ["level"]})):
            side = "provider" if actor is asked.provider else "recipient"
            with pytest.raises(Conflict) as refusal:
                lapses.revive_match(actor, asked.match.id, side, asked.match.version)
            assert refusal.value.details == told

    @pytest.mark.parametrize("is_need_revised", [False, True])
    def test_what_the_provider_reads_they_name(self, asked, is_need_revised):
        asked.consent()
        offer = submissions.find_offer(asked.provider, asked.offer.reference)
        submissions.revise_offer(
            asked.provider, offer.reference, {"level": "advanced", "languages": None}, offer.version
        )
        if is_need_revised:
            revise(asked, level="basic", languages=None, personnel=["individual_police"])
        assert [details for _, details in self.refusals(asked)] == [{"rules": ["level"]}] * 2

    def test_a_question_about_its_own_offer_they_name(self, asked):
        asked.consent()
        offer = submissions.find_offer(asked.provider, asked.offer.reference)
        submissions.revise_offer(asked.provider, offer.reference, {"languages": None}, offer.version)
        revise(asked, level=None)
        (_, details), _ = self.refusals(asked)
        own = {"record_kind": "offer", "record_reference": asked.offer.reference, "field": "languages"}
        assert details == {"questions": [own]}

    def test_a_question_about_the_need_they_name_where_the_provider_reads_it(self, app):
        asked = Asked()
        revise(asked, level=None)
        asked.publish()
        asked.consent()
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert seen.open_questions == (("need", asked.need.reference, "level"),)
        revise(asked, languages=None)
        (_, details), _ = self.refusals(asked)
        assert [(one["record_kind"], one["field"]) for one in details["questions"]] == [("need", "level")]

    def test_that_its_own_fewer_seats_are_too_few_they_name(self, app):
        asked = Asked()
        revise(asked, min_group=15)
        asked.publish()
        asked.consent()
        match = asked.match
        with pytest.raises(Conflict) as refusal:
            accept_fewer_seats(asked.provider, match.id, "provider", 12, "costs", match.version)
        assert refusal.value.details == {"rules": ["C2"]}
        revise(asked, min_group=20)
        with pytest.raises(Conflict) as refusal:
            accept_fewer_seats(asked.provider, match.id, "provider", 17, "costs", match.version)
        assert (refusal.value.message, refusal.value.details) == (CANNOT_NOW, {})

    def test_a_letter_shows_the_coordinator_why(self, asked):
        asked.consent()
        revise(asked, level="advanced")
        match = asked.match
        with pytest.raises(Conflict) as refusal:
            decisions.confirm_match(asked.coordinator, match.id, "provider", match.version, on_behalf=True)
        assert refusal.value.details == {"rules": ["level"]}
