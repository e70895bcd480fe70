"""A record is written in short steps, each kept as a draft, then checked as a whole and sent.

For a participant's own focal points: nobody else keeps drafts. Whoever would rather see all questions at
once, and whoever changes what was sent, has the one form of `record_flow`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lcm_service.domain import completeness, permissions
from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.record_fields import column_of
from lcm_service.domain.sentences import sentence
from lcm_service.services import rounds, submissions
from lcm_service.web import answers, record_steps
from lcm_service.web.fields import FormView
from lcm_service.web.reasons import WHAT_HANGS
from lcm_service.web.record_kinds import RecordKind
from lcm_service.web.record_steps import BACK_TO_CHECK, Step
from lcm_service.web.refusals import in_words
from lcm_service.web.saving import (
    Faults,
    Page,
    StaleFacts,
    Values,
    flat_faults,
    in_stored_order,
    read_version,
    save_or_show_again,
    stale_facts,
)
from lcm_service.web.showing import current_actor

ONLY_OWNERS = sentence("A record is written in steps, and sent, by its participant alone.")


@dataclass(frozen=True)
class StepPages:
    """The pages on which one kind of record is written. Each method is named as its endpoint."""

    kind: RecordKind

    def add_to(self, bp: Blueprint) -> None:
        """Give the area their addresses."""
        of_round, of_record = f"/rounds/<code>/{self.kind.area}", f"/{self.kind.area}/<reference>"
        bp.get(f"{of_round}/begin")(self.begin)
        bp.post(f"{of_round}/begin")(self.keep_first)
        bp.get(f"{of_record}/steps/<step>")(self.step)
        bp.post(f"{of_record}/steps/<step>")(self.keep_step)
        bp.get(f"{of_record}/check")(self.check)
        bp.post(f"{of_record}/submit")(self.send)
        bp.get(f"{of_record}/sent")(self.sent)

    def begin(self, code: str) -> str:
        """The first step of a new record, with nothing kept yet."""
        return self._show_first(code, FormView(self._steps[0].sections, self.kind.at_first))

    def keep_first(self, code: str) -> Page:
        """Keep the first step: from here on there is a draft."""
        actor, step = current_actor(), self._steps[0]

        def save(values: Values) -> str:
            own, said = actor.participant_code or "", self.kind.form.finish(values, None)
            record = submissions.begin_draft(actor, self.kind.name, own, code, said, step=step.code)
            return self._lead_on(record, step)

        return save_or_show_again(
            step.sections, save, lambda view, _stale: self._show_first(code, view), schema=self.kind.schema
        )

    def step(self, reference: str, step: str) -> str:
        """One step of a draft, filled in with what is known."""
        record = self._find_draft(reference)
        asked = self._find_step(step)
        values = {one.name: getattr(record, column_of(one.name)) for one in asked.fields}
        is_kept = record_steps.is_kept(record, asked)
        if not is_kept:
            said = {name: value for name, value in values.items() if value is not None}
            values = {**self.kind.at_first, **said}
        return self._show(record, asked, FormView(asked.sections, values, shows_unknown=is_kept))

    def keep_step(self, reference: str, step: str) -> Page:
        """Keep what one step says; the rest of the draft stays as it is."""
        actor = current_actor()
        self._find_draft(reference)
        asked = self._find_step(step)

        def save(values: Values) -> str:
            record = self._find_draft(reference)
            finished = self.kind.form.finish(in_stored_order(asked.sections, record, values), record)
            version = read_version(request.form)
            return self._lead_on(
                self.kind.services.revise(actor, reference, finished, version, step=asked.code), asked
            )

        def show(view: FormView, stale: StaleFacts | None) -> str:
            record = self._find_draft(reference)
            addresses = record_steps.addresses_of_fields(self.kind.area, record)
            view.addresses = {name: at for name, at in addresses.items() if name not in asked.names}
            return self._show(record, asked, view, stale, is_typed=True)

        return save_or_show_again(
            asked.sections,
            save,
            show,
            schema=self.kind.schema,
            is_revision=True,
            read_more=(lambda: self.kind.read_rows(request.form, asked.rows)) if asked.rows else None,
        )

    def check(self, reference: str) -> str:
        """All that a draft says, to be looked over before it is sent."""
        return self._show_check(reference)

    def send(self, reference: str) -> Page:
        """Send a draft. Where that is refused it stays one, and the page says what stands against it."""
        actor, version = current_actor(), read_version(request.form)
        try:
            record = submissions.submit_draft(actor, self.kind.name, reference, version)
        except NotValid as refusal:
            faults = flat_faults(refusal.faults) or {"": [in_words(refusal.message)]}
            return self._show_check(reference, faults=faults), HTTPStatus.UNPROCESSABLE_ENTITY
        except Stale as refusal:
            return self._show_check(reference, stale=stale_facts(refusal)), HTTPStatus.CONFLICT
        address = url_for(f"{self.kind.area}.sent", reference=record.reference)
        return redirect(address, HTTPStatus.SEE_OTHER)

    def sent(self, reference: str) -> str:
        """The number of a record that was sent, and what happens next."""
        record = self._find_own(reference)
        if record.state == "draft":
            raise Conflict(sentence("%(reference)s is a draft and was not sent yet.", reference=reference))
        missing = completeness.missing_fields(self.kind.name, record)
        return self._render("records/sent.html", record.round, record=record, missing=missing)

    @property
    def _steps(self) -> tuple[Step, ...]:
        return record_steps.STEPS[self.kind.area]

    def _show_first(self, code: str, view: FormView) -> str:
        actor = current_actor()
        if actor.participant_id is None or not permissions.may_see_draft(actor, actor.participant_id):
            raise NotAllowed(ONLY_OWNERS)
        return self._render_step(rounds.find_round(actor, code), None, self._steps[0], view)

    def _show(
        self,
        record: Any,
        step: Step,
        view: FormView,
        stale: StaleFacts | None = None,
        *,
        is_typed: bool = False,
    ) -> str:
        more = self.kind.form.show_more(None if is_typed else record) if step.rows else {}
        return self._render_step(record.round, record, step, view, stale=stale, **more)

    def _render_step(self, round: Any, record: Any, step: Step, view: FormView, **more: Any) -> str:
        return self._render(
            "records/step.html",
            round,
            record=record,
            step=step,
            number=self._steps.index(step) + 1,
            form=view,
            goes_back=request.values.get("back") == BACK_TO_CHECK,
            **more,
        )

    def _show_check(
        self, reference: str, *, faults: Faults | None = None, stale: StaleFacts | None = None
    ) -> str:
        record, area = self._find_draft(reference), self.kind.area
        addresses = record_steps.addresses_of_fields(area, record)
        missing = completeness.missing_fields(self.kind.name, record)
        return self._render(
            "records/check.html",
            record.round,
            record=record,
            form=FormView(self.kind.form.sections, {}, faults or {}, addresses=addresses),
            stale=stale,
            answers={one.code: answers.answers_of(record, one, addresses) for one in self._steps},
            not_kept=[one.code for one in self._steps if not record_steps.is_kept(record, one)],
            count_open=len(missing),
            open_questions=self._by_what_hangs(missing, addresses),
        )

    def _by_what_hangs(
        self, questions: Iterable[str], addresses: Mapping[str, str]
    ) -> list[tuple[Any, list[tuple[str, str]]]]:
        """What hangs on open questions, and for each the questions with the place where they are answered."""
        sentences = WHAT_HANGS[self.kind.name]
        found: dict[str, tuple[Any, list[tuple[str, str]]]] = {}
        for one in questions:
            address = record_steps.address_of_question(self.kind.area, addresses, one)
            found.setdefault(str(sentences[one]), (sentences[one], []))[1].append((one, address))
        return list(found.values())

    def _find_own(self, reference: str) -> Any:
        actor = current_actor()
        record = self.kind.services.find(actor, reference)
        if not permissions.may_see_draft(actor, record.participant_id):
            raise NotAllowed(ONLY_OWNERS)
        return record

    def _find_draft(self, reference: str) -> Any:
        record = self._find_own(reference)
        submissions.require_draft(record)
        return record

    def _find_step(self, code: str) -> Step:
        found = record_steps.find_step(self.kind.area, code)
        if found is None:
            raise NotFound(sentence("The form has no such step."))
        return found

    def _lead_on(self, record: Any, step: Step) -> str:
        """To the round for who comes back later, to the check for who came from there, else a step on."""
        if request.form.get("then") == "later":
            flash(_("The draft is kept. Nobody else reads it. It waits for you here."), "good")
            return url_for("rounds.show", code=record.round.code)
        goes_back = request.form.get("back") == BACK_TO_CHECK
        if request.form.get("then") == "more":
            # The same page again has new empty rows.
            here = record_steps.step_address(self.kind.area, record, step)
            return f"{here}?back={BACK_TO_CHECK}" if goes_back else here
        following = self._steps[self._steps.index(step) + 1 :]
        if not following or goes_back:
            return record_steps.check_address(self.kind.area, record)
        return record_steps.step_address(self.kind.area, record, following[0])

    def _render(self, template: str, round: Any, **shown: Any) -> str:
        record = shown.get("record")
        is_written = record is None or record.state == "draft"
        progress = self._progress(record, shown.get("step")) if is_written else ()
        return render_template(
            template, kind=self.kind, round=round, steps=self._steps, progress=progress, **shown
        )

    def _progress(self, record: Any, here: Step | None) -> list[tuple[Any, str | None, bool]]:
        """Title, address and whether the reader is there, of each step and of the check; what was not kept
        yet, and does not come next, has no address.
        """
        area = self.kind.area
        kept = [record is not None and record_steps.is_kept(record, one) for one in self._steps]
        may_open = [*kept, record is not None]
        if record is not None and not all(kept):
            may_open[kept.index(False)] = True
        places = [*self._steps, None]
        addresses = [None if record is None else _address(area, record, one) for one in places]
        return [
            (_("Check your answers") if one is None else one.title, at if is_open else None, one == here)
            for one, at, is_open in zip(places, addresses, may_open, strict=True)
        ]


def _address(area: str, record: Any, step: Step | None) -> str:
    if step is None:
        return record_steps.check_address(area, record)
    return record_steps.step_address(area, record, step)
