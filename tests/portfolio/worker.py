"""A stand-in for the queue: tasks that a request sends are kept, and run when a test says so."""

import json

import portfolio.tasks  # noqa: F401  # registers the tasks by their names
from phano.celery import app


class Worker:
    """Runs what was sent, by the names the queue knows; a name that is no task fails as it would there."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[str]]] = []

    def send_task(self, name: str, args: list[str]) -> None:
        json.dumps(args)
        self.sent.append((name, args))

    def work(self) -> list[str]:
        """Run everything sent, in order, and what that sends; returns the names."""
        done = []
        while self.sent:
            name, args = self.sent.pop(0)
            app.tasks[name](*args)
            done.append(name)
        return done
