"""Real shops' data: the answers are right, or the run is refused before a mart changes.

The table of faults is in support/faulty_shops.py. `make test` plants those that are right together
into one shop, and those that are refused into another; TEST_ALL=1 plants each alone, under each of
the vars that it is for.
"""

import os
import re

import pytest
import yaml
from dbt_server import Result
from faulty_shops import (
    FAULTS,
    REFUSED_ANYWHERE,
    REFUSED_BY_DEFAULT,
    RIGHT,
    RIGHT_ANYWHERE,
    RIGHT_IN_REAL_SHOPS,
    SHAPES,
    SPEND,
)
from shop_trials import (
    BUILD,
    Shop,
    assert_as_expected,
    build_incrementally,
    judge,
    missing_words,
    sentences,
)

TEST_ALL = "TEST_ALL" in os.environ
in_test_all = pytest.mark.skipif(not TEST_ALL, reason="takes minutes: make test-all")
pytestmark = pytest.mark.slow

# Found by dbt itself before a check of ours can name the row, so each needs a run of its own.
BROKEN_SOURCES = {
    "the segments are not delivered any more",
    "a price is not a number",
}
# The shapes that `make test` builds; the others are variations.
FIRST_SHAPES = {
    "no orders yet",
    "one customer who bought one thing once",
    "guests alone buy",
    "a shop of six weeks",
}


def test_the_small_shop_is_right_without_a_fault(shop_of):
    assert shop_of("defaults").wrong_answers() == {}


@pytest.mark.parametrize("settings", ["defaults", "real", "net"])
def test_faults_that_cost_no_answer_are_right_together(settings, shop_of):
    faults = [
        fault
        for fault in [*RIGHT_ANYWHERE, *RIGHT_IN_REAL_SHOPS]
        if fault.expected == RIGHT and settings in fault.settings
    ]
    assert_as_expected(shop_of(settings), *faults)


def test_text_keys(shop_of):
    assert shop_of("text_keys").wrong_answers() == {}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=() if fault.name in FIRST_SHAPES else in_test_all)
        for fault in SHAPES
    ],
    ids=str,
)
def test_a_shop_with_little_in_it(fault, shop_of):
    assert_as_expected(shop_of("defaults"), fault)


def test_a_build_with_empty_is_green_and_the_next_one_brings_the_rows(shop_of):
    shop = shop_of("defaults")
    shop.deliver()
    shop.database.unlink()
    for arguments in ((*BUILD, "--empty"), BUILD):
        done = shop.run(*arguments)
        assert done.code == 0, done.output
        rows = shop.query("select count(*) from marts.customer_360")
        assert (rows == [(0,)]) == ("--empty" in arguments)
    assert shop.wrong_answers() == {}


@pytest.mark.parametrize(
    "fault",
    [pytest.param(fault, marks=() if "unknown" in fault.name else in_test_all) for fault in SPEND],
    ids=str,
)
def test_a_file_of_spend_that_something_is_wrong_with(fault, shop_of):
    assert_as_expected(shop_of("defaults"), fault)


# ---------------------------------------------------------------- refused
REFUSED_TOGETHER = [
    fault for fault in [*REFUSED_ANYWHERE, *REFUSED_BY_DEFAULT] if fault.name not in BROKEN_SOURCES
]


def in_layers(shop: Shop) -> Result:
    """As orchestration does: a step starts when the one before it has succeeded."""
    schedule = yaml.safe_load((shop.folder / "orchestration" / "schedule.yml").read_text())
    steps = list(schedule["steps"].values())
    for number, step in enumerate(steps):
        later = " ".join(steps[number + 1 :]).split()
        result = shop.run(
            *BUILD, "--select", *step.split(), *(["--exclude", *later] if later else [])
        )
        if result.code:
            break
    return result


def one_task_per_model(shop: Shop) -> Result:
    """As the manifest style does: each node alone with its tests, when all it reads succeeded."""
    listed = shop.run(
        *("ls", "--resource-type", "model", "seed", "snapshot", "--output", "json"),
        *("--output-keys", "unique_id", "depends_on"),
    )
    nodes = {
        node["unique_id"]: set(node["depends_on"].get("nodes", []))
        for node in map(yaml.safe_load, re.findall(r"(?m)^\{.*\}$", listed.output))
    }
    assert len(nodes) > 20, listed.output
    done: set[str] = set()
    bad: set[str] = set()
    output = ""
    while ready := [
        node for node in nodes if node not in done and not (nodes[node] & nodes.keys()) - done
    ]:
        for node in ready:
            done.add(node)
            if nodes[node] & bad:
                bad.add(node)
                continue
            name = node.split(".")[-1]
            result = shop.run(*BUILD, "--select", name, "--indirect-selection", "buildable")
            if result.code:
                bad.add(node)
                output += result.output
    return Result(1 if bad else 0, output)


@pytest.mark.parametrize(
    ("third", "command"),
    [(0, build_incrementally), (1, in_layers), (2, build_incrementally)],
    ids=["dbt_build", "layers", "dbt_build_again"],
)
def test_faults_are_named_together_and_no_mart_changes(third, command, shop_of):
    """In three parts, because a run names twenty kinds of faults at most."""
    assert_as_expected(shop_of("defaults"), *REFUSED_TOGETHER[third::3], command=command)


def test_a_single_fault_stops_one_task_per_model(shop_of):
    [fault] = [fault for fault in REFUSED_BY_DEFAULT if "2062" in fault.name]
    assert_as_expected(shop_of("defaults"), fault, command=one_task_per_model)


def test_in_ci_no_mart_is_built_from_faulty_data(shop_of):
    """A pull request starts with an empty database and runs `dbt build`, unit tests included."""
    shop = shop_of("defaults")
    shop.database.unlink()
    faults = REFUSED_TOGETHER[::4]
    shop.deliver(*faults)
    result = shop.run("build")
    assert result.code == 1, result.output
    words = [word for fault in faults for word in fault.words]
    assert missing_words(sentences(result.output), words) == []
    assert shop.rows_of("marts") == {}


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.name in BROKEN_SOURCES], ids=str
)
def test_a_broken_source_is_refused(fault, shop_of):
    assert_as_expected(shop_of("defaults"), fault, command=build_incrementally)


# ---------------------------------------------------------------- each alone
@in_test_all
@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        pytest.param(fault, settings, id=f"{fault}-{settings}")
        for fault in FAULTS
        for settings in fault.settings
        if settings != "text_keys" and not (fault.shape and settings == "defaults")
    ],
)
def test_each_fault_alone(fault, settings, shop_of):
    assert_as_expected(shop_of(settings), fault)


# ---------------------------------------------------------------- the machinery sees what is wrong
def test_a_wrong_number_and_a_changed_mart_are_seen(shop_of):
    """Two faults of our own: a mart that isn't what the definition says, a failed run that writes."""
    shop = shop_of("defaults")

    def wrong(shop: Shop) -> Result:
        with shop.writing() as con:
            con.execute(
                "update marts.customer_360 set revenue = revenue + 9 where customer_key = 1"
            )
        return Result(0, "")

    verdict, text = judge(shop, [], wrong)
    assert verdict == "wrong" and "customer_360: row 1 (customer_key 1), revenue" in text
    verdict, text = judge(shop, [], lambda shop: Result(1, wrong(shop).output))
    assert verdict == "wrong" and "customer_360 changed" in text
