"""Grok patterns: what they match and capture, and what is said of those that cannot be used."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glue_etl.engine.io.grok_compile import compile_grok, parse_custom_patterns
from glue_etl.engine.io.grok_patterns import BUILT_IN
from glue_etl.errors import OptionError

# Every name of "AWS Glue built-in patterns", with a text it matches as a whole and one in which it finds nothing.
DOCUMENTED: dict[str, tuple[str, str | None]] = {
    "USERNAME": ("jane.doe-1_x", "@"),
    "USER": ("root", "@"),
    "INT": ("-12", "x"),
    "BASE10NUM": ("-1.5", "x"),
    "NUMBER": ("200", "x"),
    "BASE16NUM": ("0xDEADbeef", "xyz"),
    "BASE16FLOAT": ("0x1.8", "xyz"),
    "BOOLEAN": ("TRUE", "yes"),
    "POSINT": ("10", "0"),
    "NONNEGINT": ("0", "x"),
    "WORD": ("GET_1", "--"),
    "NOTSPACE": ("/a?b", " "),
    "SPACE": ("  ", None),
    "DATA": ("", None),
    "GREEDYDATA": ("all of it", None),
    "QUOTEDSTRING": (r'"a \"b\" c"', '"open'),
    "UUID": ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716"),
    "MAC": ("00:1A:2b:3c:4d:5e", "00:1A:2b"),
    "CISCOMAC": ("001A.2b3c.4d5e", "001A.2b3c"),
    "WINDOWSMAC": ("00-1A-2b-3c-4d-5e", "00-1A"),
    "COMMONMAC": ("00:1A:2b:3c:4d:5e", "00-1A-2b-3c-4d-5e"),
    "IPV6": ("2001:db8::ff00:42:8329", "2001"),
    "IPV4": ("192.168.0.255", "192.168.0"),
    "IP": ("10.0.0.1", "x"),
    "HOSTNAME": ("www.example.com", "--"),
    "HOST": ("localhost", "--"),
    "IPORHOST": ("10.0.0.1", "--"),
    "HOSTPORT": ("example.com:8080", "example.com"),
    "PATH": ("/var/log/a.log", "x"),
    "UNIXPATH": ("/var/log/a.log", "x"),
    "TTY": ("/dev/pts/3", "/dev/x"),
    "WINPATH": (r"C:\logs\a.log", "/a"),
    "URIPROTO": ("git+ssh", "1"),
    "URIHOST": ("example.com:80", "--"),
    "URIPATH": ("/a/b%20c", "a"),
    "URIPARAM": ("?a=b&c=[d]", "a"),
    "URIPATHPARAM": ("/a?b=c", "a"),
    "URI": ("https://u:p@example.com:80/a?b=c", "example.com"),
    "MONTH": ("September", "Sept1"),
    "MONTHNUM": ("12", "x"),
    "MONTHNUM2": ("09", "9"),
    "MONTHDAY": ("31", "x"),
    "DAY": ("Wednesday", "Wen"),
    "YEAR": ("2024", "1"),
    "HOUR": ("23", "x"),
    "MINUTE": ("59", "60"),
    "SECOND": ("60.123", "x"),
    "TIME": ("13:55:36", "13:55"),
    "DATE_US": ("10/31/2024", "2024"),
    "DATE_EU": ("31.10.2024", "2024"),
    "DATESTAMP_US": ("10/31/2024 13:55:36", "10/31/2024"),
    "DATESTAMP_EU": ("31.10.2024-13:55:36", "31.10.2024"),
    "ISO8601_TIMEZONE": ("+02:00", "02"),
    "ISO8601_SECOND": ("59", "x"),
    "TIMESTAMP_ISO8601": ("2017-03-30T01:02:03.5Z", "2017-03-30"),
    "TZ": ("PST", "ABC"),
    "DATESTAMP_RFC822": ("Mon Jan 15 2024 13:55:36 UTC", "Mon Jan 15"),
    "DATESTAMP_RFC2822": ("Mon, 15 Jan 2024 13:55:36 +0100", "Mon, 15 Jan"),
    "DATESTAMP_OTHER": ("Mon Jan 15 13:55:36 UTC 2024", "Mon Jan 15"),
    "DATESTAMP_EVENTLOG": ("20240115135536", "2024"),
    "CISCOTIMESTAMP": ("Jan 15 13:55:36", "Jan 15"),
    "SYSLOGTIMESTAMP": ("Feb  1 06:25:43", "Feb  1"),
    "PROG": ("usr/sbin.cron", "["),
    "SYSLOGPROG": ("sshd[123]", "["),
    "SYSLOGHOST": ("myhost", "--"),
    "SYSLOGFACILITY": ("<13.6>", "<13>"),
    "HTTPDATE": ("10/Oct/2000:13:55:36 -0700", "10/Oct/2000"),
    "QS": ("'a'", "a"),
    "SYSLOGBASE": ("Feb  1 06:25:43 <1.2> myhost sshd[123]:", "myhost"),
    "MESSAGESLOG": ("Feb  1 06:25:43 myhost cron: ", "myhost"),
    "COMMONAPACHELOG": ('127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326', "127.0.0.1"),
    "COMBINEDAPACHELOG": ('h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 - "http://a/" "Mozilla"', "h - -"),
    "COMMONAPACHELOG_DATATYPED": ('h - - [10/Oct/2000:13:55:36 -0700] "GET /" 200 -', "h - -"),
    "LOGLEVEL": ("Warning", "verbose"),
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_patterns(name: str) -> None:
    text, other = DOCUMENTED[name]
    regex = compile_grok(f"^(?<x>%{{{name}}})$").regex
    match = regex.search(text)
    assert match is not None
    assert match[1] == text
    assert other is None or compile_grok(f"%{{{name}:x}}").regex.search(other) is None


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_built_in_pattern_compiles_and_takes_no_line_long(name: str) -> None:
    regex = compile_grok(f"%{{{name}:x}}").regex
    start = time.perf_counter()
    for line in ("a" * 300, "1." * 150, "/a" * 150, '"' + "\\a" * 150, ":" * 300, "a.b-c " * 50):
        regex.search(line)
    assert time.perf_counter() - start < 1


# name: (logFormat, customPatterns, line, fields)
CAPTURES: dict[str, tuple[str, str, str, dict[str, str | None] | None]] = {
    "one field": ("%{WORD:verb}", "", "GET", {"verb": "GET"}),
    "a line may hold more than the pattern": ("%{INT:n}", "", "n is 5!", {"n": "5"}),
    "anchored": ("^%{INT:n}$", "", "5!", None),
    "without a name nothing is captured": ("%{WORD} %{WORD:b}", "", "a b", {"b": "b"}),
    "UNWANTED is no field": ("%{WORD:UNWANTED} %{WORD:b}", "", "a b", {"b": "b"}),
    "fields of nested patterns": ("%{SYSLOGPROG}", "", "cron[7]", {"program": "cron", "pid": "7"}),
    "a field around fields": ("%{SYSLOGPROG:p}", "", "cron[7]", {"p": "cron[7]", "program": "cron", "pid": "7"}),
    "a part that is not there": ("%{WORD:a}(?: %{INT:b})?", "", "x", {"a": "x", "b": None}),
    "one field in two places": ("(?:%{INT:v}|%{WORD:v})", "", "x", {"v": "x"}),
    "odd field names": ("%{WORD:a-b.c} %{WORD:[d][e]} %{WORD:ź}", "", "x y z", {"a-b.c": "x", "[d][e]": "y", "ź": "z"}),
    "named group": ("(?<id>[0-9A-F]{3}) %{WORD:w}", "", "1AF x", {"id": "1AF", "w": "x"}),
    "named group with quotes": ("(?'id'[0-9]+)", "", "12", {"id": "12"}),
    "defined on the spot": ("%{BYTES:bytes=%{INT}|-}", "", "-", {"bytes": "-"}),
    "custom pattern": ("%{CODE:code} %{WORD:w}", "CODE [A-Z]{3}[0-9]{2}", "ABC12 x", {"code": "ABC12", "w": "x"}),
    "custom patterns, comments and blank lines": (
        "%{A:a}", "# mine\r\n\r\nA %{B}-%{B}\r\n  B  [ab]+\r\n", "ab-b", {"a": "ab-b"},
    ),
    "custom pattern in place of a built-in one": ("%{WORD:w}", "WORD [0-9]", "a1", {"w": "1"}),
    "flags in the middle": ("%{WORD:a} (?:x(?i)yes|no)", "", "w xYES", {"a": "w"}),
    "flags reach over alternatives": ("(?<a>(?i)yes|no)", "", "NO", {"a": "NO"}),
    "flags end with their group": ("(?<a>(?:(?i)x)y)", "", "XY", None),
    "flags for one group": ("(?<a>(?i:x)y)", "", "Xy", {"a": "Xy"}),
    "back to a number": (r"(a|b)(?<n>\d)\1", "", "a1b b2b", {"n": "2"}),
    "back to a name": (r"(?<q>['\"])(?<t>.*?)\k<q>", "", "'a\"b'", {"q": "'", "t": 'a"b'}),
    "atomic group": (r"(?<a>(?>a+)b)", "", "aab", {"a": "aab"}),
    "possessive": ("(?<a>a++)a", "", "aaa", None),
    "POSIX classes": ("(?<a>[[:alpha:]_]+)(?<b>[^[:alpha:]]+)", "", "a_b12", {"a": "a_b", "b": "12"}),
    "property": (r"(?<a>\p{Upper}+)(?<b>\P{Alpha}+)", "", "AB12", {"a": "AB", "b": "12"}),
    "union of classes": ("(?<a>[a[0-9]]+)", "", "xa1", {"a": "a1"}),
    "hyphen after a class": (r"(?<a>[\w-.]+)", "", "a-b.c", {"a": "a-b.c"}),
    "brackets in a class": (r"(?<a>[\[\]]+)", "", "[]", {"a": "[]"}),
    "closing bracket first": ("(?<a>[]x]+)", "", "a]x", {"a": "]x"}),
    "doubled signs in a class": ("(?<a>[--/~~||]+)", "", "-~|", {"a": "-~|"}),
    "quoted": (r"\Q[%*\E(?<a>.)", "", "[%*x", {"a": "x"}),
    "code points": (r"\x41\x{42}\u0043(?<a>.)", "", "ABCd", {"a": "d"}),
    "horizontal space": (r"a\h+(?<b>\H)", "", "a \tb", {"b": "b"}),
    "comment": ("(?#the first)(?<a>.)", "", "x", {"a": "x"}),
    "escaped per cent sign": (r"\%%{INT:n}", "", "%5", {"n": "5"}),
    "digits and words are ASCII": (r"(?<a>\w+)", "", "ŁA", {"a": "A"}),
    "AWS's own example": (
        r"%{TIMESTAMP_ISO8601:timestamp} \[%{MESSAGEPREFIX:message_prefix}\] %{CRAWLERLOGLEVEL:loglevel} "
        ": %{GREEDYDATA:message}",
        "CRAWLERLOGLEVEL (BENCHMARK|ERROR|WARN|INFO|TRACE)\nMESSAGEPREFIX .*-.*-.*-.*-.*",
        "2017-03-30T01:02:03Z [a-b-c-d-e] INFO : done",
        {
            "timestamp": "2017-03-30T01:02:03Z", "message_prefix": "a-b-c-d-e", "loglevel": "INFO", "message": "done",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CAPTURES)
def test_captures(name: str) -> None:
    log_format, custom, line, expected = CAPTURES[name]
    grok = compile_grok(log_format, custom)
    match = grok.regex.search(line)
    if match is None:
        assert expected is None
        return
    groups = match.groups()
    found = {
        field.name: next((groups[at] for at in field.groups if groups[at] is not None), None) for field in grok.fields
    }
    assert found == expected
    assert list(found) == list(expected or {})


# name: (logFormat, customPatterns, parts of the message)
WRONG: dict[str, tuple[str, str, list[str]]] = {
    "unknown pattern": ("%{WROD:w}", "", ["'WROD'", "'logFormat'", "WORD"]),
    "unknown in a custom pattern": ("%{A:a}", "A %{B}", ["'B'", "'A' refers to"]),
    "itself": ("%{A:a}", "A x%{A}", ["'A' refers to itself", "A -> A"]),
    "in a circle": ("%{A:a}", "A %{B}\nB %{C}\nC %{A}", ["A -> B -> C -> A"]),
    "no field": ("%{WORD} x", "", ["captures no field"]),
    "custom line without a definition": ("%{WORD:w}", "A", ["'A'", "'customPatterns'"]),
    "reference not closed": ("%{WORD:w", "", ["'logFormat'", "not closed"]),
    "reference without a name": ("%{:w}", "", ["'logFormat'", "name of a pattern"]),
    "group not closed": ("(%{WORD:w}", "", ["'logFormat'", "not closed"]),
    "group not opened": ("%{A:a}", "A x)", ["'A'", "not opened"]),
    "bracket not closed": ("%{A:a}", "A [x", ["'A'", "not closed"]),
    "nothing to repeat": ("*%{WORD:w}", "", ["nothing to repeat"]),
    "look-behind of any length": ("(?<=a+)%{WORD:w}", "", ["look-behind", "fixed length"]),
    "intersection": ("%{A:a}", "A [a&&b]", ["'A'", "intersection"]),
    "recursion of Oniguruma": (r"(?<a>x\g<a>)", "", [r"\g"]),
    "conditional": ("(?<a>x)(?(1)y|z)", "", ["'(?(1'"]),
    "flag": ("(?x)%{WORD:w}", "", ["flag 'x'"]),
    "property": (r"(?<a>\p{Greek})", "", [r"\p{Greek"]),
    "back to nothing": (r"(?<a>x)\k<b>", "", ["no group 'b'"]),
    "type": ("%{INT:n:number}", "", ["'n'", "'number'", "Available", "double"]),
    "two types": ("%{INT:n:int} %{INT:n:long}", "", ["'n'", "'int'", "'long'"]),
    "letter of a date": ("%{DATA:d:date:yyyy-ww}", "", ["'w'", "'yyyy-ww'"]),
    "format of an int": ("%{INT:n:int:yyyy}", "", ["'n'", "no format"]),
    "growing without end": (
        "%{A0:a}", "\n".join(f"A{n} %{{A{n + 1}}}%{{A{n + 1}}}" for n in range(40)) + "\nA40 x", ["longer than"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_used_is_named(name: str) -> None:
    log_format, custom, parts = WRONG[name]
    with pytest.raises(OptionError) as caught:
        compile_grok(log_format, custom)
    assert [part for part in parts if part not in str(caught.value)] == []


PIECES = st.sampled_from(
    [
        *(
            "%{WORD:a}",
            "%{INT:n:int}",
            "%{DATA}",
            "%{B:x=[a]}",
            "%{",
            "}",
            "%{C:c}",
            ":",
            "(?<x>",
            "(?i)",
            "(?:",
            "(?>",
        ),
        *(
            "(?<=",
            "(?!",
            "(",
            ")",
            "[",
            "]",
            "[^",
            "[:alpha:]",
            "-",
            "&&",
            "|",
            "*",
            "+",
            "?",
            "{2}",
            "{1,",
            "\\",
            "\\1",
        ),
        *("\\k<x>", "\\Q", "\\E", "\\x{41}", "\\p{Alpha}", "\\h", "\\d", "a", "z", ".", "^", "$", " ", "é", "\n", "\0"),
        *("(?#", "(?-s:", "\\c", "\\u00", "~~", "||", "[[", "''"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=12), st.lists(PIECES, max_size=6).map("".join))
@example("[" * 3000, "x")
@example("(" * 3000, "x")
@example("%{C:c}", "%{C}")
@example("\\", "\\")
@example("[\\", "[")
@example("%{A:a=%{A:a=%{A:a=x}}}", "")
def test_any_text_compiles_or_is_refused(log_format: str, custom: str) -> None:
    """Matching is not tried: as everywhere, a pattern such as `(a+)+$` takes for ever on some lines."""
    try:
        grok = compile_grok("%{WORD:first}" + log_format, f"C {custom}")
    except OptionError:
        return
    assert grok.fields[0].name == "first"
    assert all(at < grok.regex.groups for field in grok.fields for at in field.groups)


@given(st.text(min_size=1, max_size=20).filter(lambda text: not set(text) & set("\r\n")))
def test_escaped_text_matches_itself(text: str) -> None:
    escaped = "".join("\\" + char if char.isascii() and not char.isalnum() else char for char in text)
    match = compile_grok(f"^(?<x>{escaped})$").regex.search(text)
    assert match is not None
    assert match[1] == text
    in_class = compile_grok(f"^(?<x>[{escaped}]+)$").regex.search(text)
    assert in_class is not None


@given(st.text(max_size=60))
def test_custom_patterns_are_lines(text: str) -> None:
    try:
        patterns = parse_custom_patterns(text)
    except OptionError:
        return
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) and definition for name, definition in patterns.items())
