"""URLs of five databases as AWS writes them, and as their drivers want them: without credentials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io.jdbc_urls import masked, parse_url
from glue_etl.engine.io.jdbc_vendors import VENDORS
from glue_etl.errors import OptionError

# written, for the driver, server, database
URLS = {
    "postgresql": (
        "jdbc:postgresql://db.example.com:5432/employee",
        "jdbc:postgresql://db.example.com:5432/employee",
        "jdbc:postgresql://db.example.com:5432",
        "employee",
    ),
    "postgresql without a port": (
        "jdbc:postgresql://localhost/employee",
        "jdbc:postgresql://localhost/employee",
        "jdbc:postgresql://localhost",
        "employee",
    ),
    "postgresql, IPv6 and parameters": (
        "jdbc:postgresql://[::1]:5432/employee?ssl=true&currentSchema=hr",
        "jdbc:postgresql://[::1]:5432/employee?ssl=true&currentSchema=hr",
        "jdbc:postgresql://[::1]:5432",
        "employee",
    ),
    "mysql": (
        "jdbc:mysql://db.example.com:3306/employee",
        "jdbc:mysql://db.example.com:3306/employee",
        "jdbc:mysql://db.example.com:3306",
        "employee",
    ),
    "redshift": (
        "jdbc:redshift://x.us-east-1.redshift.amazonaws.com:8192/dev",
        "jdbc:redshift://x.us-east-1.redshift.amazonaws.com:8192/dev",
        "jdbc:redshift://x.us-east-1.redshift.amazonaws.com:8192",
        "dev",
    ),
    "sqlserver, databaseName": (
        "jdbc:sqlserver://db.example.com:1433;databaseName=employee",
        "jdbc:sqlserver://db.example.com:1433;databaseName=employee",
        "jdbc:sqlserver://db.example.com:1433",
        "employee",
    ),
    "sqlserver, database and more": (
        "jdbc:sqlserver://db.example.com:1433;database=employee;encrypt=false",
        "jdbc:sqlserver://db.example.com:1433;databaseName=employee;encrypt=false",
        "jdbc:sqlserver://db.example.com:1433",
        "employee",
    ),
    "sqlserver, an instance": (
        r"jdbc:sqlserver://db\one:1433",
        r"jdbc:sqlserver://db\one:1433",
        r"jdbc:sqlserver://db\one:1433",
        "",
    ),
    "oracle, a service as AWS writes it": (
        "jdbc:oracle:thin://@db.example.com:1521/employee",
        "jdbc:oracle:thin:@//db.example.com:1521/employee",
        "jdbc:oracle:thin://@db.example.com:1521",
        "employee",
    ),
    "oracle, a service as Oracle writes it": (
        "jdbc:oracle:thin:@//db.example.com:1521/employee",
        "jdbc:oracle:thin:@//db.example.com:1521/employee",
        "jdbc:oracle:thin://@db.example.com:1521",
        "employee",
    ),
    "oracle, a SID as AWS writes it": (
        "jdbc:oracle:thin://@db.example.com:1521:ORCL",
        "jdbc:oracle:thin:@db.example.com:1521:ORCL",
        "jdbc:oracle:thin://@db.example.com:1521",
        "ORCL",
    ),
}


@pytest.mark.parametrize(("written", "text", "server", "database"), URLS.values(), ids=URLS.keys())
def test_a_url_is_taken_apart(written: str, text: str, server: str, database: str) -> None:
    url = parse_url(written)
    assert (url.text, url.server, url.database, url.user, url.password) == (text, server, database, "", "")


LOGINS = {
    "postgresql": ("jdbc:postgresql://h:1/d?user=ann&password=s%23cret&ssl=true", "jdbc:postgresql://h:1/d?ssl=true"),
    "postgresql, nothing else": ("jdbc:postgresql://h:1/d?password=s%23cret&user=ann", "jdbc:postgresql://h:1/d"),
    "mysql, in front of the host": ("jdbc:mysql://ann:s%23cret@h:1/d", "jdbc:mysql://h:1/d"),
    "redshift": ("jdbc:redshift://h:1/d;UID=ann;PWD=s%23cret", "jdbc:redshift://h:1/d"),
    "sqlserver": ("jdbc:sqlserver://h:1;user=ann;password=s#cret;encrypt=true", "jdbc:sqlserver://h:1;encrypt=true"),
    "sqlserver, braces": ("jdbc:sqlserver://h:1;user=ann;password={s#cret}", "jdbc:sqlserver://h:1"),
    "oracle": ("jdbc:oracle:thin:ann/s#cret@h:1:sid", "jdbc:oracle:thin:@h:1:sid"),
    "oracle, a description": (
        "jdbc:oracle:thin:ann/s#cret@(DESCRIPTION=(ADDRESS=(HOST=h)))",
        "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(HOST=h)))",
    ),
}


@pytest.mark.parametrize(("written", "text"), LOGINS.values(), ids=LOGINS.keys())
def test_credentials_are_taken_out(written: str, text: str) -> None:
    url = parse_url(written)
    assert (url.text, url.user, url.password) == (text, "ann", "s#cret")
    assert "cret" not in repr(url)


@pytest.mark.parametrize(("written", "text"), LOGINS.values(), ids=LOGINS.keys())
def test_a_url_in_a_message_has_no_credentials(written: str, text: str) -> None:
    assert "cret" not in masked(f"The URL {written!r} is wrong.")


def test_options_in_a_message_have_no_credentials() -> None:
    assert masked('{"password": "hunt\\"er2", "dbtable": "t"} and {"awsSecretKey" : "hunter2"}') == (
        '{"password": "****", "dbtable": "t"} and {"awsSecretKey" : "****"}'
    )


DATABASES = {
    "postgresql": ("jdbc:postgresql://h:1/d?ssl=true", "jdbc:postgresql://h:1/other?ssl=true"),
    "none before": ("jdbc:redshift://h:1", "jdbc:redshift://h:1/other"),
    "sqlserver": ("jdbc:sqlserver://h:1;encrypt=true", "jdbc:sqlserver://h:1;databaseName=other;encrypt=true"),
    "oracle": ("jdbc:oracle:thin://@h:1/d", "jdbc:oracle:thin:@//h:1/other"),
}


@pytest.mark.parametrize(("written", "text"), DATABASES.values(), ids=DATABASES.keys())
def test_another_database_of_the_server(written: str, text: str) -> None:
    assert parse_url(written).with_database("other").text == text


BAD = {
    "no JDBC": ("postgresql://h/d", "unusable"),
    "no database product": ("jdbc:db2://h:1/d", "db2"),
    "no server": ("jdbc:postgresql:employee", "jdbc:postgresql://host:5432/database"),
    "a password in it": ("jdbc:oracle:thin:ann/hunter2@", "form"),
}


@pytest.mark.parametrize(("written", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_url_is_told(written: str, said: str) -> None:
    with pytest.raises(OptionError, match=said) as raised:
        parse_url(written)
    assert "hunter2" not in str(raised.value)


def test_any_url_is_taken_with_a_driver_of_its_own() -> None:
    url = parse_url("jdbc:h2:mem:test;USER=sa;PASSWORD=x1y2", "org.h2.Driver")
    assert (url.text, url.user, url.password) == ("jdbc:h2:mem:test", "sa", "x1y2")
    assert url.vendor.drivers == ("org.h2.Driver",)


@given(st.text(max_size=40), st.sampled_from([vendor.prefix for vendor in VENDORS.values()]))
def test_any_text_is_a_url_or_refused_by_name(text: str, prefix: str) -> None:
    for written in (text, f"{prefix}{text}", f"{prefix}//{text}"):
        try:
            parse_url(written)
        except OptionError as error:
            assert error.hint


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="@/"), min_size=4))
def test_no_password_survives_in_a_url(password: str) -> None:
    from urllib.parse import quote

    url = parse_url(f"jdbc:postgresql://h:1/d?user=u&password={quote(password, safe='')}&a=b")
    assert (url.password, url.text) == (password, "jdbc:postgresql://h:1/d?a=b")
