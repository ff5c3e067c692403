"""Passwords that this process has seen, kept out of every text it writes.

py4j writes each call to the JVM into its log at DEBUG, which a script may switch on for everything, and a driver may
repeat in an error what it was given.
"""

from __future__ import annotations

import logging
import re

from glue_etl.engine.io.jdbc_urls import masked

__all__ = ["hidden", "remember"]

_MASK = "****"
# A text so short stands for nothing but itself: hiding it would spoil every other text.
_LEAST = 3
_PY4J = ("py4j", "py4j.clientserver", "py4j.java_gateway")
_seen: dict[str, re.Pattern[str]] = {}


class _Hiding(logging.Filter):
    """Hides what `remember` was told."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        # In py4j's own language a letter stands before each text, so a password there is no word.
        if any(secret in text for secret in _seen):
            for secret in sorted(_seen, key=len, reverse=True):
                text = text.replace(secret, _MASK)
            record.msg, record.args = text, ()
        return True


_FILTER = _Hiding()


def remember(*secrets: str) -> None:
    """Hide these texts from now on."""
    for secret in secrets:
        # py4j doubles backslashes in what it sends.
        for text in {secret, secret.replace("\\", "\\\\")}:
            if len(text) >= _LEAST and text not in _seen:
                _seen[text] = re.compile(_whole(text))
    for name in _PY4J:
        # A logger has a filter once, however often it is added.
        logging.getLogger(name).addFilter(_FILTER)


def hidden(text: str) -> str:
    """A text without passwords: those that are known, and what looks like one."""
    for secret in sorted(_seen, key=len, reverse=True):
        text = _seen[secret].sub(_MASK, text)
    return masked(text)


def _whole(secret: str) -> str:
    """A password such as `postgres` is hidden where it is a word, not within `postgresql`."""
    before = r"(?<!\w)" if re.match(r"\w", secret) else ""
    behind = r"(?!\w)" if re.search(r"\w\Z", secret) else ""
    return f"{before}{re.escape(secret)}{behind}"
