r"""The built-in grok patterns: every name of "AWS Glue built-in patterns", and further names that logstash users know.

Source of the names and of the fields they capture: "Writing custom classifiers" in the AWS Glue guide. A field called
`UNWANTED` is no field; none is needed here, for a reference without a field captures nothing.
"""

from __future__ import annotations

__all__ = ["BUILT_IN"]

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|0?[0-9]{1,2})"
_DOTTED = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_HEX = "[0-9A-Fa-f]"
_PIECE = f"{_HEX}{{1,4}}"


def _ipv6() -> str:
    """Eight pieces, of which `::` stands for one run of zeros; the last two may be written as IPv4."""
    forms = [f"(?:{_PIECE}:){{7}}{_PIECE}", f"(?:{_PIECE}:){{6}}{_DOTTED}"]
    for before in range(6, 0, -1):
        # Longest first: an alternative that ends early would win otherwise.
        after = 7 - before
        head = f"(?:{_PIECE}:){{{before}}}"
        if after >= 2:
            forms.append(f"{head}(?::{_PIECE}){{0,{after - 2}}}:{_DOTTED}")
        forms.append(f"{head}(?::{_PIECE}){{1,{after}}}")
    forms.append(f"(?:{_PIECE}:){{7}}:")
    forms.append(f"::(?:{_PIECE}:){{0,5}}{_DOTTED}")
    forms.append(f":(?::{_PIECE}){{1,7}}")
    forms.append(f"(?:{_PIECE}:){{1,7}}:")
    forms.append("::")
    return rf"(?:{'|'.join(forms)})(?:%\S+)?"


def _quoted(mark: str) -> str:
    return rf"{mark}(?>(?:\\.|[^\\{mark}])*){mark}"


_WORDS: dict[str, str] = {
    "USERNAME": r"[\w.-]+",
    "USER": "%{USERNAME}",
    "EMAILLOCALPART": r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*",
    "EMAILADDRESS": "%{EMAILLOCALPART}@%{HOSTNAME}",
    "INT": "[+-]?[0-9]+",
    "BASE10NUM": r"(?<![0-9.+-])(?>[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))",
    "NUMBER": "%{BASE10NUM}",
    "BASE16NUM": rf"(?<!{_HEX})[+-]?(?:0x)?{_HEX}+",
    "BASE16FLOAT": rf"\b(?<![0-9A-Fa-f.])[+-]?(?:0x)?(?:{_HEX}+(?:\.{_HEX}*)?|\.{_HEX}+)\b",
    "BOOLEAN": "(?i:true|false)",
    "POSINT": r"\b[1-9][0-9]*\b",
    "NONNEGINT": r"\b[0-9]+\b",
    "WORD": r"\b\w+\b",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": ".*?",
    "GREEDYDATA": ".*",
    "QUOTEDSTRING": rf"(?<!\\)(?:{_quoted(chr(34))}|{_quoted(chr(39))}|{_quoted('`')})",
    "QS": "%{QUOTEDSTRING}",
    "UUID": f"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}",
    "URN": r"urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:(?:%[0-9A-Fa-f]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+",
}

_NETWORK: dict[str, str] = {
    "MAC": "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
    "CISCOMAC": rf"(?:{_HEX}{{4}}\.){{2}}{_HEX}{{4}}",
    "WINDOWSMAC": f"(?:{_HEX}{{2}}-){{5}}{_HEX}{{2}}",
    "COMMONMAC": f"(?:{_HEX}{{2}}:){{5}}{_HEX}{{2}}",
    "IPV6": _ipv6(),
    "IPV4": rf"(?<![0-9]){_DOTTED}(?![0-9])",
    "IP": "(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": r"\b[0-9A-Za-z][\w-]{0,62}(?:\.[0-9A-Za-z][\w-]{0,62})*(?:\.?|\b)",
    "HOST": "%{HOSTNAME}",
    # A name first, as documented: four numbers with dots are one too, and it is the quicker to match.
    "IPORHOST": "(?:%{HOSTNAME}|%{IP})",
    "HOSTPORT": "%{IPORHOST}:%{POSINT:PORT}",
}

_PATHS: dict[str, str] = {
    "PATH": "(?:%{UNIXPATH}|%{WINPATH})",
    "UNIXPATH": r"(?>/(?>[\w%!$@:.,~+-]+|\\.)*)+",
    "TTY": r"/dev/(?:pts|tty[pq]?)\w*/?[0-9]+",
    "WINPATH": r"(?>[A-Za-z]+:|\\)(?:\\[^\\?*]*)+",
    "URIPROTO": r"[A-Za-z]+(?:\+[A-Za-z+]+)?",
    "URIHOST": "%{IPORHOST}(?::%{POSINT:port})?",
    "URIPATH": r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%_-]*)+",
    "URIPARAM": r"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]-]*",
    "URIPATHPARAM": "%{URIPATH}(?:%{URIPARAM})?",
    "URI": "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
}

_TIMES: dict[str, str] = {
    "MONTH": (
        r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
        r"|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b"
    ),
    "MONTHNUM": "(?:1[0-2]|0?[1-9])",
    "MONTHNUM2": "(?:0[1-9]|1[0-2])",
    "MONTHDAY": "(?:0[1-9]|[12][0-9]|3[01]|[1-9])",
    "DAY": "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
    "YEAR": r"(?>\d\d){1,2}",
    "HOUR": "(?:2[0-3]|[01]?[0-9])",
    "MINUTE": "[0-5][0-9]",
    # 60 is a leap second.
    "SECOND": "(?:60|[0-5]?[0-9])(?:[:.,][0-9]+)?",
    "TIME": "(?<![0-9])%{HOUR}:%{MINUTE}:%{SECOND}(?![0-9])",
    "DATE_US": "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
    "DATE_EU": "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
    "DATE": "(?:%{DATE_US}|%{DATE_EU})",
    "DATESTAMP": "%{DATE}[- ]%{TIME}",
    "DATESTAMP_US": "%{DATE_US}[- ]%{TIME}",
    "DATESTAMP_EU": "%{DATE_EU}[- ]%{TIME}",
    "ISO8601_TIMEZONE": "(?:Z|[+-]%{HOUR}:?%{MINUTE})",
    "ISO8601_SECOND": "%{SECOND}",
    "TIMESTAMP_ISO8601": ("%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"),
    "TZ": "(?:[PMCE][SD]T|UTC)",
    "DATESTAMP_RFC822": "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
    "DATESTAMP_RFC2822": "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
    "DATESTAMP_OTHER": "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
    "DATESTAMP_EVENTLOG": "%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
    "CISCOTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}",
    "SYSLOGTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}",
    "HTTPDATE": "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
}

_REQUEST = (
    r'"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" %{NUMBER:response}'
)

_LOGS: dict[str, str] = {
    "PROG": "[\\w./%-]+",
    "SYSLOGPROG": r"%{PROG:program}(?:\[%{POSINT:pid}\])?",
    "SYSLOGHOST": "%{IPORHOST}",
    "SYSLOGFACILITY": "<%{NONNEGINT:facility}.%{NONNEGINT:priority}>",
    "SYSLOGBASE": "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:",
    "SYSLOGLINE": "%{SYSLOGBASE} %{GREEDYDATA:message}",
    "MESSAGESLOG": "%{SYSLOGBASE} %{DATA}",
    "COMMONAPACHELOG": (
        r"%{IPORHOST:clientip} %{USER:ident} %{USER:auth} \[%{HTTPDATE:timestamp}\] "
        + _REQUEST
        + " (?<bytes>%{NUMBER}|-)"
    ),
    "COMBINEDAPACHELOG": "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
    "COMMONAPACHELOG_DATATYPED": (
        r"%{IPORHOST:clientip} %{USER:ident;boolean} %{USER:auth} "
        r"\[%{HTTPDATE:timestamp;date;dd/MMM/yyyy:HH:mm:ss Z}\] "
        r'"(?:%{WORD:verb;string} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion;float})?|%{DATA:rawrequest})" '
        r"%{NUMBER:response;int} (?:%{NUMBER:bytes;long}|-)"
    ),
    "LOGLEVEL": (
        "(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo(?:rmation)?|INFO(?:RMATION)?"
        "|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL"
        "|[Ss]evere|SEVERE|[Ee]merg(?:ency)?|EMERG(?:ENCY)?)"
    ),
}

BUILT_IN: dict[str, str] = {**_WORDS, **_NETWORK, **_PATHS, **_TIMES, **_LOGS}
"""Pattern by name, in grok's own syntax."""
