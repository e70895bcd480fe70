"""How gunicorn serves ``wsgi:app``; it reads this file by itself. The service reads LCM_* variables."""

from typing import Any

worker_class = "gthread"
workers = 2
threads = 4
# Nothing is managed through a socket in somebody's home folder.
control_socket_disable = True
logger_class = "lcm_service.gunicorn_log.LineLogger"


def post_worker_init(worker: Any) -> None:
    """Solve runs beside the pages, unless workers run apart from the web server (LCM_EMBEDDED_WORKER=0)."""
    from lcm_service.jobs.worker import start_embedded_worker
    from lcm_service.serving import settle_memory

    app = worker.app.wsgi()
    settle_memory()
    if app.config["SETTINGS"].embedded_worker:
        start_embedded_worker(app)
