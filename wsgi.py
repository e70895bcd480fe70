"""What a web server loads: ``gunicorn wsgi:app``, ``flask --app wsgi ...``."""

from lcm_service import create_app, require_no_demonstration_people
from lcm_service.config import is_command_line
from lcm_service.logs import write_lines_of_json

if not is_command_line():
    write_lines_of_json()
app = create_app()
if not is_command_line():
    require_no_demonstration_people(app)
