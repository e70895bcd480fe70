"""Serves the demonstration from the process that prepared it: one gunicorn worker with several threads.

A real service is started by ``gunicorn wsgi:app`` with settings of its own.
"""

import gc
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from lcm_service.gunicorn_log import LineLogger
from lcm_service.jobs.worker import start_embedded_worker
from lcm_service.persistence.database import db

THREADS = 8
# So many new objects that can refer to others come before Python looks for circles among them.
OBJECTS_BETWEEN_LOOKS = 20_000


class DemonstrationServer(BaseApplication):  # type: ignore[misc]
    """A gunicorn that serves an application which is there already."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self.app = app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.app


def settle_memory() -> None:
    """To be called once by each process that serves, when all is loaded.

    Python looks through all objects for circles whenever some hundred new ones are there. Catalogues, lists
    and code stay as long as the process, and a page of a large plan makes tens of thousands of objects:
    without this, every other page waits for a look through all of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS, 20, 50)


def serve(app: Flask, host: str, port: int) -> None:
    """Serve until stopped. The runs that coordinators ask for are solved beside the pages."""
    # gunicorn forks: what the new process inherits must not be a connection that this one still holds.
    with app.app_context():
        db.session.remove()
        db.engine.dispose()

    def start_worker(_server: Any) -> None:
        settle_memory()
        start_embedded_worker(app)

    DemonstrationServer(
        app,
        {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": 1,
            "threads": THREADS,
            "worker_class": "gthread",
            "post_worker_init": start_worker,
            "loglevel": "warning",
            "logger_class": LineLogger,
        },
    ).run()
