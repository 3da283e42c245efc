"""Fields that know Granite's rules, with what to tell a person who breaks one."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from portal.vendors.granite.wire import clean_phone

MOST_WORDS = 20_000
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>.\"]+(\.[^@\s,;<>.\"]+)+")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # all of Unicode's category Cc


def refuse_control_characters(text: str) -> None:
    if _CONTROL.search(text):
        raise ValidationError("This holds a character that is not text, such as a line break or a tab.")


def refuse_odd_characters(text: str) -> None:
    if _CONTROL.search(text.replace("\n", "").replace("\t", "")):
        raise ValidationError("This holds a character that is not text.")


def check_email(text: str) -> None:
    """A full address such as a vendor takes: Django also allows quoted names and hosts without a dot."""
    try:
        validate_email(text)
    except ValidationError:
        is_good = False
    else:
        is_good = bool(_EMAIL.fullmatch(text))
    if not is_good:
        raise ValidationError(f"“{text}” is not an e-mail address. An example: jane.roe@example.com.")


class Line(forms.CharField):
    """One line of text."""

    def __init__(self, label: str, most: int, *, missing: str = "", **kwargs: Any) -> None:
        errors = {
            "required": missing or f"Enter the {label[:1].lower()}{label[1:]}.",
            "max_length": "Use at most %(limit_value)d characters; these are %(show_value)d.",
        }
        super().__init__(
            label=label,
            max_length=most,
            required=kwargs.pop("required", True),
            validators=[refuse_control_characters, *kwargs.pop("validators", [])],
            error_messages=errors,
            **kwargs,
        )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without `maxlength`, which cuts what is pasted and tells nobody; too long is said at the field."""
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class Words(forms.CharField):
    """Several lines of text."""

    def __init__(self, label: str, *, rows: int = 3, missing: str = "", **kwargs: Any) -> None:
        super().__init__(
            label=label,
            max_length=MOST_WORDS,
            widget=forms.Textarea(attrs={"rows": rows}),
            validators=[refuse_odd_characters],
            error_messages={"required": missing},
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        return super().to_python(str(value or "").replace("\r\n", "\n")) or ""


class Email(Line):
    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, 254, validators=[check_email], widget=forms.EmailInput, **kwargs)


class Phone(Line):
    """Cleaned to ten digits, as text; the payload decides where Granite wants a number."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, 40, widget=forms.TextInput(attrs={"inputmode": "tel"}), **kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            return f"{clean_phone(text):010d}"
        except ValueError as error:
            raise ValidationError(str(error)) from None


class Emails(Words):
    """Several addresses, cleaned to one string with commas and no address twice."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        found: dict[str, str] = {}
        problems: list[ValidationError] = []
        for address in filter(None, re.split(r"[,;\s]+", text)):
            try:
                check_email(address)
            except ValidationError as problem:
                problems.append(problem)
            found.setdefault(address.lower(), address)
        if problems:
            raise ValidationError(problems)
        return ",".join(found.values())


class Numbers(Line):
    """The sender's own reference numbers, cleaned to one string with commas and none twice."""

    def clean(self, value: Any) -> str:
        parts = (part.strip() for part in super().clean(value).split(","))
        return ",".join(dict.fromkeys(part for part in parts if part))
