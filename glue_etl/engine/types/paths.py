"""Field paths: `a.b`, back-ticks round names that hold dots or brackets, `[]` for the elements of an array.

Source: "DynamicFrame class" and "ResolveChoice" in the AWS Glue guide.
"""

from __future__ import annotations

from glue_etl.errors import FieldError

__all__ = ["ELEMENTS", "Path", "names", "parse", "quote", "render"]


class _Elements(str):
    """A class of its own, so that a field really named `[]` is told apart."""

    __slots__ = ()


ELEMENTS = _Elements("[]")
"""The step from an array to its elements; compare it by identity."""

Path = tuple[str, ...]


def parse(text: str) -> Path:
    """Split a path into its steps.

    Args:
        text: Such as ``address.city``, ``items[].price`` or ```` `a.b`.c ````.

    Returns:
        The names in order, `ELEMENTS` where the path goes into an array.

    Raises:
        FieldError: An empty path, an empty step or a back-tick that is never closed.
    """
    steps: list[str] = []
    at = 0
    while True:
        name, at = _quoted(text, at) if text[at : at + 1] == "`" else _plain(text, at)
        if name == "" and at == 0 and not text:
            raise FieldError("A field path is empty.", hint="give the name of a field, such as 'address.city'")
        steps.append(name)
        while text.startswith(ELEMENTS, at):
            steps.append(ELEMENTS)
            at += 2
        if at == len(text):
            return tuple(steps)
        if text[at] != "." or at + 1 == len(text):
            raise FieldError(
                f"The field path {text!r} is malformed at position {at}.",
                hint="separate names by dots and put back-ticks round names that hold dots or brackets",
            )
        at += 1


def _quoted(text: str, start: int) -> tuple[str, int]:
    parts: list[str] = []
    at = start + 1
    while True:
        end = text.find("`", at)
        if end < 0:
            raise FieldError(f"The field path {text!r} has a back-tick that is not closed.", hint="close it")
        parts.append(text[at:end])
        if text[end + 1 : end + 2] != "`":
            return "".join(parts), end + 1
        parts.append("`")
        at = end + 2


def _plain(text: str, start: int) -> tuple[str, int]:
    end = start
    while end < len(text) and text[end] != "." and not (end > start and text.startswith(ELEMENTS, end)):
        end += 1
    if end == start:
        raise FieldError(
            f"The field path {text!r} has an empty name at position {start}.",
            hint="put back-ticks round a name that begins with a dot",
        )
    return text[start:end], end


def names(path: Path) -> Path:
    """The path without its `ELEMENTS` steps, for transforms that go through arrays by themselves."""
    return tuple(step for step in path if step is not ELEMENTS)


def quote(name: str) -> str:
    """The name as a path step: back-ticked where a plain one would be read as something else."""
    if name and not any(character in name for character in ".`[]()"):
        return name
    return "`" + name.replace("`", "``") + "`"


def render(path: Path) -> str:
    """The path as text that `parse` reads back."""
    text = ""
    for step in path:
        if step is ELEMENTS:
            text += ELEMENTS
        else:
            text += ("." if text else "") + quote(step)
    return text
