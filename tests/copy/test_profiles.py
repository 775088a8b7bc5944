"""profiles.yml and .env.example of every warehouse and sign-in, against the adapters themselves."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
from example_file import READ_BY_OTHERS, SIGN_INS, optional_variables
from parsing import (
    EXAMPLE_FILE,
    PROFILES_FILE,
    TARGETS,
    dbt_parse,
    environment,
    example_variables,
    load_yaml,
    only_environment,
    variables_of,
)
from rendering import Tree, all_answers, render

SECRET = re.compile(r"PASSWORD|PASSPHRASE|TOKEN|SECRET|(PRIVATE|SAMPLE)_KEY|WEBHOOK")
NOT_SECRET = re.compile(r"_(PATH|ID)$")


def is_secret(variable: str) -> bool:
    """Whether a variable's name says that its value must not be known."""
    return bool(SECRET.search(variable)) and not NOT_SECRET.search(variable)


def secrets_with_default(profiles: str) -> set[str]:
    """Secrets that a profile would do without: env_var() with a second argument, empty or not."""
    with_default = re.findall(r"env_var\(\s*'(\w+)'\s*,", profiles)
    return {name for name in with_default if is_secret(name)}


def required_variables(output: Mapping[str, Any]) -> set[str]:
    """Variables without which an output of a profile cannot be used: env_var() with a name only."""
    text = "\n".join(str(value) for value in output.values())
    return set(re.findall(r"env_var\('(\w+)'\)", text))


def render_output(output: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """An output with its Jinja rendered as dbt renders it, numbers included."""
    from dbt.config.renderer import ProfileRenderer
    from dbt_common.context import set_invocation_context

    with only_environment(variables):
        set_invocation_context(dict(variables))
        return ProfileRenderer({}).render_data(dict(output))


def credential_faults(output: Mapping[str, Any]) -> list[str]:
    """What an adapter's own class of credentials has against a rendered output.

    dbt itself ignores a key that it does not know, which is how a misspelt `sslmode` would pass.
    """
    from dbt.adapters.factory import FACTORY
    from dbt_common.dataclass_schema import ValidationError

    known = FACTORY.load_plugin(output["type"])
    keys = {field.name for field in dataclasses.fields(known)} | known._ALIASES.keys()
    given = {key: value for key, value in output.items() if key not in ("type", "threads")}
    faults = [f"{output['type']} knows no key {key}" for key in sorted(given.keys() - keys)]
    try:
        data = known.translate_aliases(given)
        known.validate(known.__pre_deserialize__(dict(data)))
        known.from_dict(data)
    except ValidationError as error:
        faults.append(str(error))
    if not isinstance(output["threads"], int):
        faults.append("threads is no number")
    return faults


@pytest.fixture(params=SIGN_INS)
def tree(request: pytest.FixtureRequest) -> Tree:
    """A rendered project for each warehouse and way to sign in, with the profile of elementary."""
    return render(SIGN_INS[request.param])


@pytest.fixture
def variables(tree: Tree) -> dict[str, str]:
    return environment(tree[EXAMPLE_FILE].content)


def text(tree: Tree, name: str) -> str:
    return tree[name].content.decode()


def outputs(tree: Tree) -> dict[str, dict[str, Any]]:
    """Every output of every profile, as `profile.target`."""
    return {
        f"{name}.{target}": output
        for name, profile in load_yaml(tree[PROFILES_FILE].content).items()
        for target, output in profile["outputs"].items()
    }


# ---------------------------------------------------------------- profiles.yml
def test_every_key_is_one_that_the_adapter_knows(tree, variables):
    faults = {
        name: credential_faults(render_output(output, variables))
        for name, output in outputs(tree).items()
    }
    assert {name: found for name, found in faults.items() if found} == {}


def test_a_misspelt_key_or_a_wrong_type_is_found():
    tree = render({"warehouse": "postgres"})
    variables = environment(tree[EXAMPLE_FILE].content)
    good = render_output(outputs(tree)["customer_360.prod"], variables)
    assert credential_faults(good) == []
    misspelt = {key.replace("sslmode", "ssl_mode"): value for key, value in good.items()}
    assert credential_faults(misspelt) == ["postgres knows no key ssl_mode"]
    assert credential_faults({**good, "port": "no number"})
    assert credential_faults({**good, "threads": "4"}) == ["threads is no number"]
    assert credential_faults({key: good[key] for key in good if key != "host"})


def test_both_profiles_have_the_same_targets_and_start_at_the_local_one(tree):
    profiles = load_yaml(tree[PROFILES_FILE].content)
    assert set(profiles) == {all_answers({})["project_slug"], "elementary"}
    for profile in profiles.values():
        assert profile["target"] == "local"
        assert tuple(profile["outputs"]) == TARGETS


def test_without_elementary_there_is_no_profile_and_no_anchor_for_it():
    tree = render({"warehouse": "snowflake", "elementary": False})
    assert set(load_yaml(tree[PROFILES_FILE].content)) == {"customer_360"}
    assert "&" not in text(tree, PROFILES_FILE)


def test_elementary_connects_alike_but_to_its_own_schema(tree, variables):
    schemas = {
        "local": ("main", "elementary"),
        "dev": ("dev_yourname", "dev_yourname_elementary"),
        "ci": ("dev_yourname", "dev_yourname_elementary"),
        "prod": ("marts", "elementary"),
    }
    for target in TARGETS:
        ours, theirs = (
            render_output(outputs(tree)[f"{profile}.{target}"], variables)
            for profile in ("customer_360", "elementary")
        )
        assert (ours.pop("schema"), theirs.pop("schema")) == schemas[target]
        assert ours == theirs


def test_schemas_follow_the_answers():
    answers = {
        "elementary": True,
        "schema_marts": "gold",
        "schema_elementary": "quality",
    }
    found = outputs(render(answers))
    assert found["customer_360.prod"]["schema"] == "gold"
    assert found["elementary.prod"]["schema"] == "quality"
    assert found["elementary.dev"]["schema"] == "{{ env_var('DBT_SCHEMA') }}_quality"


def test_only_dev_and_ci_need_a_prefix(tree):
    need = {name: "DBT_SCHEMA" in required_variables(out) for name, out in outputs(tree).items()}
    assert need == {name: name.endswith((".dev", ".ci")) for name in need}


def test_the_local_target_needs_nothing(tree):
    for profile in ("customer_360", "elementary"):
        output = render_output(outputs(tree)[f"{profile}.local"], {})
        assert output["path"] == "data/local.duckdb"


def test_threads_follow_the_environment(tree, variables):
    for output in outputs(tree).values():
        assert render_output(output, variables)["threads"] in (4, 8)
        assert render_output(output, {**variables, "DBT_THREADS": "2"})["threads"] == 2


def test_no_secret_has_a_default(tree):
    assert secrets_with_default(text(tree, PROFILES_FILE)) == set()


def test_a_default_of_a_secret_is_found():
    good = (
        "password: \"{{ env_var('DB_PASSWORD') }}\"\nport: \"{{ env_var('DB_PORT', '1') | int }}\""
    )
    assert secrets_with_default(good) == set()
    assert secrets_with_default(good.replace("PASSWORD'", "PASSWORD', ''")) == {"DB_PASSWORD"}
    assert is_secret("SNOWFLAKE_PRIVATE_KEY") and not is_secret("SNOWFLAKE_PRIVATE_KEY_PATH")


def test_ci_signs_in_without_a_stored_secret(tree):
    """Only identity tokens that the pipeline gets while it runs; a password is what engines want
    that know nothing else."""
    stored = {name for name in required_variables(outputs(tree)["customer_360.ci"])}
    stored = {name for name in stored if is_secret(name)} - {"SNOWFLAKE_OIDC_TOKEN"}
    assert stored <= {"POSTGRES_PASSWORD", "MOTHERDUCK_TOKEN"}


def test_a_missing_variable_is_named_by_dbt(tree, variables):
    """A password too: under the key `password`, dbt would pass the text of its Jinja on."""
    from dbt.exceptions import EnvVarMissingError

    for output in outputs(tree).values():
        for name in required_variables(output):
            rest = {key: value for key, value in variables.items() if key != name}
            with pytest.raises(EnvVarMissingError, match=f"'{name}'"):
                render_output(output, rest)


def test_a_missing_variable_is_named_on_the_command_line(tmp_path):
    tree = render({"warehouse": "snowflake"})
    (tmp_path / "profiles").mkdir()
    (tmp_path / PROFILES_FILE).write_bytes(tree[PROFILES_FILE].content)
    (tmp_path / "dbt_project.yml").write_text("{name: toy, profile: customer_360, version: 1.0.0}")
    variables = environment(tree[EXAMPLE_FILE].content)
    del variables["SNOWFLAKE_ACCOUNT"]
    parsed = dbt_parse(tmp_path, "dev", tmp_path / "work", variables)
    assert "Env var required but not provided: 'SNOWFLAKE_ACCOUNT'" in parsed.error
    assert dbt_parse(tmp_path, "local", tmp_path / "work", variables).error is None


# ---------------------------------------------------------------- .env.example
def test_the_example_has_the_variables_of_the_profiles_and_no_others(tree):
    example = text(tree, EXAMPLE_FILE)
    shown = set(example_variables(example.encode())) | optional_variables(example)
    assert shown - READ_BY_OTHERS.keys() == variables_of(text(tree, PROFILES_FILE))


def test_what_is_needed_has_a_line_and_what_is_not_is_commented_out(tree):
    example = text(tree, EXAMPLE_FILE)
    needed = set().union(*(required_variables(output) for output in outputs(tree).values()))
    assert needed <= set(example_variables(example.encode()))
    assert optional_variables(example) & needed == set()


def test_secrets_are_empty_and_everything_else_has_a_value(tree):
    values = example_variables(tree[EXAMPLE_FILE].content)
    assert {name for name, value in values.items() if not value} == set(filter(is_secret, values))


def test_every_variable_is_explained(tree):
    """Each block of variables, blank lines around it, starts with a comment."""
    for block in text(tree, EXAMPLE_FILE).split("\n\n"):
        first = block.strip().splitlines()[0]
        assert first.startswith("# ") and not optional_variables(first)


def test_the_shell_reads_the_example_as_python_dotenv_does(tree, tmp_path):
    (tmp_path / ".env").write_bytes(tree[EXAMPLE_FILE].content)
    shell = subprocess.run(
        ["sh", "-euc", "set -a; . ./.env; set +a; env -0"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
        text=True,
    )
    assert shell.stderr == ""
    by_shell = dict(line.split("=", 1) for line in shell.stdout.split("\0") if line)
    by_dotenv = example_variables(tree[EXAMPLE_FILE].content)
    assert {name: by_shell[name] for name in by_dotenv} == by_dotenv
