"""What a web server loads: ``gunicorn wsgi:app``, ``flask --app wsgi ...``."""

from lcm_service import create_app

app = create_app()
