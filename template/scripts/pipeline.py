"""What pipelines need beside make: the commit that production runs, and the claims of a token.

    gh api ... | python scripts/pipeline.py deployed main COMMIT
    python scripts/pipeline.py claims TOKEN

`deployed` reads the deployments of this repository (GitHub's runs of deploy.yml, or GitLab's
deployments; newest first) and prints the newest commit that was pushed to the branch `main` here and
is part of COMMIT's history. Other runs don't count: anyone can have a branch called main in a fork.
Nothing is printed where there is none. `claims` says who an identity token makes the job.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any


def commits(answer: Any, branch: str) -> Iterator[str]:
    """The commits that pushes to the branch of this repository deployed, newest first."""
    if isinstance(answer, dict):
        for run in answer["workflow_runs"]:
            # null where the fork was deleted
            from_here = (run["head_repository"] or {}).get("id") == run["repository"]["id"]
            done = (run["event"], run["conclusion"]) == ("push", "success")
            if from_here and done and run["head_branch"] == branch:
                yield run["head_sha"]
    else:
        for deployment in answer:
            if (deployment["status"], deployment["ref"]) == ("success", branch):
                yield deployment["sha"]


def in_history(commit: str, of: str) -> bool:
    """Is the commit `of`, or one before it?"""
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return False
    command = ["git", "merge-base", "--is-ancestor", commit, of]
    return not subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode


def deployed(answer: Any, branch: str, of: str) -> str:
    """The newest of the commits that counts, or nothing."""
    return next((commit for commit in commits(answer, branch) if in_history(commit, of)), "")


def claims(token: str) -> str:
    """A sentence with the issuer, subject and audience of an identity token; none is a secret."""
    part = token.split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    lines = [f"  {name}: {found.get(name)}" for name in ("iss", "sub", "aud")]
    return "\n".join(["If the sign-in failed: the warehouse has to trust exactly", *lines])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["deployed", branch, of]:
            print(deployed(json.load(sys.stdin), branch, of))
        case ["claims", token]:
            print(claims(token), file=sys.stderr)
        case _:
            sys.exit(__doc__)
