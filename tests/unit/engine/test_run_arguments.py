from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.run_arguments import HARMLESS, REFUSED, mask, parse, parse_conf
from glue_etl.errors import GlueEtlError, JobError, OptionError, UnsupportedError


def understood(*arguments: str):
    return parse(arguments, default_job_name="script", run_id="jr_1")


def test_what_glue_always_gives_is_added_in_front_and_the_rest_stays_as_it_was():
    job = understood("--day", "2017-01-01", "--enable-metrics")
    assert job.argv[2:] == ("--JOB_RUN_ID", "jr_1", "--JOB_NAME", "script", "--day", "2017-01-01", "--enable-metrics")
    assert job.argv[0] == "--JOB_ID"
    assert job.argv[1].startswith("j_")


def test_given_standard_arguments_are_not_added_again():
    given = ("--JOB_NAME=x", "--JOB_ID", "j", "--JOB_RUN_ID", "r")
    assert understood(*given).argv == given
    assert understood(*given).job_name == "x"


CONF = {
    "one": ("spark.a=1", {"spark.a": "1"}),
    "Glue's form of two": ("spark.a=1 --conf spark.b=2", {"spark.a": "1", "spark.b": "2"}),
    "a value with equals signs and spaces": ("spark.o=-Da=1 -Db=2", {"spark.o": "-Da=1 -Db=2"}),
    "empty": ("", {}),
}


@pytest.mark.parametrize(("text", "expected"), CONF.values(), ids=CONF)
def test_glue_form_of_conf(text: str, expected: dict[str, str]):
    assert understood("--conf", text).conf == expected


EVENT_LOG = {
    "absent": ((), False),
    "true": (("--enable-spark-ui", "true"), True),
    "without a value": (("--enable-spark-ui", "--x", "1"), True),
    "false": (("--enable-spark-ui", "false"), False),
}


@pytest.mark.parametrize(("arguments", "expected"), EVENT_LOG.values(), ids=EVENT_LOG)
def test_event_log(arguments: tuple[str, ...], expected: bool):
    assert understood(*arguments).event_log is expected


def test_extra_py_files():
    assert understood("--extra-py-files", "s3://b/a.py, b.zip").extra_py_files == ("s3://b/a.py", "b.zip")


REFUSALS: dict[str, tuple[tuple[str, ...], type[GlueEtlError], str]] = {
    **{name: ((f"--{name}", "x"), UnsupportedError, f"--{name} 'x'") for name in REFUSED},
    "bookmarks": (("--job-bookmark-option", "job-bookmark-enable"), UnsupportedError, "job-bookmark-disable"),
    "bookmarks that only read": (("--job-bookmark-option=job-bookmark-pause",), UnsupportedError, "job-bookmark-pause"),
    "scala": (("--job-language", "scala"), JobError, "Available: python"),
    "empty job name": (("--JOB_NAME", " "), JobError, "--JOB_NAME NAME"),
    "conf without equals": (("--conf", "spark.x"), OptionError, "'spark.x' is not of the form K=V"),
}


@pytest.mark.parametrize(("arguments", "error", "said"), REFUSALS.values(), ids=REFUSALS)
def test_what_would_change_the_result_is_refused_by_name(
    arguments: tuple[str, ...], error: type[GlueEtlError], said: str
):
    with pytest.raises(error) as raised:
        understood(*arguments)
    assert said in str(raised.value)
    assert raised.value.hint or "Available" in str(raised.value)


@pytest.mark.parametrize("name", sorted(HARMLESS - {"job-language", "job-bookmark-option"}))
def test_harmless_arguments_pass(name: str):
    assert understood(f"--{name}", "true").argv[-2:] == (f"--{name}", "true")


def test_bookmarks_that_are_off_pass():
    assert understood("--job-bookmark-option", "job-bookmark-disable").job_name == "script"


BAD_CONF = {"no equals": "spark.x", "no name": "=1", "not Spark's": "my.setting=1", "empty": ""}


@pytest.mark.parametrize("setting", BAD_CONF.values(), ids=BAD_CONF)
def test_bad_conf(setting: str):
    with pytest.raises(OptionError, match="Hint: "):
        parse_conf([setting])


MASKED = {
    "by name": (["--db_password", "x", "--a", "b"], ["--db_password", "****", "--a", "b"]),
    "by name with equals": (["--API_KEY=x"], ["--API_KEY=****"]),
    "a flag hides nothing": (["--use-token", "--a", "b"], ["--use-token", "--a", "b"]),
    "inside a URL": (["--url", "jdbc:x?user=u&password=p&a=b"], ["--url", "jdbc:x?user=u&password=****&a=b"]),
    "a Spark setting": (["spark.hadoop.secret.key=x"], ["spark.hadoop.secret.key=****"]),
    "nothing secret": (["--JOB_NAME", "x"], ["--JOB_NAME", "x"]),
}


@pytest.mark.parametrize(("arguments", "expected"), MASKED.values(), ids=MASKED)
def test_mask(arguments: list[str], expected: list[str]):
    assert mask(arguments) == expected


@given(st.text(min_size=1).filter(lambda text: not text.startswith("--") and text != "****"))
def test_a_secret_value_is_never_seen(value: str):
    assert mask(["--password", value, f"--token={value}"]) == ["--password", "****", "--token=****"]
