"""A checkout by a git that writes CRLF, as on Windows: files keep LF, and scripts start."""

import os
import subprocess
from pathlib import Path

import pytest
import rendering

SCRIPT = "scripts/lock.sh"  # without uv it stops after a sentence
SENTENCE = "Locking needs uv"


def clone(files: Path, folder: Path) -> Path:
    """Commit a folder of files, and clone it with core.autocrlf=true."""
    for command in (
        ["git", "init", "-q", files],
        ["git", "-C", files, "add", "-A"],
        ["git", "-C", files, "commit", "-qm", "All"],
        ["git", "clone", "-q", "--config", "core.autocrlf=true", files, folder],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return folder


def with_crlf(folder: Path) -> list[str]:
    """The text files of a clone that have a carriage return."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return sorted(name for name, text in contents.items() if b"\r" in text and b"\0" not in text)


def started(script: Path) -> subprocess.CompletedProcess:
    """A shell script, started by its first line where no uv is."""
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    return subprocess.run([script], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(params=["the template", "a project"])
def files(request, tmp_path) -> tuple[Path, str]:
    """The files of a repository, and its path of the script."""
    if request.param == "a project":
        return rendering.write(rendering.render({}), tmp_path / "files"), SCRIPT
    listed = [
        "git",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
    ]
    names = subprocess.run(listed, cwd=rendering.ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, names.stdout.split("\0")):
        if (source := rendering.ROOT / name).is_file():
            copy = tmp_path / "files" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            copy.chmod(source.stat().st_mode)
    return tmp_path / "files", f"template/{SCRIPT}"


def test_a_clone_with_autocrlf_has_lf_and_runs(files, tmp_path):
    folder, script = files
    cloned = clone(folder, tmp_path / "clone")
    assert with_crlf(cloned) == []
    done = started(cloned / script)
    assert done.returncode == 2 and SENTENCE in done.stderr


def test_a_clone_without_attributes_fails(files, tmp_path):
    folder, script = files
    for attributes in folder.rglob(".gitattributes"):
        attributes.unlink()
    cloned = clone(folder, tmp_path / "clone")
    assert script in with_crlf(cloned)
    assert started(cloned / script).returncode == 127  # env: 'bash\r': No such file or directory
