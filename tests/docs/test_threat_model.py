"""docs/threat-model.md: its table of jobs is what the workflows do, and every line names a test that is there."""

import json
import re

import rendering
import yaml

PAGE = rendering.ROOT / "docs" / "threat-model.md"
GITHUB = ".github/workflows/"
ANSWERS = {"warehouse": "snowflake", "ci": "github", "orchestrator": "github_actions"}
FORK = {
    "github.event_name": "pull_request",
    "github.event.action": "opened",
    "github.event.pull_request.head.repo.full_name": "someone/project",
    "github.event.pull_request.head.ref": "main",
    "github.event.pull_request.user.login": "someone",
    "github.repository": "us/project",
    "vars.WAREHOUSE_READY": "true",
    "vars.TEMPLATE_UPDATES": "true",
}


def holds(condition: str, event: dict[str, str]) -> bool:
    """Whether GitHub starts a job with this `if`; jobs that it needs have succeeded."""
    text = condition.replace("${{", "").replace("}}", "").replace("!cancelled()", "True")
    text = re.sub(r"needs\.\w+\.\w+(\.\w+)?", "'success'", text.replace("failure()", "False"))
    text = re.sub(r"\b(?:github|vars)(?:\.\w+)+", lambda name: repr(event[name[0]]), text)
    return bool(eval(text.replace("&&", " and ").replace("||", " or ")))


def rows() -> list[list[str]]:
    """What each job of GitHub's workflows may do, as the page lists it."""
    found = []
    for path, file in sorted(rendering.render(ANSWERS).items()):
        if not path.startswith(GITHUB):
            continue
        workflow = yaml.safe_load(file.content)
        assert "pull_request_target" not in workflow[True] and "workflow_run" not in workflow[True]
        for name, job in workflow["jobs"].items():
            text = json.dumps(job)
            rights = job.get("permissions", workflow["permissions"])
            secrets = re.findall(r"secrets\.(\w+)", text)
            identity = ["its identity"] if "id-token" in rights else []
            refs = [
                step.get("with", {}).get("ref", "the event's commit")
                for step in job["steps"]
                if step.get("uses", "").startswith("actions/checkout@")
            ]
            from_fork = "pull_request" in workflow[True] and holds(job.get("if", "True"), FORK)
            found.append(
                [
                    f"{path.removeprefix(GITHUB)}: {name}",
                    "yes" if from_fork else "no",
                    ", ".join(f"{right} {value}" for right, value in rights.items()) or "none",
                    job.get("environment", "none"),
                    ", ".join(dict.fromkeys([*secrets, *identity])) or "none",
                    ", ".join(refs).replace("${{ ", "").replace(" }}", "").replace("||", "or")
                    or "none",
                ]
            )
            # no job reads or writes a cache, and none keeps the token of a checkout
            assert "actions/cache" not in text and '"enable-cache": true' not in text
            assert text.count("actions/checkout@") == text.count('"persist-credentials": false')
            if from_fork:
                assert not secrets and not identity and "environment" not in job
    return found


def test_the_table_of_jobs_is_what_the_workflows_do():
    table = PAGE.read_text("utf-8").split("## What each job may do")[1].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| `")]
    written = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    assert written == rows()


def test_every_line_names_a_test_that_is_there():
    text = PAGE.read_text("utf-8")
    named = re.findall(r"\(\.\./(tests/\w+/test_\w+\.py)\)", text)
    assert len(set(named)) >= 5
    assert [path for path in named if not (rendering.ROOT / path).is_file()] == []
    lines = text.split("## What each credential reaches")[1].split("\n## ")[0].splitlines()
    for line in lines:
        if line.startswith("| ") and not line.startswith("| credential"):
            assert "../tests/" in line, line
