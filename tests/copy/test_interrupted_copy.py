"""A copy that is interrupted, or that has no room: a second one succeeds, and nothing else suffers."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rendering
from releases import files

KILLS = 50 if os.environ.get("TEST_ALL") else 5
COPIER = Path(sys.executable).parent / "copier"


def command(goal: Path, *options: str) -> list[str]:
    template = str(rendering.template_copy())
    return [str(COPIER), "copy", "--defaults", "--quiet", *options, template, str(goal)]


def environment(scratch: Path) -> dict[str, str]:
    """Home and temporary files are in `scratch`, so that it is seen what a copy leaves elsewhere."""
    scratch.mkdir(exist_ok=True)
    return {**os.environ, "HOME": str(scratch), "TMPDIR": str(scratch)}


def last_line(done: subprocess.CompletedProcess) -> str:
    return done.stderr.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict:
    """What a copy gives that nothing disturbs."""
    folder = tmp_path_factory.mktemp("whole") / "project"
    rendering.copy_stock({}, folder)
    return files(folder)


def test_interrupted_copy_can_be_repeated(tmp_path, whole, record_property):
    world, scratch = tmp_path / "world", tmp_path / "scratch"
    (world / "other").mkdir(parents=True)
    (world / "other" / "work.txt").write_text("mine\n")
    goal, partial = world / "project", 0
    seed = random.randrange(10**6)
    moments = random.Random(seed)
    for kill in range(KILLS):
        enough = moments.randrange(len(whole))
        with subprocess.Popen(
            command(goal), env=environment(scratch), stderr=subprocess.DEVNULL
        ) as process:
            while process.poll() is None and len(files(goal)) <= enough:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL if kill % 2 else signal.SIGINT)
        left = files(goal)
        partial += 0 < len(left) < len(whole)
        assert files(world / "other") == {"work.txt": (b"mine\n", False)}, seed
        assert {path.name for path in world.iterdir()} <= {"other", "project"}, seed
        subprocess.run(command(goal, "--overwrite"), env=environment(scratch), check=True)
        assert files(goal) == whole, f"after kill {kill} of seed {seed}"
        shutil.rmtree(goal)
    assert partial
    record_property("told", f"{partial} of {KILLS} copies were cut in the middle (seed {seed})")


def test_full_folder_is_not_written_over(tmp_path):
    goal = tmp_path / "project"
    goal.mkdir()
    (goal / "README.md").write_text("mine\n")
    done = subprocess.run(
        command(goal), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert last_line(done) == "Interactive session required: Consider using `--overwrite`"
    assert (goal / "README.md").read_text() == "mine\n"


def test_destination_that_is_a_file_is_left_alone(tmp_path):
    (tmp_path / "project").write_text("mine\n")
    done = subprocess.run(
        command(tmp_path / "project"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert (tmp_path / "project").read_text() == "mine\n"


CAN_MOUNT = not subprocess.run(
    ["unshare", "--user", "--map-root-user", "--mount", "true"], check=False, capture_output=True
).returncode
MOUNT = "mount -t tmpfs -o size={size} tmpfs {place} && echo mine > {place}/work.txt && {then}"


@pytest.mark.skipif(not CAN_MOUNT, reason="no small disk can be mounted here (unshare)")
@pytest.mark.parametrize(
    ("size", "before", "message"),
    [
        ("200k", "true", "No space left on device"),
        ("8m", "mount -o remount,ro {place}", "Read-only file system"),
    ],
)
def test_disk_that_is_full_or_read_only(tmp_path, size, before, message):
    place = tmp_path / "disk"
    place.mkdir()
    script = MOUNT.format(size=size, place=place, then=before.format(place=place))
    look = f"status=$?; ls -A {place}; cat {place}/work.txt; exit $status"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
        + [f'{script} && "$@"; {look}', "sh", *command(place / "project")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert message in last_line(done)
    assert done.stdout == "work.txt\nmine\n", "the copy left something, or touched other files"
