"""What projects become since a release: the paths that differ, with the number of variants.

    python scripts/compare_release.py [1.0.0]

Renders every variant that the tests cover with the release, by default the newest in releases.yml, and
with the working tree. Run it before a release: each line has to be one that CHANGELOG.md explains.
"""

import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import rendering
import variants
from releases import ANSWERS_FILE, checkout, recorded


def content(path: str, file: rendering.File | None) -> tuple[bytes, int] | None:
    """Content and mode of a file; the answers file without the folder that the template is in."""
    if file is None or path != ANSWERS_FILE:
        return file and (file.content, file.mode)
    return re.sub(rb"(?m)^_src_path: .*\n", b"", file.content), file.mode


def differences(release: Path) -> tuple[dict[str, Counter[str]], int, list[str]]:
    """By kind (new, gone, changed) the number of variants for each path; how many variants there are,
    and the names of those whose answers the release refuses."""
    found: dict[str, Counter[str]] = {"new": Counter(), "gone": Counter(), "changed": Counter()}
    refused = []
    known = rendering.questions(release)
    every = variants.all_variants()
    for name, answers in every.items():
        new = rendering.render(answers)
        try:
            old = rendering.render({k: v for k, v in answers.items() if k in known}, release)
        except ValueError:
            refused.append(name)
            continue
        for path in old.keys() | new.keys():
            before, after = content(path, old.get(path)), content(path, new.get(path))
            if before != after:
                kind = "new" if before is None else "gone" if after is None else "changed"
                found[kind][path] += 1
    return found, len(every), refused


def main(version: str | None = None) -> None:
    tag = f"v{version.removeprefix('v')}" if version else list(recorded())[-1]
    found, count, refused = differences(checkout(rendering.ROOT, recorded()[tag]))
    print(f"{tag} and the working tree, {count} variants, {len(refused)} unknown to {tag}\n")
    for kind, paths in found.items():
        print(f"{kind}: {len(paths)} paths")
        for path, variants_of_it in sorted(paths.items()):
            print(f"{variants_of_it:>6}  {path}")
        print()


if __name__ == "__main__":
    main(*sys.argv[1:])
