"""Forms as a browser without scripts sends them: read from the page, with what stands in them. No Django in here."""

from html.parser import HTMLParser


class _Form(HTMLParser):
    """The successful controls of one form, as HTML defines them."""

    def __init__(self, form_id: str, action: str) -> None:
        super().__init__()
        self.form_id, self.action = form_id, action
        self.data: dict[str, str] = {}
        self.is_inside = False
        self.area: str | None = None
        self.select: str | None = None

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        if tag == "form":
            by_id = bool(self.form_id) and given.get("id") == self.form_id
            self.is_inside = by_id or (bool(self.action) and given.get("action", "").endswith(self.action))
        if not self.is_inside:
            return
        name = given.get("name", "")
        if tag == "input" and name and "disabled" not in given:
            kind = given.get("type", "text")
            if kind not in ("checkbox", "radio") or "checked" in given:
                self.data[name] = given.get("value", "on" if kind == "checkbox" else "")
        elif tag == "textarea":
            self.area = name
            self.data[name] = ""
        elif tag == "select":
            self.select = name
            self.data.setdefault(name, "")
        elif tag == "option" and self.select and "selected" in given:
            self.data[self.select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None

    def handle_data(self, data: str) -> None:
        if self.area:
            self.data[self.area] += data.removeprefix("\n") if not self.data[self.area] else data


def controls_of(page: str, form_id: str = "", *, action: str = "") -> dict[str, str]:
    """What would be sent of the form with this id, or whose address ends so; without any button."""
    reader = _Form(form_id, action)
    reader.feed(page)
    return reader.data
