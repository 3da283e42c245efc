"""Faults that only make sense for GTT's answers: right status, wrong content. The cases themselves stay as they are."""

from collections.abc import Callable
from typing import Any

from portal.vendors.sandbox.faults import Kind
from portal.vendors.sandbox.gtt import story
from portal.vendors.sandbox.gtt.errors import SHAPES, Problem, invalid
from portal.vendors.sandbox.message import Answer, Request

Args = dict[str, Any]
ROWS = ("items", "results", "data")


def field_refused(request: Request, args: Args) -> Answer:
    place = args.get("field", "spec.category")
    return invalid([Problem(place, args.get("message", "This value is not accepted."))], SHAPES[0])


def each_case(change: Callable[[dict[str, Any], Args], None]) -> Callable[[Answer, Args], Answer]:
    def spoil(answer: Answer, args: Args) -> Answer:
        for case in _cases(answer.data):
            change(case, args)
        return answer

    return spoil


def state_number(case: dict[str, Any], args: Args) -> None:
    case["spec"]["state"] = story.NUMBERS.get(case["spec"]["state"], 99)


def odd_state(case: dict[str, Any], args: Args) -> None:
    case["spec"]["state"] = args.get("state", "Awaiting Carrier Depot")


def number_on_top(case: dict[str, Any], args: Args) -> None:
    case["number"] = case["spec"].pop("number", None)
    case.pop("name", None)


def only_case_id(case: dict[str, Any], args: Args) -> None:
    case["spec"].pop("number", None)
    case.pop("name", None)


def no_spec(case: dict[str, Any], args: Args) -> None:
    case.pop("spec")


def flat(case: dict[str, Any], args: Args) -> None:
    case.update(case.pop("spec"))


def other_namespace(case: dict[str, Any], args: Args) -> None:
    case["namespace"] = args.get("namespace", "2135")


def nameless(case: dict[str, Any], args: Args) -> None:
    only_case_id(case, args)
    case["spec"].pop("case_id", None)


def another_case(case: dict[str, Any], args: Args) -> None:
    case["name"] = case["spec"]["number"] = "CS0000001"
    case["spec"]["case_id"] = "0" * 31 + "1"


def nulls(case: dict[str, Any], args: Args) -> None:
    case["metadata"] = None
    case["spec"].update({key: None for key in case["spec"] if key not in ("number", "case_id")})


def more_fields(case: dict[str, Any], args: Args) -> None:
    case["apiGeneration"] = 7
    case["spec"]["impact"] = {"value": 2, "label": "Medium"}


def comments_as_text(case: dict[str, Any], args: Args) -> None:
    """ServiceNow's own journal: the newest first, each below a line that says when and who."""
    case["spec"]["comments"] = "\n\n".join(
        f"{row['created_at']} - {row['author']} (Additional comments)\n{row['text']}"
        for row in reversed(case["spec"]["comments"])
    )


def no_comments(case: dict[str, Any], args: Args) -> None:
    case["spec"].pop("comments", None)


def wrapped(answer: Answer, args: Args) -> Answer:
    answer.data = {"result": answer.data}
    return answer


def without_body(answer: Answer, args: Args) -> Answer:
    answer.status, answer.data = 204, None
    return answer


def _cases(data: Any) -> list[dict[str, Any]]:
    rows = data
    if isinstance(data, dict) and data.get("kind") != "case":
        rows = next((data[key] for key in ROWS if isinstance(data.get(key), list)), [])
    rows = rows if isinstance(rows, list) else [rows]
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("spec"), dict)]


DONE = "Everything is done,"
KINDS = [
    Kind(
        "case_400",
        "One field of the envelope is refused and named. Nothing is created.",
        instead=field_refused,
        args=("field", "message"),
    ),
    Kind("state_number", f"{DONE} the state comes as a number.", after=each_case(state_number)),
    Kind("odd_state", f"{DONE} the state is a word never seen.", after=each_case(odd_state), args=("state",)),
    Kind("number_on_top", f"{DONE} the number stands only at the top.", after=each_case(number_on_top)),
    Kind("only_case_id", f"{DONE} a case is named by its id alone.", after=each_case(only_case_id)),
    Kind("nameless", f"{DONE} the answer does not say which case.", after=each_case(nameless)),
    Kind("another_case", f"{DONE} the answer names another case.", after=each_case(another_case)),
    Kind("no_spec", f"{DONE} the answer has no spec.", after=each_case(no_spec)),
    Kind("flat", f"{DONE} the spec's fields stand at the top.", after=each_case(flat)),
    Kind(
        "other_namespace",
        f"{DONE} the answer names another namespace.",
        after=each_case(other_namespace),
        args=("namespace",),
    ),
    Kind("case_nulls", f"{DONE} all but number and id is null.", after=each_case(nulls)),
    Kind("case_more_fields", f"{DONE} with fields never seen.", after=each_case(more_fields)),
    Kind("comments_as_text", f"{DONE} the comments come as one text.", after=each_case(comments_as_text)),
    Kind("no_comments", f"{DONE} the comments are left out.", after=each_case(no_comments)),
    Kind("result_wrapped", f"{DONE} the answer lies in a result.", after=wrapped),
    Kind("204", f"{DONE} the answer is 204 and empty.", after=without_body),
]
