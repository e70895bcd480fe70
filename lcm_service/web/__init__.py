"""The pages. Each file holds one area; every address is in the file of its area, under a plain name.

The addresses that needs, offers and supports have in common are in `record_flow`.
"""

from flask import Flask

from lcm_service.web import (
    account,
    activities,
    addresses,
    calendar,
    catalogue,
    circulated,
    corrections,
    dates,
    deliveries,
    errors,
    exports,
    field_labels,
    figures,
    guidance,
    help_wanted,
    intake,
    matches,
    needs,
    offers,
    own_account,
    parts,
    people,
    plan_view,
    plans,
    questions,
    record_steps,
    refusals,
    rounds,
    runs,
    scenarios,
    sheets,
    showing,
    single_sign_on,
    start,
    supports,
    wordings,
    words_now,
)

AREAS = (
    start,
    account,
    single_sign_on,
    own_account,
    people,
    rounds,
    intake,
    needs,
    offers,
    supports,
    sheets,
    calendar,
    catalogue,
    circulated,
    activities,
    questions,
    runs,
    scenarios,
    plans,
    corrections,
    matches,
    deliveries,
    parts,
    dates,
    exports,
    figures,
    guidance,
    help_wanted,
    wordings,
)


def register_pages(app: Flask) -> None:
    """Add the pages to the application."""
    addresses.register_addresses(app)
    words_now.register_words(app)
    showing.register_showing(app)
    app.jinja_env.globals.update(
        field_label=field_labels.field_label,
        answer_address=questions.answer_address,
        go_on_address=record_steps.go_on_address,
        in_words=refusals.in_words,
        error_heading=errors.error_heading,
        error_advice=errors.error_advice,
        device_name=people.device_name,
        catalogue_part=catalogue.PARTS.__getitem__,
        days_of_session=plan_view.days_of_session,
        story_sentence=runs.story_sentence,
        story_moment=runs.story_moment,
    )
    for area in AREAS:
        app.register_blueprint(area.bp)
