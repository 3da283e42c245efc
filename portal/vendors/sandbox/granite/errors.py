"""How Granite says no. Its pages never show the shape of an error body, so the sandbox can speak several."""

from collections import defaultdict
from dataclasses import dataclass

from portal.vendors.sandbox.message import Answer

SHAPES = ("loc", "by_field", "message", "text")


@dataclass(frozen=True)
class Problem:
    """Where (the part, then the index and key inside it) and what."""

    loc: tuple[str | int, ...]
    msg: str

    @property
    def place(self) -> str:
        first, *rest = self.loc
        return str(first) + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)


def invalid(problems: list[Problem], shape: str) -> Answer:
    """400 with every problem found."""
    sentences = "; ".join(f"{problem.place}: {problem.msg}" for problem in problems)
    if shape == "text":
        return Answer(400, sentences, content_type="text/plain; charset=utf-8", problem=sentences)
    data: dict[str, object] = {"message": sentences}
    if shape == "loc":
        data = {"detail": [{"loc": list(problem.loc), "msg": problem.msg} for problem in problems]}
    elif shape == "by_field":
        fields: dict[str, list[str]] = defaultdict(list)
        for problem in problems:
            fields[problem.place].append(problem.msg)
        data = {"errors": dict(fields)}
    return Answer(400, data, problem=sentences)


def refused(status: int, text: str, shape: str, headers: dict[str, str] | None = None) -> Answer:
    """Anything but a validation error."""
    if shape == "text":
        return Answer(
            status, text, content_type="text/plain; charset=utf-8", headers=headers or {}, problem=text
        )
    key = "message" if shape == "message" else "detail"
    return Answer(status, {key: text}, headers=headers or {}, problem=text)
