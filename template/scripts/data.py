"""Make the data of the local target: `make data`, `SF=1 make data`, `FORCE=1 make data`.

With the argument `check` it only says whether data is there for a build on that target. What is made
is TPC-H, where mappings/ has it. The files of your own systems come from samples/, where they
aren't there yet; files that are there are never touched.

Writes <table>.parquet for the eight tables into the folder $TPCH_DATA (default data/tpch), made by
tpchgen-cli at scale $SF (default 0.01; 1 is the standard's 1 GB), with the column _loaded_at (UTC,
the same in all tables) that TPC-H lacks.

The tables are made in a folder beside it and moved into place at the end, so an interrupted run
leaves the old data. The file .tpch.json in the folder says that it was made here, and at which
scale: a folder without it is never touched.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from datetime import UTC, datetime
from pathlib import Path

from settings import DEFAULT_TARGET, PROJECT, Problem, run_program

TABLES = ("region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem")
MAPPINGS = PROJECT / "mappings"
SOURCES = PROJECT / "models" / "staging" / "tpch" / "_tpch__sources.yml"
DEFAULT_SCALE = "0.01"
SMALLEST_SCALE = 0.01
SUPPLIERS = 10_000  # at scale 1
MARKER = ".tpch.json"
# What DuckDB may use while it adds the column; it streams, so this holds at every scale.
MEMORY_LIMIT = "1GB"


def parse_scale(text: str) -> float:
    """The scale factor in `text`; raises Problem when it is not a number that can be made.

    TPC-H spreads a part over four suppliers by a formula that meets one of them twice where there
    are few: below scale 0.01, and up to 228 suppliers where their number is a multiple of three.
    """
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    suppliers = round(SUPPLIERS * scale) if SMALLEST_SCALE <= scale < math.inf else 0
    if suppliers == 0 or (suppliers <= 228 and suppliers % 3 == 0):
        raise Problem(
            f"SF={text} is not a scale that TPC-H can make: give 0.01, 0.02 or a number from 0.03 up."
        )
    return scale


def data_folder() -> Path:
    """The folder $TPCH_DATA, relative to the project unless it is absolute."""
    text = os.environ.get("TPCH_DATA") or "data/tpch"
    if "://" in text:
        raise Problem(f"TPCH_DATA is {text}: data is made in a folder of this machine only.")
    return PROJECT / text


def missing_table(folder: Path) -> str | None:
    """The first table that has no file in the folder; None where all are there."""
    return next((name for name in TABLES if not (folder / f"{name}.parquet").is_file()), None)


def require_tables(folder: Path) -> None:
    """Raise Problem when a table has no file in the folder."""
    if table := missing_table(folder):
        raise Problem(f"There is no {table}.parquet in {folder}: run make data first.")


def check() -> None:
    """Raise Problem where a build on the local target would find no data."""
    if (os.environ.get("DBT_TARGET") or DEFAULT_TARGET) != DEFAULT_TARGET:
        return
    if has_tpch() and "://" not in os.environ.get("TPCH_DATA", ""):
        require_tables(data_folder())
    for system, files in own_files().items():
        if missing := [file for file in files if not file.is_file()]:
            raise Problem(
                f"There is no {missing[0].name} in {missing[0].parent}: put the files of {system} there, "
                f"one per table, or run make data, which takes them from samples/{system}."
            )


def has_tpch() -> bool:
    """Does the project read TPC-H? Not where the client has replaced or removed its sources."""
    return SOURCES.is_file() and "TPCH_DATA" in SOURCES.read_text("utf-8")


def own_files() -> dict[str, list[Path]]:
    """The files that the target local reads of each system but TPC-H."""
    if {path.stem for path in MAPPINGS.glob("*.yml")} <= {"tpch"}:
        return {}  # without the half second that importing takes
    from mapping import mappings, tables_of
    from source_tables import files_of

    found = {}
    for system, mapping in mappings().items():
        pattern = str(files_of(system, mapping))
        if system != "tpch" and "://" not in pattern:
            found[system] = [
                Path(pattern.replace("{identifier}", table)) for table in tables_of(mapping)
            ]
    return found


def take_samples() -> None:
    """Copy missing files of your own systems from samples/, and say where there is none."""
    for system, files in own_files().items():
        missing = [file for file in files if not file.is_file()]
        samples = [PROJECT / "samples" / system / file.name for file in missing]
        if not missing:
            print(f"The files of {system} are in {files[0].parent} already.")
        elif lacking := [sample.name for sample in samples if not sample.is_file()]:
            raise Problem(
                f"{system} has no {lacking[0]}, neither in {missing[0].parent} nor in samples/{system}.\n"
                f"Where its tables can be read, run make sample SYSTEM={system}, and commit the sample."
            )
        else:
            rows = 0
            for sample, file in zip(samples, missing, strict=True):
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(sample, file)
                rows += count_rows(sample)
            print(f"Took {len(missing)} tables of {system} from samples/{system}: {rows:,} rows.")
            if not rows:
                print(
                    f"There is no sample of {system}, only its columns: all is parsed, linted and built, as "
                    f"dbt build --empty does, without rows. make sample SYSTEM={system} draws some."
                )


def count_rows(file: Path) -> int:
    """The rows of a Parquet or CSV file."""
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(f"select count(*) from {sql(file)}").fetchone()[0]


def read_marker(folder: Path) -> dict:
    """What the marker of a folder says; empty when the folder is new or empty.

    Raises Problem when the folder holds files but was not made by this script.
    """
    marker = folder / MARKER
    if marker.is_file():
        try:
            return dict(json.loads(marker.read_text("utf-8")))
        except (ValueError, TypeError):
            return {"scale": None}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Problem(
            f"{folder} was not made by `make data`, so it is left alone: "
            "point TPCH_DATA at a new folder, or empty this one."
        )
    return {}


def write_marker(folder: Path, **content: object) -> None:
    """Replace the marker of a folder in one step."""
    new = folder / f"{MARKER}.new"
    new.write_text(json.dumps(content) + "\n", "utf-8")
    new.replace(folder / MARKER)


def generator() -> str:
    """Path of tpchgen-cli, in this environment or on PATH."""
    scripts = sysconfig.get_path("scripts")
    found = shutil.which("tpchgen-cli", path=scripts) or shutil.which("tpchgen-cli")
    if not found:
        raise Problem("tpchgen-cli is not installed: run `make install`.")
    return found


def generate(scale: str, work: Path, loaded_at: str) -> None:
    """Write the eight tables into the folder `work`, with a line of progress for each."""
    import duckdb

    raw = work / "raw"
    start = time.monotonic()
    # shows bars of progress on a terminal; all tables at once, because its start takes a second
    command = [generator(), "parquet", "-s", scale, "-o", str(raw)]
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise Problem("tpchgen-cli failed: see its message above.")
    print(f"  generated by tpchgen-cli {time.monotonic() - start:6.1f} s", flush=True)
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"set temp_directory = {sql(work / 'spill')}")
        for table in TABLES:
            start = time.monotonic()
            source, target = raw / f"{table}.parquet", work / f"{table}.parquet"
            (rows,) = connection.execute(
                f"""
                copy (
                    select *, timestamp '{loaded_at}' as _loaded_at from read_parquet({sql(source)})
                )
                to {sql(target)} (format parquet, compression zstd)
                """
            ).fetchone()
            source.unlink()
            print(f"  {table:<9}{rows:>12,} rows {time.monotonic() - start:6.1f} s", flush=True)


def sql(path: Path) -> str:
    """A path as an SQL string."""
    return "'" + str(path).replace("'", "''") + "'"


def main() -> None:
    take_samples()
    if has_tpch():
        make_tpch()


def make_tpch() -> None:
    """Generate TPC-H, unless it is there at this scale."""
    text = os.environ.get("SF") or DEFAULT_SCALE
    scale = parse_scale(text)
    folder = data_folder()
    marker = read_marker(folder)
    old_scale = marker.get("scale")
    complete = missing_table(folder) is None
    if complete and old_scale == scale and os.environ.get("FORCE", "0") in ("", "0"):
        print(f"Data of scale {scale:g} is in {folder} already (FORCE=1 makes it anew).")
        return

    print(f"Making TPC-H data of scale {scale:g} in {folder} ...", flush=True)
    start = time.monotonic()
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    work = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
        generate(text.strip(), work, now.isoformat(" "))
        folder.mkdir(parents=True, exist_ok=True)
        changed = bool(marker) and old_scale != scale
        # the marker names no scale until all files are in place: a move that stops is done again
        write_marker(folder, scale=None)
        for table in TABLES:
            os.replace(work / f"{table}.parquet", folder / f"{table}.parquet")
        write_marker(
            folder,
            scale=scale,
            loaded_at=now.isoformat() + "Z",
            # `make demo` reads this: what was built before comes from other data
            rebuild=changed or marker.get("rebuild", False),
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"Made in {time.monotonic() - start:.1f} s.")
    if changed:
        print(
            "It replaced data of another scale, so the next build must be a full refresh:\n"
            "  make build FULL_REFRESH=1"
        )


if __name__ == "__main__":
    # a termination cleans up like an interruption
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run_program(
        check if sys.argv[1:] == ["check"] else main, "Interrupted: the data is as it was before."
    )
