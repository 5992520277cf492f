"""How gunicorn serves the timeline on one machine; bin/serve.py starts it."""

from typing import Any

wsgi_app = "sahel.wsgi"
worker_class = "gthread"
workers = 2
threads = 4
loglevel = "warning"
control_socket_disable = True  # nobody is to steer it, and it would be one per account


def when_ready(server: Any) -> None:
    """Say where the timeline is, now that it listens."""
    host, port = server.cfg.address[0]
    print(  # noqa: T201
        f"The timeline is at http://{host}:{port}/ (Ctrl-C ends it).\n"
        f"To edit it: make editor, then sign in at http://{host}:{port}/admin/",
        flush=True,
    )
