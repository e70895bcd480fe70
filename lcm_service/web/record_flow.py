"""The pages that needs, offers and supports have in common.

Records of all three kinds are listed, submitted, shown, revised and withdrawn in the same steps, and keep a
history. The steps stand here once. What a kind has of its own is in `record_kinds`; its area adds the pages
that no other kind has.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lcm_service.domain import completeness, permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor
from lcm_service.domain.record_fields import column_of
from lcm_service.domain.record_lives import open_to_coordinators
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.schemas.records import (
    NoteSchema,
    RenewalSchema,
    ReturnSchema,
    WithdrawalSchema,
)
from lcm_service.services import rounds, submissions, trail
from lcm_service.web import taken_up
from lcm_service.web.fields import FormView, Section
from lcm_service.web.record_kinds import RecordForm, RecordKind
from lcm_service.web.saving import (
    Page,
    StaleFacts,
    Values,
    in_stored_order,
    read_version,
    save_or_show_again,
)
from lcm_service.web.shared_fields import NOTE, OWNER, RENEWAL, RETURN, WITHDRAWAL
from lcm_service.web.showing import current_actor, today

# What is said to who takes part in no round, for each of the three kinds of records.
ONLY_PARTICIPANTS_SUBMIT = {
    "needs": sentence("Only focal points and coordinators submit needs."),
    "offers": sentence("Only focal points and coordinators submit offers."),
    "supports": sentence("Only focal points and coordinators submit supports."),
}


@dataclass(frozen=True)
class RecordPages:
    """The pages of one kind of record. The name of each method is the name of its endpoint."""

    kind: RecordKind

    def add_to(self, bp: Blueprint) -> None:
        """Give the area the addresses that every kind has."""
        of_round, of_record = f"/rounds/<code>/{self.kind.area}", f"/{self.kind.area}/<reference>"
        bp.get(of_round)(self.index)
        bp.get(f"{of_round}/new")(self.new)
        bp.post(f"{of_round}/new")(self.submit)
        bp.get(of_record)(self.show)
        bp.get(f"{of_record}/revise")(self.edit)
        bp.post(f"{of_record}/revise")(self.revise)
        bp.post(f"{of_record}/discard")(self.discard)
        bp.get(f"{of_record}/withdraw")(self.ask_withdrawal)
        bp.post(f"{of_record}/withdraw")(self.withdraw)
        bp.get(f"{of_record}/renew")(self.ask_renewal)
        bp.post(f"{of_record}/renew")(self.renew)
        bp.get(f"{of_record}/history")(self.history)
        bp.post(f"{of_record}/acknowledge")(self.acknowledge)
        bp.get(f"{of_record}/authenticate")(self.ask_authentication)
        bp.post(f"{of_record}/authenticate")(self.authenticate)
        bp.post(f"{of_record}/circulate")(self.circulate)
        bp.get(f"{of_record}/return")(self.ask_return)
        bp.post(f"{of_record}/return")(self.give_back)

    def index(self, code: str) -> str:
        """The records of a round, as far as the reader may see them."""
        actor = current_actor()
        found = self.kind.services.list_all(actor, code)
        more = self.kind.list_more(actor, code)
        round = rounds.find_round(actor, code)
        return self._render(f"{self.kind.area}/index.html", round, records=found, **more)

    def new(self, code: str) -> str:
        """An empty form, or one filled in from an earlier record. Any of it may be left for later."""
        earlier = request.args.get("like", "")
        if earlier:
            return self._show_again(code, earlier)
        return self._show_new(code, FormView(self.sections_of_new(current_actor()), self.kind.at_first))

    def submit(self, code: str) -> Page:
        """Submit a record for the actor's own participant, or for the one that a coordinator names."""
        actor = current_actor()
        form = self.kind.form

        def save(values: Values) -> str:
            owner = values.pop("participant", None) or actor.participant_code
            finished = form.finish(values, None)
            if request.form.get("state") == "draft":
                record = submissions.save_draft(actor, self.kind.name, owner or "", code, finished)
                return self._lead_on(_("The draft is saved. Nobody else reads it."), record.reference)
            record = self.kind.services.submit(actor, owner or "", code, finished)
            return self._lead_on(self.kind.recorded, record.reference)

        return save_or_show_again(
            self.sections_of_new(actor),
            save,
            lambda view, _stale: self._show_new(code, view),
            schema=self.kind.schema,
            # Whom a coordinator names is not part of the record.
            beside=("participant",) if permissions.may_coordinate(actor) else (),
            read_more=form.read_more,
        )

    def show(self, reference: str) -> str:
        """One record, and what is still to be asked about it."""
        actor = current_actor()
        record = self.kind.services.find(actor, reference)
        return self._render(
            f"{self.kind.area}/show.html",
            record.round,
            record=record,
            missing=completeness.missing_fields(self.kind.name, record),
            may_change=permissions.may_change_record(actor, record.participant_id),
            open_steps=open_to_coordinators(record.state) if permissions.may_coordinate(actor) else (),
            later_rounds=self._later_rounds(actor, record),
            **self.kind.show_more(actor, record),
        )

    def edit(self, reference: str) -> str:
        """The form, filled in with what is known."""
        return self.show_form(reference, self.kind.form)

    def revise(self, reference: str) -> Page:
        """Change a record; what is cleared becomes unknown."""
        return self.save_form(reference, self.kind.form)

    def discard(self, reference: str) -> Page:
        """Take a draft away."""
        actor = current_actor()
        code = self.kind.services.find(actor, reference).round.code
        submissions.discard_draft(actor, self.kind.name, reference, read_version(request.form))
        flash(_("The draft is discarded."), "good")
        return redirect(url_for("rounds.show", code=code), HTTPStatus.SEE_OTHER)

    def ask_withdrawal(self, reference: str) -> str:
        """Ask once more, and for the reason."""
        return self._show_withdrawal(reference, FormView(WITHDRAWAL), None)

    def withdraw(self, reference: str) -> Page:
        """Withdraw a record. Nobody else moves."""
        actor = current_actor()

        def save(values: Values) -> str:
            self.kind.services.withdraw(actor, reference, read_version(request.form), values["reason"])
            return self._lead_on(self.kind.withdrawn, reference)

        return save_or_show_again(
            WITHDRAWAL,
            save,
            lambda view, stale: self._show_withdrawal(reference, view, stale),
            schema=WithdrawalSchema,
        )

    def ask_renewal(self, reference: str) -> str:
        """Until what day a record that expired shall stand."""
        return self._show_renewal(reference, FormView(RENEWAL), None)

    def renew(self, reference: str) -> Page:
        """Let it stand until then."""
        actor = current_actor()

        def save(values: Values) -> str:
            version = read_version(request.form)
            submissions.renew_record(actor, self.kind.name, reference, **values, version=version)
            return self._lead_on(_("%(reference)s is renewed."), reference)

        return save_or_show_again(
            RENEWAL,
            save,
            lambda view, stale: self._show_renewal(reference, view, stale),
            schema=RenewalSchema,
        )

    def history(self, reference: str) -> str:
        """Who did what to the record."""
        actor = current_actor()
        record = self.kind.services.find(actor, reference)
        events = trail.list_events(actor, self.kind.name, reference)
        return self._render("history.html", record.round, record=record, events=events)

    def acknowledge(self, reference: str) -> Page:
        """Tell the owner that the secretariat has the record."""
        submissions.acknowledge_record(current_actor(), self.kind.name, reference, read_version(request.form))
        return redirect(self._lead_on(_("%(reference)s is acknowledged."), reference), HTTPStatus.SEE_OTHER)

    def ask_authentication(self, reference: str) -> str:
        """Which note verbale vouches for the record."""
        return self._show_step("records/authenticate.html", reference, FormView(NOTE), None)

    def authenticate(self, reference: str) -> Page:
        """Note it."""
        actor = current_actor()

        def save(values: Values) -> str:
            submissions.authenticate_record(
                actor, self.kind.name, reference, **values, version=read_version(request.form)
            )
            return self._lead_on(_("%(reference)s is authenticated."), reference)

        return save_or_show_again(
            NOTE,
            save,
            lambda view, stale: self._show_step("records/authenticate.html", reference, view, stale),
            schema=NoteSchema,
        )

    def circulate(self, reference: str) -> Page:
        """Tell all who take part of the record."""
        submissions.circulate_record(current_actor(), self.kind.name, reference, read_version(request.form))
        return redirect(self._lead_on(_("%(reference)s is circulated."), reference), HTTPStatus.SEE_OTHER)

    def ask_return(self, reference: str) -> str:
        """What is to be asked of the owner."""
        return self._show_step("records/return.html", reference, FormView(RETURN), None)

    def give_back(self, reference: str) -> Page:
        """Give the record back with questions."""
        actor = current_actor()

        def save(values: Values) -> str:
            submissions.return_record(
                actor,
                self.kind.name,
                reference,
                questions=values["questions"],
                version=read_version(request.form),
            )
            return self._lead_on(_("%(reference)s is given back with questions."), reference)

        return save_or_show_again(
            RETURN,
            save,
            lambda view, stale: self._show_step("records/return.html", reference, view, stale),
            schema=ReturnSchema,
        )

    def show_form(
        self,
        reference: str,
        form: RecordForm,
        view: FormView | None = None,
        stale: StaleFacts | None = None,
    ) -> str:
        """A form about a stored record: as stored, or, where there is a ``view``, as it was typed."""
        record = self._find_to_change(reference)
        more = form.show_more(record if view is None else None)
        if view is None:
            fields = FormView(form.sections).fields
            values = {one.name: getattr(record, column_of(one.name)) for one in fields}
            view = FormView(form.sections, values, shows_unknown=True)
        return self._render(form.template, record.round, record=record, form=view, stale=stale, **more)

    def save_form(self, reference: str, form: RecordForm) -> Page:
        """Save what a form asks about a stored record; the rest of the record stays as it is."""
        actor = current_actor()

        def save(values: Values) -> str:
            record = self.kind.services.find(actor, reference)
            finished = form.finish(in_stored_order(form.sections, record, values), record)
            self.kind.services.revise(actor, reference, finished, read_version(request.form))
            return self._lead_on(self.kind.changed, reference)

        return save_or_show_again(
            form.sections,
            save,
            lambda view, stale: self.show_form(reference, form, view, stale),
            schema=self.kind.schema,
            is_revision=True,
            read_more=form.read_more,
        )

    def sections_of_new(self, actor: Actor) -> tuple[Section, ...]:
        """A coordinator also says for whom a record is submitted."""
        sections = self.kind.form.sections
        if permissions.may_coordinate(actor):
            return (OWNER, *sections)
        if actor.participant_id:
            return sections
        raise NotAllowed(ONLY_PARTICIPANTS_SUBMIT[self.kind.area])

    def _show_new(self, code: str, view: FormView) -> str:
        form = self.kind.form
        round = rounds.find_round(current_actor(), code)
        return self._render(form.template, round, record=None, form=view, **form.show_more(None))

    def _show_again(self, code: str, reference: str) -> str:
        """The form of a new record, filled in from an earlier one of the same side; nothing is sent by it."""
        actor, form = current_actor(), self.kind.form
        record = self._find_to_change(reference)
        round_ = rounds.find_round(actor, code)
        values, years = taken_up.values_again(
            form.sections, record, round_.opens_on, form.more_days(record), today()
        )
        values, change = form.make_change(values, request.args)
        view = FormView(self.sections_of_new(actor), values, shows_unknown=True)
        more = form.move_more(form.show_more(record), years)
        more |= {"earlier": record, "years_on": years, "change": change}
        return self._render(form.template, round_, record=None, form=view, **more)

    def _show_withdrawal(self, reference: str, view: FormView, stale: StaleFacts | None) -> str:
        record = self._find_to_change(reference)
        return self._render("withdraw.html", record.round, record=record, form=view, stale=stale)

    def _show_renewal(self, reference: str, view: FormView, stale: StaleFacts | None) -> str:
        record = self._find_to_change(reference)
        return self._render("records/renew.html", record.round, record=record, form=view, stale=stale)

    def _show_step(self, template: str, reference: str, view: FormView, stale: StaleFacts | None) -> str:
        actor = current_actor()
        record = self.kind.services.find(actor, reference)
        if not permissions.may_coordinate(actor):
            raise NotAllowed(
                sentence("Only coordinators acknowledge, authenticate, circulate and return records.")
            )
        return self._render(template, record.round, record=record, form=view, stale=stale)

    def _find_to_change(self, reference: str) -> Any:
        """The record, for those who may change it: nobody else is given a form that could not be sent."""
        actor = current_actor()
        record = self.kind.services.find(actor, reference)
        if not permissions.may_change_record(actor, record.participant_id):
            raise NotAllowed(
                sentence(
                    "%(reference)s belongs to %(participant)s; only it can change it.",
                    reference=reference,
                    participant=Coded("participant", record.participant.code),
                )
            )
        return record

    def _later_rounds(self, actor: Actor, record: Any) -> list[Any]:
        """The rounds in which the record's side may take it up again."""
        if record.state == "draft" or not permissions.may_change_record(actor, record.participant_id):
            return []
        return taken_up.later_rounds(record.round, rounds.list_rounds(actor))

    def _lead_on(self, message: Any, reference: str) -> str:
        """Say what was done, and give the address of the record's page."""
        flash(message % {"reference": reference}, "good")
        return url_for(f"{self.kind.area}.show", reference=reference)

    def _render(self, template: str, round: Any, **shown: Any) -> str:
        return render_template(template, kind=self.kind, round=round, **shown)
