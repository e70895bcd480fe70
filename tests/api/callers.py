"""A program that calls the API with a person's token."""

from typing import Any

from flask import Flask

from lcm_service.persistence.tables import Person
from lcm_service.services import accounts, tokens


class Caller:
    """Calls /api/v1 as a person; `version` goes out as If-Match."""

    def __init__(self, app: Flask, person: Person, scope: str = "act") -> None:
        self.client = app.test_client()
        self.person = person
        self.token = tokens.create_api_token(accounts.actor_of(person), person.email, "a program", 30, scope)

    def call(self, method: str, path: str, *, version: int | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        return self.call("POST", path, json={} if json is None else json, **more)

    def patch(self, path: str, json: Any, **more: Any) -> Any:
        return self.call("PATCH", path, json=json, **more)
