"""How GTT says no. Its pages never show the shape of an error body, so the sandbox can speak several."""

from dataclasses import dataclass
from http import HTTPStatus

from portal.vendors.sandbox.message import Answer

SHAPES = ("details", "message", "text")


@dataclass(frozen=True)
class Problem:
    """Where, as a path with dots ("spec.priority"), and what."""

    field: str
    message: str


def invalid(problems: list[Problem], shape: str, ignored: list[str] | None = None) -> Answer:
    """400 with every problem found."""
    sentences = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
    answer = refused(400, sentences, shape)
    if shape == "details":
        answer.data["error"]["details"] = [vars(problem) for problem in problems]
    answer.ignored = ignored or []
    return answer


def refused(status: int, text: str, shape: str, headers: dict[str, str] | None = None) -> Answer:
    """Anything but a validation error."""
    if shape == "text":
        return Answer(
            status, text, content_type="text/plain; charset=utf-8", headers=headers or {}, problem=text
        )
    reason = HTTPStatus(status).phrase
    data = {"error": {"code": status, "reason": reason, "message": text}}
    return Answer(
        status, data if shape == "details" else {"message": text}, headers=headers or {}, problem=text
    )
