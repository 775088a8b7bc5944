"""Shops that are built once, and dbt as one process: see support/shop_trials.py."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dbt_server import Dbt
from faulty_shops import SETTINGS, TEXT
from shop_trials import BUILD, Shop


@pytest.fixture(scope="session")
def dbt() -> Iterator[Dbt]:
    with Dbt.running() as dbt:
        yield dbt


@pytest.fixture(scope="session")
def shop_of(dbt, project, made_once, tpch_data, tmp_path_factory) -> Callable[[str], Shop]:
    """A function from the name of settings to a shop that was built without faults."""
    shops: dict[str, Shop] = {}

    def fresh(settings: str) -> Shop:
        if settings not in shops:
            shops[settings] = Shop.of(
                dbt,
                project(),
                tmp_path_factory.mktemp("shops") / settings,
                tpch_data,
                SETTINGS[settings],
            )
        made = shops[settings]

        def make(folder: Path) -> None:
            made.deliver(*(TEXT if settings == "text_keys" else ()))
            done = made.run(*BUILD)
            assert done.code == 0, done.output
            folder.mkdir()
            shutil.move(made.database, folder)

        built = made_once(f"shop_{settings}", make)
        shutil.copy2(built / made.database.name, made.database)
        return made

    return fresh
