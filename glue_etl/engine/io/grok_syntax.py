r"""From the regular expressions of grok (Java's, Oniguruma's) to those of Python's `re`, one pattern at a time.

What the three share goes through. Rewritten are named groups, inline flags in the middle (`a(?i)b`), escapes that
Python has not (`\h`, `\x{41}`, `\Q..\E`, `\p{Alpha}`), POSIX classes and class members that Python would warn of.
As Java does without further flags, `\d`, `\w`, `\s` and `\b` know ASCII alone. Groups without a name capture nothing,
which makes matching faster. What cannot be said in Python's `re` is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["GrokSyntaxError", "Hooks", "translate"]

_SPACE = r"\t \xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL = r"\n\x0b\f\r\x85\u2028\u2029"
_ESCAPES = {"A": r"\A", "z": r"\Z", "Z": r"\Z", "e": r"\x1b", "R": rf"(?:\r\n|[{_VERTICAL}])"}
_CLASS_ESCAPES = {"h": _SPACE, "v": _VERTICAL}
_POSIX = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "ascii": r"\x00-\x7f",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\s",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9a-fA-F",
}
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])")
_NAMED = re.compile(r"\(\?P?<([^>=!][^>]*)>|\(\?'([^']+)'")
_PROPERTY = re.compile(r"\{(\^?)(?:Is|java)?([A-Za-z]+)\}")
_HEX = re.compile(r"x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})")


class GrokSyntaxError(Exception):
    """A pattern that cannot be read; the message says what is wrong with it."""


@dataclass
class Hooks:
    """What the compiler does where a pattern captures.

    Attributes:
        reference: Gives the expression for what stands between `%{` and `}`.
        field: Gives the group name for a named group, so that it becomes a field; None if it captures nothing.
        hidden: Gives a group name for a group that only a backreference needs.
        known: Gives the group name that a backreference by name means; None if there is none.
    """

    reference: Callable[[str], str]
    field: Callable[[str], str | None]
    hidden: Callable[[], str]
    known: Callable[[str], str | None]


def translate(text: str, hooks: Hooks) -> str:
    """One pattern in Python's syntax.

    Args:
        text: The pattern's definition.
        hooks: For references and captures.

    Raises:
        GrokSyntaxError: It is malformed, or Python's `re` has nothing like it.
    """
    return _Translation(text, hooks).whole()


@dataclass
class _Translation:
    text: str
    hooks: Hooks
    at: int = 0
    out: list[str] = field(default_factory=list)
    # For each open group the flag groups that have to be closed with it, by how they began.
    opened: list[list[str]] = field(default_factory=lambda: [[]])
    groups: list[str] = field(default_factory=list)
    needs_numbers: bool = False

    def whole(self) -> str:
        self.needs_numbers = re.search(r"(?<!\\)(?:\\\\)*\\[1-9]", self.text) is not None
        while self.at < len(self.text):
            self._step(self.text[self.at])
        if len(self.opened) > 1:
            raise GrokSyntaxError("a group is not closed")
        self._close_flags()
        return "".join(self.out)

    def _step(self, char: str) -> None:
        if self.text.startswith("%{", self.at):
            end = _closing_brace(self.text, self.at + 2)
            self.out.append(f"(?:{self.hooks.reference(self.text[self.at + 2 : end])})")
            self.at = end + 1
        elif char == "\\":
            self.at += 1
            self.out.append(self._escape())
        elif char == "[":
            self.out.append(f"[{self._members()}]")
        elif char == "(":
            self._open()
        elif char == ")":
            if len(self.opened) == 1:
                raise GrokSyntaxError("a parenthesis is closed that was not opened")
            self._close_flags()
            self.opened.pop()
            self._take(1)
        elif char == "|" and self.opened[-1]:
            # Flags reach to the end of the group, over all its alternatives.
            flags = self.opened[-1]
            self.out.append(")" * len(flags) + "|" + "".join(flags))
            self.at += 1
        else:
            self._take(1)

    def _take(self, count: int) -> None:
        self.out.append(self.text[self.at : self.at + count])
        self.at += count

    def _close_flags(self) -> None:
        self.out.append(")" * len(self.opened[-1]))

    # --- groups ---

    def _open(self) -> None:
        text, at = self.text, self.at
        if named := _NAMED.match(text, at):
            group = self.hooks.field(named[1] or named[2])
            self._begin("(?:" if group is None else f"(?P<{group}>", named.end())
            self.groups.append(group or "")
        elif text.startswith("(?#", at):
            end = text.find(")", at)
            if end < 0:
                raise GrokSyntaxError("a comment is not closed")
            self.at = end + 1
        elif flags := _FLAGS.match(text, at):
            self._flags(flags)
        elif text.startswith(("(?=", "(?!", "(?>"), at):
            self._begin(text[at : at + 3], at + 3)
        elif text.startswith(("(?<=", "(?<!"), at):
            self._begin(text[at : at + 4], at + 4)
        elif text.startswith("(?", at):
            raise GrokSyntaxError(f"a group that begins with {text[at : at + 4]!r} is not supported")
        else:
            group = self.hooks.hidden() if self.needs_numbers else None
            self._begin("(?:" if group is None else f"(?P<{group}>", at + 1)
            self.groups.append(group or "")

    def _begin(self, text: str, at: int) -> None:
        self.out.append(text)
        self.opened.append([])
        self.at = at

    def _flags(self, match: re.Match[str]) -> None:
        on, off, end = match[1], match[2] or "", match[3]
        # Of Java's flags, u and U widen what matches beyond ASCII and d is about line ends within a line.
        for flag in on + off:
            if flag not in "imsdu":
                raise GrokSyntaxError(f"the flag {flag!r} is not supported")
        on, off = ("".join(f for f in flags if f in "ims") for flags in (on, off))
        begin = f"(?{on}{'-' + off if off else ''}:" if on or off else "(?:"
        if end == ":":
            self._begin(begin, match.end())
        else:
            self.out.append(begin)
            self.opened[-1].append(begin)
            self.at = match.end()

    # --- escapes ---

    def _escape(self) -> str:
        char = self.text[self.at : self.at + 1]
        if not char:
            raise GrokSyntaxError("a backslash stands at the end")
        if char == "k":
            return self._named_reference()
        if char in "123456789":
            return self._numbered_reference()
        if char == "Q":
            end = self.text.find("\\E", self.at)
            literal = self.text[self.at + 1 : end if end >= 0 else len(self.text)]
            self.at += 1 + len(literal) + (2 if end >= 0 else 0)
            return f"(?:{re.escape(literal)})" if literal else ""
        if char in _ESCAPES:
            self.at += 1
            return _ESCAPES[char]
        if char in "bB":
            self.at += 1
            return "\\" + char
        members, inverted = self._member_escape()
        return f"[{'^' if inverted else ''}{members}]" if inverted or len(members) > 2 else members

    def _named_reference(self) -> str:
        match = re.compile(r"k<([^>]+)>|k'([^']+)'|k\{([^}]+)\}").match(self.text, self.at)
        if match is None:
            raise GrokSyntaxError(r"\k is not followed by a name in angle brackets")
        name = match[1] or match[2] or match[3]
        group = self.hooks.known(name)
        if group is None:
            raise GrokSyntaxError(f"there is no group {name!r} before the reference to it")
        self.at = match.end()
        return f"(?P={group})"

    def _numbered_reference(self) -> str:
        number = int(self.text[self.at])
        if number > len(self.groups) or not self.groups[number - 1]:
            raise GrokSyntaxError(f"there is no group {number} before the reference to it")
        self.at += 1
        return f"(?P={self.groups[number - 1]})"

    def _member_escape(self) -> tuple[str, bool]:
        """What may also stand in brackets, as their content, and whether everything else is meant."""
        char = self.text[self.at]
        self.at += 1
        if char in "dDwWsSfnrt":
            return "\\" + char, False
        if char == "a":
            return r"\x07", False
        if char == "e":
            return r"\x1b", False
        if char.lower() in _CLASS_ESCAPES:
            return _CLASS_ESCAPES[char.lower()], char.isupper()
        if char in "pP":
            return self._property(negated=char == "P")
        if char in "xu":
            return self._code_point()
        if char == "0":
            match = re.compile(r"[0-3]?[0-7]{1,2}").match(self.text, self.at)
            self.at = match.end() if match else self.at
            return _literal(chr(int(match[0], 8))) if match else r"\x00", False
        if char == "c" and self.at < len(self.text):
            self.at += 1
            return _literal(chr(ord(self.text[self.at - 1]) & 0x1F)), False
        if char.isascii() and char.isalnum():
            raise GrokSyntaxError(f"the escape '\\{char}' is not supported")
        return _literal(char), False

    def _property(self, *, negated: bool) -> tuple[str, bool]:
        match = _PROPERTY.match(self.text, self.at)
        members = _POSIX.get(match[2].lower()) if match else None
        if match is None or members is None:
            raise GrokSyntaxError(f"the property '\\p{self.text[self.at : self.at + 12]}' is not supported")
        self.at = match.end()
        return members, negated != bool(match[1])

    def _code_point(self) -> tuple[str, bool]:
        match = _HEX.match(self.text, self.at - 1)
        code = int(match[1] or match[2] or match[3], 16) if match else -1
        if match is None or code > 0x10FFFF:
            raise GrokSyntaxError(f"the escape {self.text[self.at - 2 : self.at + 4]!r} is no character")
        self.at = match.end()
        return _literal(chr(code)), False

    # --- classes ---

    def _members(self) -> str:
        """The content of brackets; unions within them are taken up, intersections refused."""
        self.at += 1
        members: list[str] = []
        if self.text.startswith("^", self.at):
            members.append("^")
            self.at += 1
        if self.text.startswith("]", self.at):
            members.append(r"\]")
            self.at += 1
        after_class = False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "]":
                self.at += 1
                return "".join(members)
            member, after_class = self._member(char, after_class)
            members.append(member)
        raise GrokSyntaxError("a bracket is not closed")

    def _member(self, char: str, after_class: bool) -> tuple[str, bool]:
        """One member, and whether it is a class of its own, after which a hyphen makes no range."""
        if self.text.startswith("&&", self.at):
            raise GrokSyntaxError("an intersection of classes ('&&') is not supported")
        if posix := re.compile(r"\[:(\^?)([a-z]+):\]").match(self.text, self.at):
            if posix[2] not in _POSIX or posix[1]:
                raise GrokSyntaxError(f"the class {posix[0]!r} is not supported")
            self.at = posix.end()
            return _POSIX[posix[2]], True
        if char == "[":
            inner = self._members()
            if inner.startswith("^"):
                raise GrokSyntaxError("a negated class within a class is not supported")
            return inner, True
        if char == "\\":
            self.at += 1
            if self.at == len(self.text):
                raise GrokSyntaxError("a backslash stands at the end")
            if self.text[self.at] == "b":
                self.at += 1
                return r"\x08", False
            members, inverted = self._member_escape()
            if inverted:
                raise GrokSyntaxError("a negated class within a class is not supported")
            return members, (members[0] == "\\" and members[1:2] in tuple("dDwWsS")) or len(members) > 6
        self.at += 1
        if char == "-":
            closes = self.text.startswith("]", self.at)
            doubled = self.text.startswith("-", self.at)
            return (r"\-" if after_class or closes or doubled else "-"), False
        return (char if char.isalnum() or char in " _" else _literal(char)), False


def _literal(char: str) -> str:
    if char.isascii() and char.isprintable():
        return char if char.isalnum() or char == "_" else "\\" + char
    return char if char.isprintable() else _coded(char)


def _coded(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _closing_brace(text: str, start: int) -> int:
    depth = 1
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise GrokSyntaxError(f"the reference {text[start - 2 : start + 20]!r} is not closed")
