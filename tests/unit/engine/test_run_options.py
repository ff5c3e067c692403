from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.run_options import parse_conf, parse_environment, parse_list, split_conf
from glue_etl.errors import GlueEtlError, OptionError

BAD_CONF = {"no equals": "spark.x", "no name": "=1", "not Spark's": "my.setting=1", "empty": ""}


@pytest.mark.parametrize("setting", BAD_CONF.values(), ids=BAD_CONF)
def test_bad_conf(setting: str):
    with pytest.raises(OptionError, match="Hint: "):
        parse_conf([setting])


VARIABLES = {
    "the documentation's example": (
        r"CUSTOMER_KEY1=VAL1,CUSTOMER_KEY2=\"val2,val2 val2\"",
        {"CUSTOMER_KEY1": "VAL1", "CUSTOMER_KEY2": "val2,val2 val2"},
        (),
    ),
    "without the prefix": ("CUSTOMER_KEY3=VAL3,KEY4=VAL4", {"CUSTOMER_KEY3": "VAL3"}, ("KEY4",)),
    "equals signs in a value": ("CUSTOMER_A=b=c", {"CUSTOMER_A": "b=c"}, ()),
    "an empty value": ("CUSTOMER_A=,CUSTOMER_B=\"\"", {"CUSTOMER_A": "", "CUSTOMER_B": ""}, ()),
    "nothing": ("", {}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("text", "values", "ignored"), VARIABLES.values(), ids=VARIABLES)
def test_environment_variables(text: str, values: dict[str, str], ignored: tuple[str, ...]):
    found = parse_environment("customer-driver-env-vars", text)
    assert (found.values, found.ignored) == (values, ignored)


BAD_VARIABLES = {
    "no equals": ("CUSTOMER_A", "CUSTOMER_KEY=VALUE"),
    "no name": ("=x", "CUSTOMER_KEY=VALUE"),
    "a space without quotes": ("CUSTOMER_A=x y", 'CUSTOMER_A="..."'),
    "a quote that is not closed": ('CUSTOMER_A="x', "not closed"),
    "a quote inside": ('CUSTOMER_A=x"y"', "in quotes"),
    "a null byte": ("CUSTOMER_A=x\0", "no variable can have"),
}


@pytest.mark.parametrize(("text", "said"), BAD_VARIABLES.values(), ids=BAD_VARIABLES)
def test_bad_environment_variables(text: str, said: str):
    with pytest.raises(OptionError, match="--customer-executor-env-vars") as raised:
        parse_environment("customer-executor-env-vars", text)
    assert said in str(raised.value)


NAMES = st.from_regex(r"CUSTOMER_[A-Z0-9_]{1,8}", fullmatch=True)
VALUES = st.text(st.characters(blacklist_characters='"\\\0', blacklist_categories=["Cs"]), max_size=12)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_quoted_values_come_back(values: dict[str, str]):
    text = ",".join(f'{name}="{value}"' for name, value in values.items())
    assert parse_environment("customer-driver-env-vars", text).values == values


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str):
    for read in (parse_list, lambda each: parse_conf(split_conf(each)), lambda each: parse_environment("p", each)):
        try:
            read(text)
        except GlueEtlError as error:
            assert str(error)


@given(
    st.dictionaries(st.from_regex(r"spark\.[a-z.]{1,8}", fullmatch=True), st.from_regex(r"[\w=,-]{1,8}"), max_size=4)
)
def test_any_number_of_settings_in_one_value(settings: dict[str, str]):
    text = " --conf ".join(f"{name}={value.strip()}" for name, value in settings.items())
    assert parse_conf(split_conf(text)) == {name: value.strip() for name, value in settings.items()}
