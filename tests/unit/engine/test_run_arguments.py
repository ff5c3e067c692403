from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.run_arguments import mask, parse
from glue_etl.engine.run_parameters import ACCEPTED, JOB_TYPES, PARAMETERS, RESERVED
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
    "with the name itself": ("--conf spark.a=1", {"spark.a": "1"}),
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


def test_lists_and_switches():
    job = understood(
        *("--extra-files", "s3://b/a.cfg, b.cfg", "--extra-jars=x.jar", "--user-jars-first", "true"),
        *("--additional-python-modules", "a==1,s3://b/c.whl", "--python-modules-installer-option", "--no-index -v"),
        *("--enable-spark-ui", "true", "--spark-event-logs-path", "s3://logs/ui/", "--executor-cores", "4"),
    )
    assert job.extra_files == ("s3://b/a.cfg", "b.cfg")
    assert (job.extra_jars, job.user_jars_first) == (("x.jar",), True)
    assert (job.modules, job.installer_options) == (("a==1", "s3://b/c.whl"), ("--no-index", "-v"))
    assert (job.event_log, job.event_log_path) == (True, "s3://logs/ui/")
    assert job.conf == {"spark.executor.cores": "4"}
    assert job.notes == ()


@pytest.mark.parametrize(
    ("words", "on"),
    [
        pytest.param(("--enable-glue-datacatalog",), True, id="the name alone"),
        pytest.param(("--enable-glue-datacatalog", "true"), True, id="true"),
        pytest.param(("--enable-glue-datacatalog", ""), True, id="an empty value, as the console writes it"),
        pytest.param(("--enable-glue-datacatalog", "false"), False, id="false"),
        pytest.param((), False, id="not given"),
    ],
)
def test_spark_sql_has_the_data_catalog_when_it_is_asked_for(words: tuple[str, ...], on: bool):
    job = understood(*words)
    assert job.sql_catalog is on
    assert job.notes == ()


def test_a_python_shell_job_gets_none_of_what_glue_adds_and_writes_pips_options_its_own_way():
    given = ("--additional-python-modules", "a==1 -i https://x/simple,b")
    job = parse(given, default_job_name="script", run_id="jr_1", job_type="pythonshell")
    assert job.argv == given
    assert (job.modules, job.installer_options) == (("a==1", "b"), ("-i", "https://x/simple"))


def test_customers_variables():
    job = understood(
        *("--customer-driver-env-vars", 'CUSTOMER_KEY1=VAL1,CUSTOMER_KEY2="val2,val2 val2"'),
        *("--customer-executor-env-vars", "CUSTOMER_KEY3=VAL3,KEY4=VAL4"),
    )
    assert job.driver_variables == {"CUSTOMER_KEY1": "VAL1", "CUSTOMER_KEY2": "val2,val2 val2"}
    assert job.executor_variables == {"CUSTOMER_KEY3": "VAL3"}
    assert job.notes == ("KEY4 is not set: AWS Glue sets only CUSTOMER_...",)


REFUSALS: dict[str, tuple[tuple[str, ...], type[GlueEtlError], str]] = {
    "table formats": (("--datalake-formats", "hudi,delta"), UnsupportedError, "Apache Hudi, Delta Lake are not"),
    "an unknown table format": (("--datalake-formats", "paimon"), OptionError, "Available: hudi, delta, iceberg"),
    "a packed environment": (("--python-virtual-env", "s3://b/e.tar.gz"), UnsupportedError, "--python-virtual-env"),
    "a bookmark option that is none": (("--job-bookmark-option", "on"), OptionError, "Available: job-bookmark-enable"),
    "half a range of runs": (
        ("--job-bookmark-option", "job-bookmark-pause", "--job-bookmark-from", "jr_1"), OptionError, "only one end",
    ),
    "a range without pause": (("--job-bookmark-from", "a", "--job-bookmark-to", "b"), OptionError, "contradicts"),
    "scala": (("--job-language", "scala"), UnsupportedError, "--job-language 'scala'"),
    "no language": (("--job-language", "r"), JobError, "Available: python"),
    "empty job name": (("--JOB_NAME", " "), JobError, "--JOB_NAME NAME"),
    "conf without equals": (("--conf", "spark.x"), OptionError, "'spark.x' is not of the form K=V"),
    "cores": (("--executor-cores", "two"), OptionError, "--executor-cores is 'two'"),
    "a place for pip": (("--python-modules-installer-option", "--target=/x"), OptionError, "where to install"),
    "half a quote": (("--python-modules-installer-option", '-i "x'), OptionError, "No closing quotation"),
    "two conditions": (("--additional-python-modules", "a>=1,<2"), OptionError, "'<2', which is no package"),
    "too much": (("--x", "y" * 270_000), OptionError, "260 KB"),
    "a variable without a value": (("--customer-driver-env-vars", "CUSTOMER_A"), OptionError, "CUSTOMER_KEY=VALUE"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "error", "said"), REFUSALS.values(), ids=REFUSALS)
def test_what_would_change_the_result_is_refused_by_name(
    arguments: tuple[str, ...], error: type[GlueEtlError], said: str
):
    with pytest.raises(error) as raised:
        understood(*arguments)
    assert said in str(raised.value)
    assert raised.value.hint or "Available" in str(raised.value) or "No closing" in said


NO_SHELL = ["conf", "extra-jars", "extra-files", "datalake-formats", "customer-executor-env-vars", "executor-cores"]


@pytest.mark.parametrize("name", [*NO_SHELL, "python-modules-installer-option", "user-jars-first"])
def test_what_a_python_shell_job_cannot_have(name: str):
    with pytest.raises(OptionError, match=f"--{name} .* is not for a Python shell job"):
        parse([f"--{name}", "x"], default_job_name="s", run_id="r", job_type="pythonshell")


SHELL_REFUSALS = {
    "bookmarks": (["--job-bookmark-option", "job-bookmark-enable"], "not for a Python shell job"),
    "a wheel among the modules": (["--additional-python-modules", "s3://b/x.whl"], "--extra-py-files"),
}


@pytest.mark.parametrize(("arguments", "said"), SHELL_REFUSALS.values(), ids=SHELL_REFUSALS)
def test_what_a_python_shell_job_cannot_do(arguments: list[str], said: str):
    with pytest.raises(OptionError, match=said):
        parse(arguments, default_job_name="s", run_id="r", job_type="pythonshell")


@pytest.mark.parametrize("name", [name for name, each in PARAMETERS.items() if each.effect in (ACCEPTED, RESERVED)])
def test_what_has_no_effect_reaches_the_script_and_is_told(name: str):
    job = understood(f"--{name}", "true")
    assert job.argv[-2:] == (f"--{name}", "true")
    assert [note.split()[0] for note in job.notes] == [f"--{name}"]


@pytest.mark.parametrize("name", [name for name, each in PARAMETERS.items() if each.switch])
def test_a_switch_that_is_off_asks_for_nothing(name: str):
    assert understood(f"--{name}", "false").notes == ()


ALONE = ["--spark-event-logs-path", "--python-modules-installer-option", "--user-jars-first"]


@pytest.mark.parametrize("name", ALONE)
def test_an_argument_without_its_partner_is_told(name: str):
    (note,) = understood(name, "true").notes
    assert note.startswith(f"{name} has no effect here")


def test_the_scripts_own_arguments_pass_untouched():
    given = ("--day", "2024-01-01", "--flag", "--TempDir=s3://b/t", "word", "-x", "--", "--late")
    job = understood(*given)
    assert job.argv[-len(given) :] == given
    assert job.notes == ()


@pytest.mark.parametrize("option", ["job-bookmark-enable", "job-bookmark-disable", "job-bookmark-pause"])
def test_bookmark_options_reach_the_script(option: str):
    job = understood("--job-bookmark-option", option)
    assert job.argv[-2:] == ("--job-bookmark-option", option)
    assert job.argv[:4:2] == ("--JOB_ID", "--JOB_RUN_ID")


WORDS = st.one_of(
    st.sampled_from([f"--{name}" for name in PARAMETERS]),
    st.sampled_from([f"--{name}=" for name in PARAMETERS]),
    st.sampled_from(["true", "false", "a==1", "spark.a=1", "s3://b/x.whl", "-r", "--", "job-bookmark-pause", 'A="x']),
    st.text(max_size=8),
)


@given(st.lists(WORDS, max_size=8), st.sampled_from(JOB_TYPES))
def test_any_words_are_understood_or_refused_with_a_reason(words: list[str], job_type: str):
    try:
        job = parse(words, default_job_name="script", run_id="jr_1", job_type=job_type)
    except GlueEtlError as error:
        assert str(error)
    else:
        assert list(job.argv[len(job.argv) - len(words) :]) == words
        assert len(mask(words)) == len(words)


MASKED = {
    "by name": (["--db_password", "x", "--a", "b"], ["--db_password", "****", "--a", "b"]),
    "by name with equals": (["--API_KEY=x"], ["--API_KEY=****"]),
    "a flag hides nothing": (["--use-token", "--a", "b"], ["--use-token", "--a", "b"]),
    "inside a URL": (["--url", "jdbc:x?user=u&password=p&a=b"], ["--url", "jdbc:x?user=u&password=****&a=b"]),
    "a Spark setting": (["spark.hadoop.secret.key=x"], ["spark.hadoop.secret.key=****"]),
    "inside a registry's address": (["-i https://aws:abc@x.example/"], ["-i https://****@x.example/"]),
    "nothing secret": (["--JOB_NAME", "x"], ["--JOB_NAME", "x"]),
}


@pytest.mark.parametrize(("arguments", "expected"), MASKED.values(), ids=MASKED)
def test_mask(arguments: list[str], expected: list[str]):
    assert mask(arguments) == expected


@given(st.text(min_size=1).filter(lambda text: not text.startswith("--") and text != "****"))
def test_a_secret_value_is_never_seen(value: str):
    assert mask(["--password", value, f"--token={value}"]) == ["--password", "****", "--token=****"]
