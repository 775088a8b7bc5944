"""Pull requests on GitHub and merge requests on GitLab, by the programs gh and glab."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from .. import Problem, template
from .clients import Client

PREFIX = "template-"  # of the branches that updates come on; the weekly job's is template-update


def of(client: Client) -> str:
    """Where a project's requests are: github, gitlab, or nothing that is known."""
    server = web(client).removeprefix("https://").partition("/")[0]
    return client.host or next((host for host in ("github", "gitlab") if host in server), "")


def web(client: Client) -> str:
    """The address of a project's pages."""
    address = re.sub(
        r"^(ssh://)?git@([^/:]+)[:/]", r"https://\2/", template.address(client.address)
    )
    return address.removesuffix(".git")


def call(*command: str, folder: Path | None = None) -> str:
    """What gh or glab prints. Raises Problem where it is missing or fails."""
    if not shutil.which(command[0]):
        raise Problem(f"{command[0]} isn't installed")
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        message = (done.stderr or done.stdout).strip() or "no message"
        raise Problem(f"{command[0]}: {message.splitlines()[-1]}")
    return done.stdout


def open_request(client: Client) -> str:
    """The address of the open request that updates a project; empty where there is none."""
    host = of(client)
    if host == "github":
        listed = json.loads(
            call(
                *("gh", "pr", "list", "--repo", web(client), "--state", "open"),
                *("--limit", "200", "--json", "headRefName,url"),
            )
        )
        return next((one["url"] for one in listed if one["headRefName"].startswith(PREFIX)), "")
    if host == "gitlab":
        listed = json.loads(
            call(
                "glab", "mr", "list", "--repo", web(client), "--per-page", "100", "--output", "json"
            )
        )
        return next(
            (one["web_url"] for one in listed if one["source_branch"].startswith(PREFIX)), ""
        )
    raise Problem("give it host: github or gitlab in fleet.yml")


def create_request(
    client: Client, branch: str, title: str, report: Path, draft: bool, folder: Path
) -> str:
    """Open a request for a pushed branch, and return its address. Raises Problem."""
    drafted = ["--draft"] if draft else []
    if of(client) == "github":
        words = ("--head", branch, "--base", client.branch, "--title", title)
        request = ("gh", "pr", "create", "--repo", web(client), *words)
        return call(*request, "--body-file", str(report), *drafted, folder=folder).strip()
    words = ("--source-branch", branch, "--target-branch", client.branch, "--title", title)
    request = ("glab", "mr", "create", "--repo", web(client), *words, "--yes")
    text = report.read_text("utf-8")
    printed = call(*request, "--description", text, *drafted, folder=folder)
    return next((word for word in printed.split() if word.startswith("http")), printed.strip())
