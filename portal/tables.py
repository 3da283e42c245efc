"""Lists page by page without counting: the next page starts behind the last row shown, however far down that is."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.db.models.expressions import F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)
CURSOR = "page"
SIZE = 50
MOST_COUNTED = 1000
OLDER, NEWER = "older", "newer"


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows, newest first; `older` and `newer` are cursors for the links, "" where there is nothing more."""

    rows: list[Row]
    older: str = ""
    newer: str = ""


def page_of(rows: QuerySet[Row], cursor: str, *, order: str = "pk", size: int = SIZE) -> Page[Row]:
    """The page a cursor names, sorted by `order` and then the key, both descending.

    A cursor that is not ours, is of another list or was tampered with leads to the first page.
    """
    keys = ["pk"] if order == "pk" else [order, "pk"]
    where = _read(rows.model, keys, cursor)
    if where is None:
        return _first(rows, keys, size)
    direction, values = where
    if direction == OLDER:
        found = list(
            _beyond(rows, keys, values, TupleLessThan).order_by(*(f"-{key}" for key in keys))[: size + 1]
        )
        shown = found[:size]
        if not shown:
            return _first(rows, keys, size)
        return Page(
            shown,
            _cursor(OLDER, shown[-1], keys) if len(found) > size else "",
            _cursor(NEWER, shown[0], keys),
        )
    found = list(_beyond(rows, keys, values, TupleGreaterThan).order_by(*keys)[: size + 1])
    if len(found) <= size:
        # Less than a page is left above: that is the first page, and it is shown full.
        return _first(rows, keys, size)
    shown = found[:size][::-1]
    return Page(shown, _cursor(OLDER, shown[-1], keys), _cursor(NEWER, shown[0], keys))


def link_to(query: QueryDict, cursor: str) -> str:
    """`?…`: the same list with the same filters, at a cursor; "" for no cursor."""
    if not cursor:
        return ""
    query = query.copy()
    query[CURSOR] = cursor
    return "?" + query.urlencode()


def count_of(rows: QuerySet[Any]) -> str:
    """`37` or `1,000+`: counting stops where nobody reads on."""
    counted = rows.order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED:,}+" if counted > MOST_COUNTED else f"{counted:,}"


def _first(rows: QuerySet[Row], keys: list[str], size: int) -> Page[Row]:
    found = list(rows.order_by(*(f"-{key}" for key in keys))[: size + 1])
    shown = found[:size]
    return Page(shown, _cursor(OLDER, shown[-1], keys) if len(found) > size else "")


def _beyond(
    rows: QuerySet[Row],
    keys: list[str],
    values: list[Any],
    comparison: type[TupleLessThan] | type[TupleGreaterThan],
) -> QuerySet[Row]:
    # A row comparison walks the index; the same written with OR does not.
    if len(keys) == 1:
        sign = "lt" if comparison is TupleLessThan else "gt"
        return rows.filter(**{f"{keys[0]}__{sign}": values[0]})
    return rows.filter(comparison(Tuple(*(F(key) for key in keys)), tuple(values)))


def _cursor(direction: str, row: Model, keys: list[str]) -> str:
    values = [_text(getattr(row, key)) for key in keys]
    return signing.dumps([direction, *values], salt=_salt(type(row), keys))


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(model: type[Model], keys: list[str], cursor: str) -> tuple[str, list[Any]] | None:
    if not cursor:
        return None
    try:
        direction, *texts = signing.loads(cursor, salt=_salt(model, keys))
        values = [_field(model, key).to_python(text) for key, text in zip(keys, texts, strict=True)]
    except (signing.BadSignature, ValidationError, ValueError, TypeError):
        return None
    return (direction, values) if direction in (OLDER, NEWER) else None


def _field(model: type[Model], key: str) -> "Field[Any, Any]":
    field = model._meta.pk if key == "pk" else model._meta.get_field(key)
    if isinstance(field, ForeignKey):
        return _field(field.remote_field.model, "pk")
    if not isinstance(field, Field):
        raise FieldDoesNotExist(f"{model.__name__} cannot be sorted by {key}.")
    return field


def _salt(model: type[Model], keys: list[str]) -> str:
    return f"portal.tables:{model._meta.label_lower}:{','.join(keys)}"
