"""What a web server loads: ``gunicorn wsgi:app``, ``flask --app wsgi ...``."""

import logging

from lcm_service import create_app, require_no_demonstration_people
from lcm_service.config import is_command_line

if not is_command_line():
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
app = create_app()
if not is_command_line():
    require_no_demonstration_people(app)
