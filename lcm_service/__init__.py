"""The service that runs the Light Coordination Mechanism: `create_app` joins its rooms, decides nothing."""

from functools import partial
from pathlib import Path

from flask import Flask, Response, request, session
from flask_babel import Babel
from flask_compress import Compress
from flask_login import LoginManager, current_user
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from lcm_service import api, cli, http_errors, request_limits, web
from lcm_service.config import Settings
from lcm_service.domain.errors import NotSignedIn
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES
from lcm_service.http_errors import is_api_request
from lcm_service.logs import Service
from lcm_service.persistence import tables  # noqa: F401 - every table is known before the first query
from lcm_service.persistence.database import db
from lcm_service.services import accounts, sign_ins
from lcm_service.services.sealing import Sealer

MIGRATIONS_FOLDER = Path(__file__).parent / "persistence" / "migrations"

# Everything comes from this server; scripts and styles are files, never inline.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    )
)


def create_app(settings: Settings | None = None) -> Flask:
    """Join configuration, database, sign-in, languages, pages, API and commands.

    Raises ValueError where a setting is missing or cannot be understood.
    """
    settings = settings or Settings.from_environment()
    # Half a setting is told at the start, and not when the first mail is to be sent or somebody signs in.
    settings.read_address()
    settings.read_postbox()
    identity_provider = settings.read_identity_provider()
    app = Service(__name__, template_folder="../templates", static_folder="static")
    app.config.update(settings.flask_config())
    app.config["SEALER"] = Sealer([app.config["SECRET_KEY"], *app.config["SECRET_KEY_FALLBACKS"]])
    app.config["IDENTITY_PROVIDER"] = identity_provider
    if not settings.database_url:
        Path(settings.data_folder).mkdir(parents=True, exist_ok=True)
    if settings.proxies:
        # So many of the last entries that proxies added are believed; what a stranger wrote before is not.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    db.init_app(app)
    Migrate(app, db, directory=str(MIGRATIONS_FOLDER), render_as_batch=True, compare_type=True)
    Babel(app, locale_selector=choose_language)
    request_limits.register_request_limits(app)
    # Before the tokens of forms are looked at, which reads the form.
    http_errors.register_http_errors(app)
    CSRFProtect(app)
    _register_sign_in(app)
    web.register_pages(app)
    api.register_api(app)
    cli.register_commands(app)
    app.after_request(add_security_headers)
    # The last to be registered is the first to see an answer.
    Compress(app)
    return app


def require_no_demonstration_people(app: Flask) -> None:
    """A real service does not start on a database that holds people made up for a demonstration.

    Raises RuntimeError, which says what to do. A database without tables yet holds nobody.
    """
    settings: Settings = app.config["SETTINGS"]
    if settings.demonstration:
        return
    with app.app_context():
        is_for_demonstration = accounts.has_demonstration_people()
        # A server that forks must not hand on a connection that this process holds.
        db.session.remove()
        db.engine.dispose()
    if is_for_demonstration:
        raise RuntimeError(
            "The database holds demonstration accounts, whose passwords are printed on a screen. Use "
            "another database, set LCM_DEMONSTRATION=1, or run: "
            "flask --app wsgi lcm erase-demonstration-people"
        )


def choose_language() -> str:
    """The language chosen on the pages, else the person's own, else the browser's, else English."""
    chosen = session.get("language") or getattr(current_user, "language", None)
    if chosen in LANGUAGES_OF_PAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES_OF_PAGES) or "en"


def add_security_headers(response: Response) -> Response:
    """Tell browsers to load nothing from elsewhere, guess no types and keep nothing of signed-in pages."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "private, no-cache" if is_api_request() else "no-store")
    return response


def _register_sign_in(app: Flask) -> None:
    manager = LoginManager(app)
    settings: Settings = app.config["SETTINGS"]
    manager.user_loader(partial(sign_ins.person_of_key, with_demonstration=settings.demonstration))
    manager.unauthorized_handler(_refuse_strangers)


def _refuse_strangers() -> None:
    raise NotSignedIn(sentence("Sign in to see this page."))
