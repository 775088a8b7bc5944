"""The questions: bad answers are refused in a sentence, good ones kept, defaults always fit."""

import keyword
import subprocess
import sys

import duckdb
import make_locks
import pytest
import rendering
import timezones
import yaml
from copier import run_copy
from copier._settings import SettingsModel
from dbt.contracts.project import BANNED_PROJECT_NAMES
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

WIDTH = 80  # columns of a terminal

# Bad answers: the answers to give, the question that refuses, a part of the sentence.
BAD = {
    "empty name": ({"project_name": ""}, "project_name", "must not be empty"),
    "blank name": ({"project_name": "   "}, "project_name", "must not be empty"),
    "name with a space before": ({"project_name": " A"}, "project_name", "Remove the spaces"),
    "name with a space after": ({"owner_name": "A "}, "owner_name", "Remove the spaces"),
    "name of 81 characters": ({"project_name": "x" * 81}, "project_name", "(now 81)"),
    "name of two lines": ({"project_name": "a\nb"}, "project_name", "on one line"),
    "name with a last line break": ({"project_name": "a\n"}, "project_name", "on one line"),
    "name with a tab": ({"project_name": "a\tb"}, "project_name", "control"),
    "name with a delete character": ({"project_name": "a\x7fb"}, "project_name", "control"),
    "name with a next-line character": ({"project_name": "a\x85b"}, "project_name", "control"),
    "name with a line separator": ({"project_name": "a\u2028b"}, "project_name", "control"),
    "name that is written backwards": ({"owner_name": "a\u202eb"}, "owner_name", "invisible"),
    "name with a byte-order mark": ({"owner_name": "a\ufeffb"}, "owner_name", "invisible"),
    "name with half a character": ({"owner_name": "a\udc80b"}, "owner_name", "invisible"),
    **{
        f"name with {character}": ({"project_name": f"a{character}b"}, "project_name", "Leave out")
        for character in '{}$`"\\<>|;&'
    },
    "name with dbt's braces": ({"owner_name": "{{ 7 }}"}, "owner_name", "Leave out"),
    "name with a command": ({"owner_name": "$(id)"}, "owner_name", "Leave out"),
    "slug with upper case": ({"project_slug": "Acme"}, "project_slug", "lower-case"),
    "slug with a hyphen": ({"project_slug": "a-b"}, "project_slug", "underscores"),
    "slug that starts with a digit": ({"project_slug": "1a"}, "project_slug", "starting with a"),
    "slug that starts with _": ({"project_slug": "_a"}, "project_slug", "starting with a letter"),
    "slug with a last line break": ({"project_slug": "a\n"}, "project_slug", "lower-case"),
    "slug with an accent": ({"project_slug": "é"}, "project_slug", "lower-case"),
    "slug that climbs out of the folder": ({"project_slug": "../a"}, "project_slug", "lower-case"),
    "empty slug": ({"project_slug": ""}, "project_slug", "lower-case"),
    "slug that YAML reads as a number": ({"project_slug": 360}, "project_slug", "lower-case"),
    "slug that YAML reads as false": ({"project_slug": False}, "project_slug", "lower-case"),
    "slug of 41 characters": ({"project_slug": "a" * 41}, "project_slug", "(now 41)"),
    **{
        f"slug {slug}": ({"project_slug": slug}, "project_slug", f"'{slug}' is reserved")
        for slug in ("dbt", "elementary", "dbt_utils", "dbt_duckdb", "class", "no", "nul", "com1")
    },
    **{
        f"e-mail {email!r}": ({"owner_email": email}, "owner_email", "one e-mail address")
        for email in (
            *("", "a", "a@b", "a@b.c", "a b@c.de", "a@b..de", ".a@b.de", "a@-b.de", "a@b.de\n"),
            *("a@b.de, c@d.de", "A <a@b.de>", "a@b.de;", "$(id)@b.de", "a@@b.de", "ä@b.de"),
        )
    },
    "e-mail of 255 characters": (
        {"owner_email": "a" * 246 + "@abcd.com"},
        "owner_email",
        "at most 254",
    ),
    "unknown warehouse": ({"warehouse": "oracle"}, "warehouse", "'oracle' is not in"),
    "warehouse no": ({"warehouse": False}, "warehouse", "'False' is not in"),
    "auth of another warehouse": (
        {"warehouse": "postgres", "auth": "key_pair"},
        "auth",
        "'key_pair' is not in ['password_tls']",
    ),
    "auth of the default warehouse": ({"auth": "sso"}, "auth", "'sso' is not in"),
    "unknown orchestrator": ({"orchestrator": "prefect"}, "orchestrator", "not in"),
    "orchestrator no": ({"orchestrator": False}, "orchestrator", "'False' is not in"),
    "elementary maybe": ({"elementary": "maybe"}, "elementary", "yes or no, not 'maybe'"),
    "dashboard flase": ({"dashboard": "flase"}, "dashboard", "yes or no, not 'flase'"),
    "empty database": ({"database": ""}, "database", "starting with a letter"),
    "database with a hyphen": ({"database": "a-b"}, "database", "underscores"),
    "database with a dot": ({"source_database": "a.b"}, "source_database", "underscores"),
    "database with a quote": ({"database": 'a"b'}, "database", "underscores"),
    "database with a last line break": ({"database": "a\n"}, "database", "underscores"),
    "database in upper case": ({"database": "ANALYTICS"}, "database", "lower-case"),
    "database that is a device": ({"database": "nul"}, "database", "Windows"),
    "database that DuckDB has": ({"database": "temp"}, "database", "already has"),
    "database of the twin": ({"database": "local"}, "database", "already has"),
    "database of 232 characters": ({"database": "a" * 232}, "database", "231 characters or fewer"),
    "database select": ({"database": "select"}, "database", "reserved word in DuckDB"),
    "PostgreSQL database of 64 characters": (
        {"warehouse": "postgres", "database": "a" * 64},
        "database",
        "63 characters or fewer (now 64)",
    ),
    "PostgreSQL database pg_x": (
        {"warehouse": "postgres", "database": "pg_x"},
        "database",
        "PostgreSQL keeps names that start with pg_",
    ),
    "Snowflake database of 256 characters": (
        {"warehouse": "snowflake", "database": "A" * 256},
        "database",
        "255 characters or fewer",
    ),
    "Snowflake database with a dollar": (
        {"warehouse": "snowflake", "database": "A$B"},
        "database",
        "letters, digits and underscores",
    ),
    "Snowflake database SCHEMA": (
        {"warehouse": "snowflake", "database": "SCHEMA"},
        "database",
        "reserved word in Snowflake",
    ),
    **{
        f"BigQuery project {project!r}": (
            {"warehouse": "bigquery", "database": project},
            "database",
            "6 to 30 lower-case letters",
        )
        for project in ("abcde", "a" * 31, "my_project", "My-project", "1project", "project-")
    },
    "source schema with a quote": ({"source_schema": "a'b"}, "source_schema", "underscores"),
    "source schema of its database's name": (
        {"source_database": "raw", "source_schema": "raw"},
        "source_schema",
        "DuckDB confuses",
    ),
    "Redshift source schema of 128 characters": (
        {"warehouse": "redshift", "source_schema": "a" * 128},
        "source_schema",
        "127 characters or fewer",
    ),
    "schema of the source": ({"schema_core": "tpch"}, "schema_core", "schema of the source"),
    "schema of the source in upper case": (
        {"warehouse": "snowflake", "source_database": "ANALYTICS", "schema_core": "tpch_sf1"},
        "schema_core",
        "schema of the source",
    ),
    "schema of DuckDB's database": (
        {"schema_marts": "analytics"},
        "schema_marts",
        "DuckDB confuses",
    ),
    "schema local": (
        {"warehouse": "snowflake", "schema_core": "LOCAL"},
        "schema_core",
        "database of the target `local`",
    ),
    "two schemas alike": (
        {"schema_core": "x", "schema_marts": "x"},
        "schema_marts",
        "a schema above already",
    ),
    "two schemas that differ in case": (
        {"warehouse": "snowflake", "schema_staging": "Core", "schema_core": "CORE"},
        "schema_core",
        "a schema above already",
    ),
    "first and last schema alike": (
        {"elementary": True, "schema_staging": "x", "schema_elementary": "x"},
        "schema_elementary",
        "a schema above already",
    ),
    "schema with a space": ({"schema_seeds": "a b"}, "schema_seeds", "underscores"),
    "schema with a semicolon": ({"schema_seeds": "a;b"}, "schema_seeds", "underscores"),
    "schema with Jinja": ({"schema_seeds": "{{x}}"}, "schema_seeds", "underscores"),
    "schema information_schema": (
        {"schema_snapshots": "information_schema"},
        "schema_snapshots",
        "reserved word",
    ),
    "Redshift schema raw": (
        {"warehouse": "redshift", "schema_staging": "raw"},
        "schema_staging",
        "reserved word in Amazon Redshift",
    ),
    **{
        f"{warehouse} schema that leaves no room for a prefix": (
            {"warehouse": warehouse, "schema_core": "a" * (longest - 23)},
            "schema_core",
            f"{longest - 24} characters or fewer",
        )
        for warehouse in rendering.choices("warehouse")
        for longest in [make_locks.facts(warehouse)["longest_name"]]
    },
    "time zone of a shape only": ({"timezone": "Europe/Atlantis"}, "timezone", "IANA list"),
    "time zone CET+1": ({"timezone": "CET+1"}, "timezone", "IANA list"),
    "time zone in lower case": ({"timezone": "europe/berlin"}, "timezone", "as Europe/Berlin"),
    "time zone with a line break": ({"timezone": "UTC\n"}, "timezone", "Write it as UTC"),
    "empty time zone": ({"timezone": ""}, "timezone", "IANA list"),
    "start hour -1": ({"business_start_hour": -1}, "business_start_hour", "0 to 22"),
    "start hour 23": ({"business_start_hour": 23}, "business_start_hour", "0 to 22"),
    "start hour abc": ({"business_start_hour": "abc"}, "", "invalid literal for int"),
    "end hour 24": ({"business_end_hour": 24}, "business_end_hour", "0 to 23"),
    "end hour not later": (
        {"business_start_hour": 9, "business_end_hour": 9},
        "business_end_hour",
        "later than the start of business hours, which is 9",
    ),
    "business hours of all day": (
        {"business_start_hour": 1, "business_end_hour": 22},
        "business_end_hour",
        "no later than 21",
    ),
    "full refresh by day": (
        {"full_refresh_hour": 12},
        "full_refresh_hour",
        "outside business hours, which are 8 to 18",
    ),
    "full refresh at the last hour": ({"full_refresh_hour": 18}, "full_refresh_hour", "outside"),
    "full refresh at 24": ({"full_refresh_hour": 24}, "full_refresh_hour", "0 to 23"),
    "nightly run at 24": (
        {"refresh": "nightly", "full_refresh_hour": 24},
        "full_refresh_hour",
        "0 to 23",
    ),
}


@pytest.mark.parametrize(("answers", "question", "sentence"), BAD.values(), ids=BAD)
def test_bad_answer_is_refused(answers, question, sentence):
    with pytest.raises(ValueError) as error:
        rendering.render(answers)
    assert sentence in str(error.value)
    assert question in str(error.value)
    assert "\n" not in str(error.value).strip()


def test_every_typed_question_has_a_bad_answer():
    refused = {question for _, question, _ in BAD.values()}
    typed = {
        name
        for name, details in rendering.questions().items()
        if details["type"] in ("str", "int") and "choices" not in details
    }
    assert typed <= refused


def test_computed_values_are_refused():
    """Each hidden value says which question it follows from."""
    hidden = [
        name
        for name, details in rendering._template().questions_data.items()
        if details.get("when") is False
    ]
    assert hidden
    for name in hidden:
        with pytest.raises(ValueError, match=f"Leave out {name}: it follows from"):
            run_copy(
                str(rendering.template_copy()),
                "nowhere",
                data={name: True},
                settings=SettingsModel(),
                defaults=True,
                quiet=True,
            )


# ---------------------------------------------------------------- good answers
GOOD = {
    "names": [
        {"project_name": name, "owner_name": name}
        for name in (
            "x",
            "x" * 80,
            "O'Reilly & Söhne".replace("&", "+"),
            "日本",
            "👩‍💻 data",
            "#1: a-b",
            "no",
        )
    ],
    "slugs": [{"project_slug": slug} for slug in ("a", "a" * 40, "a1_b", "dbt_360", "models")],
    "e-mail addresses": [
        {"owner_email": email}
        for email in ("a@b.de", "a.b+c_d@e-f.g.museum", "A@B.CO", "a" * 245 + "@abcd.com")
    ],
    "databases": [
        {"warehouse": "snowflake", "database": "A" * 255, "source_database": "_x1"},
        {"warehouse": "postgres", "database": "a" * 63},
        {"warehouse": "redshift", "database": "a" * 127},
        {"warehouse": "bigquery", "database": "abc-12", "source_database": "a" * 30},
        {"warehouse": "databricks", "database": "a" * 255},
        {"warehouse": "duckdb", "database": "a" * 231},
    ],
    "schemas": [
        {"warehouse": "postgres", "schema_core": "a" * 39},
        {"warehouse": "bigquery", "schema_core": "Core_1"},
        {"warehouse": "snowflake", "schema_core": "CORE", "schema_marts": "Marts"},
        {"warehouse": "snowflake", "schema_core": "TPCH_SF1"},  # the source is in another database
        {"warehouse": "postgres", "database": "core"},  # only DuckDB confuses the two
        {"warehouse": "postgres", "schema_staging": "raw"},  # reserved in Redshift only
        {"warehouse": "postgres", "source_schema": "public"},
        {"schema_elementary": "x"},  # not asked, and kept out of the way
    ],
    "hours": [
        {"business_start_hour": 0, "business_end_hour": 20, "full_refresh_hour": 23},
        {"business_start_hour": 22, "business_end_hour": 23},
        {"full_refresh_hour": 7},
        {"full_refresh_hour": 19},
        {"refresh": "nightly", "full_refresh_hour": 12},
        {"business_start_hour": "9"},
    ],
    "yes or no": [{"elementary": value} for value in ("yes", "No", "True", False)],
    "time zones": [
        {"timezone": zone}
        for zone in ("UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Kolkata")
    ],
}


@pytest.mark.parametrize(
    "answers", [pytest.param(a, id=f"{k}: {a}"[:60]) for k in GOOD for a in GOOD[k]]
)
def test_good_answer_is_kept(answers):
    """Kept as it is, in the answers file too."""
    tree = rendering.render(answers)
    kept = yaml.safe_load(tree[".copier-answers.yml"].content)
    for name, value in answers.items():
        if name in kept:
            assert kept[name] == rendering.question(name, {}).cast_answer(value)
    assert set(kept) - {"_src_path"} == set(rendering.all_answers(answers))


# ---------------------------------------------------------------- defaults
DEFAULTS = {
    "slug from the name": ({"project_name": "Acme Inc. 360"}, {"project_slug": "acme_inc_360"}),
    "slug without accents": (
        {"project_name": "Société Générale’s Größe"},
        {"project_slug": "societe_generales_groesse"},
    ),
    "slug without letters": ({"project_name": "日本 360"}, {"project_slug": "customer_360"}),
    "slug of a reserved word": ({"project_name": "Class"}, {"project_slug": "class_360"}),
    "slug of a long name": ({"project_name": "a" * 80}, {"project_slug": "a" * 36}),
    "slug cut at a space": ({"project_name": "a" * 35 + " b"}, {"project_slug": "a" * 35}),
    "slug of dbt": ({"project_name": "dbt"}, {"project_slug": "dbt_360"}),
    "source in the same database": (
        {"warehouse": "postgres", "database": "dwh"},
        {"source_database": "dwh", "source_schema": "tpch"},
    ),
    "source of a database called tpch": (
        {"database": "tpch"},
        {"source_database": "tpch", "source_schema": "tpch_2"},
    ),
    "Snowflake's sample data": (
        {"warehouse": "snowflake"},
        {
            "database": "ANALYTICS",
            "source_database": "SNOWFLAKE_SAMPLE_DATA",
            "source_schema": "TPCH_SF1",
            "elementary": True,
        },
    ),
    "Databricks' sample data": (
        {"warehouse": "databricks"},
        {"database": "analytics", "source_database": "samples", "source_schema": "tpch"},
    ),
    "name of a layer used for another": (
        {"schema_staging": "Core", "warehouse": "snowflake"},
        {"schema_core": "core_2"},
    ),
    "two names of layers used": (
        {"schema_staging": "marts", "schema_core": "marts_2"},
        {"schema_marts": "marts_3"},
    ),
    "source schema that has the name of a layer": (
        {"source_schema": "staging"},
        {"schema_staging": "staging_2"},
    ),
    "database that has the name of a layer": ({"database": "core"}, {"schema_core": "core_2"}),
    "business hours in the evening": ({"business_start_hour": 20}, {"business_end_hour": 23}),
    "business hours at night": (
        {"business_start_hour": 3, "business_end_hour": 23},
        {"full_refresh_hour": 1},
    ),
    "business hours from midnight": ({"business_start_hour": 0}, {"full_refresh_hour": 20}),
}


@pytest.mark.parametrize(("answers", "defaults"), DEFAULTS.values(), ids=DEFAULTS)
def test_default_fits_the_answers_before_it(answers, defaults):
    """An invalid default would end an interactive session with a traceback."""
    complete = rendering.all_answers(answers)
    assert {name: complete[name] for name in defaults} == defaults


def test_defaults_fit_all_business_hours():
    for start in range(23):
        for end in range(start + 1, min(start + 20, 23) + 1):
            rendering.all_answers({"business_start_hour": start, "business_end_hour": end})


@pytest.mark.parametrize("warehouse", rendering.choices("warehouse"))
def test_first_way_to_log_in_is_the_default(warehouse):
    answers = {"warehouse": warehouse}
    assert rendering.all_answers(answers)["auth"] == rendering.choices("auth", answers)[0]


# ---------------------------------------------------------------- the lists behind the rules
def test_time_zones_are_those_of_tzdata():
    assert timezones.PATH.read_text() == timezones.as_template(), "run python scripts/timezones.py"


def _is_refused(question: str, value: str, warehouse: str = "duckdb") -> bool:
    asked = rendering.question(question, {"warehouse": warehouse})
    return bool(asked.render_value(asked.validator, {question: value}).strip())


def test_reserved_words_of_duckdb_are_refused():
    words = duckdb.sql(
        "select keyword_name from duckdb_keywords() "
        "where keyword_category in ('reserved', 'type_function')"
    ).fetchall()
    assert len(words) > 90
    assert [word for (word,) in words if not _is_refused("schema_core", word)] == []


def test_names_that_dbt_or_python_reserve_are_refused():
    words = {*BANNED_PROJECT_NAMES, *keyword.kwlist}
    assert len(words) > 60
    assert [word for word in sorted(words) if not _is_refused("project_slug", word)] == []


@pytest.mark.parametrize("warehouse", rendering.choices("warehouse"))
def test_common_reserved_words_are_refused_everywhere(warehouse):
    for word in ("select", "Table", "ORDER", "user", "default", "null"):
        assert _is_refused("schema_core", word, warehouse)
    assert not _is_refused("schema_core", "core", warehouse)


# ---------------------------------------------------------------- what is shown
def _variety() -> list[dict]:
    return [{}, {"refresh": "nightly"}, *({"warehouse": w} for w in rendering.choices("warehouse"))]


@pytest.mark.parametrize("name", rendering.questions())
def test_question_explains_itself(name):
    """Help of a few lines that fit a terminal, a placeholder where something is typed."""
    details = rendering.questions()[name]
    assert details["type"] in ("str", "int", "bool")
    assert "default" in details
    for answers in _variety():
        question = rendering.question(name, answers)
        lines = question.get_message().strip().splitlines()
        assert 2 <= len(lines) <= 5
        assert len(lines[0]) < WIDTH - len("🎤") - 2  # the mark takes two columns
        assert "?" in lines[0] and lines[-1].endswith(".")
        assert all(line == line.strip() and len(line) < WIDTH for line in lines)
        for choice in question._formatted_choices:
            assert len(choice.title) < WIDTH - 5
        if "choices" not in details and details["type"] != "bool":
            assert question.get_placeholder()
            assert details["validator"]


def test_warehouses_say_how_far_they_are_supported():
    words = {"proved", "emulated", "checked"}
    labels = rendering.questions()["warehouse"]["choices"]
    assert all(any(word in label for word in words) for label in labels)
    assert all(f"{word}:" in rendering.questions()["warehouse"]["help"] for word in words)


def test_messages_fit_a_screen():
    messages = {k: v for k, v in rendering._template().config_data.items() if "message" in k}
    assert len(messages) == 4
    for text in messages.values():
        assert len(text.splitlines()) <= 20
        assert all(len(line) < WIDTH for line in text.splitlines())


# ---------------------------------------------------------------- the command line
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("project_slug=Acme", "Use lower-case letters, digits and underscores"),
        ("project_name={{ 7 }}", "Leave out these characters"),
        ("timezone=Mars/Olympus", "Use UTC or a name of the IANA list"),
        ("auth=sso", "Invalid choice for 'auth': 'sso' is not in ['file', 'motherduck']"),
        ("airflow=true", "Leave out airflow: it follows from orchestrator"),
    ],
)
def test_command_line_refuses_and_writes_nothing(answer, sentence, tmp_path, template_repository):
    folder = tmp_path / "project"
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "-d", answer]
    done = subprocess.run(
        [*command, template_repository.as_uri(), str(folder)],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert sentence in done.stderr.strip().splitlines()[-1]
    assert not folder.exists()


# ---------------------------------------------------------------- a person at the keyboard
CLEAR = "\x15"  # Ctrl-U: the default stands in the line, ready to be edited
ENTER = "\r"


def _type(keys: dict[str, str], folder, data: dict | None = None) -> dict:
    """Answer all questions by keys, Enter where `keys` has none; gives the answers file."""
    asked = [name for name in rendering.questions() if name not in (data or {})]
    assert set(keys) <= set(asked)
    hidden = [name for name in asked if name not in rendering.all_answers(data or {})]
    with create_pipe_input() as keyboard, create_app_session(keyboard, DummyOutput()):
        keyboard.send_text("".join(keys.get(name, ENTER) for name in asked if name not in hidden))
        keyboard.close()  # one question more than keys is an error, not an endless wait
        run_copy(
            str(rendering.template_copy()),
            folder,
            data=data,
            settings=SettingsModel(),
            quiet=True,
        )
    return yaml.safe_load((folder / ".copier-answers.yml").read_text())


def test_enter_all_the_way_gives_the_defaults(tmp_path):
    answers = _type({}, tmp_path)
    answers.pop("_src_path")
    assert answers == rendering.all_answers({})


def test_refused_answer_can_be_corrected(tmp_path):
    answers = _type({"project_slug": f"{CLEAR}Acme{ENTER}{CLEAR}acme{ENTER}"}, tmp_path)
    assert answers["project_slug"] == "acme"


def test_taken_name_does_not_end_the_session(tmp_path):
    """The default of core is moved out of the way when staging takes it."""
    keys = {
        "schema_staging": f"{CLEAR}core{ENTER}",
        "business_start_hour": f"{CLEAR}2{ENTER}",
    }
    answers = _type(keys, tmp_path)
    assert (answers["schema_staging"], answers["schema_core"]) == ("core", "core_2")
    assert answers["full_refresh_hour"] == 20
