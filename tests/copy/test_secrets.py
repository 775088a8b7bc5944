"""No file of any variant looks like a secret to the scanner of the hooks and of CI."""

import subprocess
import sys
from pathlib import Path

import rendering
import variants

SCANNER = Path(sys.executable).parent / "detect-secrets-hook"


def flagged(folder: Path) -> str:
    """What the hook says about all files of a folder; empty when nothing looks like a secret."""
    files = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    done = subprocess.run(
        [SCANNER, *files], cwd=folder, check=False, capture_output=True, text=True
    )
    assert bool(done.stdout) == bool(done.returncode), done
    return done.stdout


def test_the_scanner_flags_nothing_in_any_variant(tmp_path):
    """Each distinct content once, under the name that it has in the project."""
    written = set()
    for answers in variants.all_variants().values():
        for path, file in rendering.render(answers).items():
            if (path, file.content) not in written and path != ".copier-answers.yml":
                target = tmp_path / str(len(written)) / Path(path).name
                target.parent.mkdir()
                target.write_bytes(file.content)
                written.add((path, file.content))
    assert len(written) > 500
    assert flagged(tmp_path) == ""


def test_the_scanner_flags_a_secret_in_an_example_and_in_a_profile(tmp_path):
    tree = rendering.render({"warehouse": "postgres"})
    for path, line in {
        ".env.example": "GITHUB_TOKEN=ghp_" + "0123456789abcdefghijABCDEFGHIJ456789",
        "profiles/profiles.yml": "      password: 'correcthorsebattery'",
    }.items():
        folder = tmp_path / path.replace("/", "_")
        folder.mkdir()
        file = folder / Path(path).name
        file.write_bytes(tree[path].content + f"{line}\n".encode())
        assert file.name in flagged(folder)
