"""Which of our sites a number or a name in a form or a sheet means."""

from collections import defaultdict
from collections.abc import Iterable

from sites.models import Site

MOST_NAMED = 3


class Directory:
    """All sites at once, for many questions."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self.by_number: dict[str, Site] = {}
        self.by_name: dict[str, list[Site]] = defaultdict(list)
        for site in sites:
            if site.number:
                self.by_number[site.number] = site
            self.by_name[_key(site.name)].append(site)

    def find(self, number: str, name: str = "", *, before: Site | None = None) -> Site | str:
        """The site, or a sentence why it is not known which. `before`: the one that fits, where several do.

        A name beside a number is for people: the number decides.
        """
        if number:
            return self.by_number.get(number) or self._unknown_number(number)
        named = self.by_name.get(_key(name), [])
        if before in named:
            return before or named[0]
        if len(named) == 1:
            return named[0]
        if named:
            numbers = ", ".join(site.number or "one without a number" for site in named[:MOST_NAMED])
            return f"{len(named)} of our sites are called “{name}”. Give the number: {numbers}."
        return f"None of our sites is called “{name}”."

    def _unknown_number(self, number: str) -> str:
        """Zeros that a spreadsheet took away are the usual reason; they are proposed, never put back unasked."""
        bare = number.lstrip("0")
        meant = [known for known in self.by_number if bare and known.lstrip("0") == bare][:MOST_NAMED]
        if meant:
            return f"None of our sites has the number {number}. Is it {' or '.join(meant)}?"
        return f"None of our sites has the number {number}."

    def find_any(self, text: str, *, before: Site | None = None) -> Site | str:
        """By number, or else by name: what one field of a form holds."""
        if text in self.by_number:
            return self.by_number[text]
        found = self.find("", text, before=before)
        if isinstance(found, Site) or self.by_name.get(_key(text)):
            return found
        guess = self._unknown_number(text)
        return guess if "Is it" in guess else f"None of our sites has the number or the name “{text}”."


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()
