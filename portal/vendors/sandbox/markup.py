"""Pieces of the trainer's page that its sections share."""

from html import escape


def table(label: str, heads: tuple[str, ...], rows: str) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def button(path: str, fields: dict[str, str], text: str, kind: str = "") -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    style = f' class="{escape(kind)}"' if kind else ""
    return f'<form method="post" action="/_sandbox/{escape(path)}">{hidden}<button{style}>{escape(text)}</button></form>'


def text(value: object) -> str:
    return "–" if value is None else escape(str(value))
