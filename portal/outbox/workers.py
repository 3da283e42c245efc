import os
import socket
import threading


def worker_name() -> str:
    """Which process made an attempt, so that its log can be found."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{threading.get_ident() % 10_000}"
