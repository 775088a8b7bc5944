"""The pipelines of generated projects: without findings, and they do what they say."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
import rendering
import variants
import yaml
from pipelines import BIN, GITHUB, STUB, UV_CACHE, run
from projects import Project, output
from releases import commit_all, git

GITLAB = ".gitlab-ci.yml"
# to read the code, runs and environments, and pull requests; to sign in without a secret; to report a failed run
RIGHTS = {"contents", "actions", "pull-requests", "id-token", "issues"}


@cache
def pipelines() -> dict[str, bytes]:
    """Each distinct pipeline of any variant: a name (variant and path), and its content."""
    signs_in = {
        f"{name}-{ci}": {**answers, "ci": ci}
        for name, answers in variants.dynamic_choices().items()
        for ci in rendering.choices("ci")
    }
    found: dict[bytes, str] = {}
    for name, answers in {**variants.product(), **signs_in}.items():
        for path, file in rendering.render(answers).items():
            if path.startswith(GITHUB) or path == GITLAB:
                found.setdefault(file.content, f"{name}/{path}")
    return {name: content for content, name in found.items()}


def written(folder: Path, contents: Iterable[tuple[str, bytes]], part: str) -> list[Path]:
    """Write those pipelines whose path has `part`; returns the files."""
    files = []
    for name, content in contents:
        if part in name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
            files.append(folder / name)
    assert files
    return files


def findings(files: list[Path], system: str) -> str:
    """What the linters say about the pipelines of one system; empty when all is well."""
    commands = {
        GITHUB: [
            ["actionlint", "-shellcheck", BIN / "shellcheck"],
            ["zizmor", "--offline", "--quiet", "--persona=auditor"],
            ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ],
        GITLAB: [["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci"]],
    }[system]
    done = [run(BIN / command[0], *command[1:], *files) for command in commands]
    return "".join(each.stdout for each in done if each.returncode)


# ---------------------------------------------------------------- every variant
@pytest.mark.parametrize("system", [GITHUB, GITLAB])
def test_no_linter_finds_anything_in_the_pipelines_of_any_variant(system, tmp_path):
    files = written(tmp_path, pipelines().items(), system)
    assert len(files) > 5
    assert findings(files, system) == ""


@pytest.mark.parametrize(
    ("system", "good", "bad", "finding"),
    [
        (GITHUB, "timeout-minutes: 20", "timeout: 20", "unexpected key"),
        (GITHUB, "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned"),
        (GITHUB, "run: make install", "run: echo ${{ github.head_ref }}", "template-injection"),
        (
            GITHUB,
            "contents: read #",
            "issues: write\n  contents: read #",
            "undocumented-permissions",
        ),
        (GITLAB, "script:\n    - make lint", "scripts:\n    - make lint", "scripts"),
    ],
)
def test_a_fault_in_a_pipeline_is_found(system, good, bad, finding, tmp_path):
    answers = {"ci": "github" if system == GITHUB else "gitlab"}
    path = f"{GITHUB}ci.yml" if system == GITHUB else GITLAB
    content = rendering.render(answers)[path].content.decode()
    assert good in content
    files = written(tmp_path, [(path, content.replace(good, bad).encode())], path)
    assert finding in findings(files, system)


def load(name: str, **answers) -> dict:
    return yaml.safe_load(rendering.render(answers)[name].content)


@pytest.mark.parametrize("warehouse", rendering.choices("warehouse"))
def test_both_systems_run_the_same_checks_without_a_secret(warehouse):
    job = load(f"{GITHUB}ci.yml", warehouse=warehouse, ci="github")["jobs"]["check"]
    other = load(GITLAB, warehouse=warehouse, ci="gitlab")
    ours = [step["run"] for step in job["steps"] if "run" in step]
    assert ours == ["make install", *other["check"]["script"]]
    assert other["default"]["before_script"][-1] == "make install"
    assert "make lint TEMPLATER=dbt" in ours and "make build" in ours and "make yaml-check" in ours
    for text in (json.dumps(job), json.dumps(other["check"])):
        assert "secrets." not in text and "vars." not in text and "id_token" not in text


@pytest.mark.parametrize("dashboard", [True, False])
def test_a_pull_request_has_the_dashboard_attached_where_there_is_one(dashboard):
    job = load(f"{GITHUB}ci.yml", dashboard=dashboard)["jobs"]["check"]
    attached = [
        step["with"]["path"]
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/upload-artifact@")
    ]
    other = load(GITLAB, dashboard=dashboard, ci="gitlab")["check"]
    assert attached == other.get("artifacts", {}).get("paths", [])
    assert attached == ["dashboard/build/index.html"] * dashboard
    # what it is attached from draws it, in a step before
    assert ("make dashboard" in other["script"]) == dashboard
    assert ("make answers" in other["script"]) != dashboard


def test_jobs_are_bounded_and_have_no_more_rights_than_they_need():
    for name, content in pipelines().items():
        pipeline = yaml.safe_load(content)
        if name.endswith(GITLAB):
            jobs = [job for job in pipeline.values() if isinstance(job, dict) and "script" in job]
            assert len(jobs) >= 2 and all("timeout" in job for job in jobs), name
            continue
        assert pipeline["permissions"] in ({"contents": "read"}, {}), name
        assert "concurrency" in pipeline, name
        for job in pipeline["jobs"].values():
            assert "timeout-minutes" in job, name
            assert set(job.get("permissions", {})) <= RIGHTS, name


# ---------------------------------------------------------------- dependabot
DEPENDABOT = ".github/dependabot.yml"
READ_BY_DEPENDABOT = {
    "github-actions": ".github/workflows/*.yml",
    "npm": "package.json",
    "pip": "requirements.txt",
}
"""Ecosystems, and what Dependabot reads of each in the folder that is named."""


def dependabot_findings(content: bytes, project: Path) -> str:
    """What is wrong with a dependabot.yml of the project in a folder; empty when all is well."""
    file = project / DEPENDABOT
    file.write_bytes(content)
    said = ""
    for command in (
        ["check-jsonschema", "--builtin-schema", "vendor.dependabot"],
        ["zizmor", "--offline", "--quiet"],
    ):
        done = run(BIN / command[0], *command[1:], file)
        said += done.stdout if done.returncode else ""
    for update in yaml.safe_load(content)["updates"]:
        ecosystem, folder = update["package-ecosystem"], update["directory"]
        if not list((project / folder.strip("/")).glob(READ_BY_DEPENDABOT[ecosystem])):
            said += f"{folder} has nothing of {ecosystem}\n"
    return said


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("", "", None),
        ("interval: monthly", "interval: sometimes", "sometimes"),
        ("directory: /", "directory: /nowhere", "/nowhere has nothing of github-actions"),
        ("github-actions", "npm", "/ has nothing of npm"),
        ("    cooldown:\n      default-days: 7\n", "", "cooldown"),
    ],
    ids=["as it is", "the schema", "a folder", "an ecosystem", "no cooldown"],
)
def test_dependabot_is_told_of_what_is_there(old, new, finding, tmp_path):
    """Packages have no entry: locks come with the template, or by `make lock`."""
    folder = rendering.write(rendering.render({"ci": "github"}), tmp_path)
    content = (folder / DEPENDABOT).read_text()
    assert old in content
    said = dependabot_findings(content.replace(old, new).encode(), folder)
    assert said == "" if finding is None else finding in said


def test_whoever_has_workflows_of_pull_requests_has_dependabot():
    for name, answers in variants.product().items():
        tree = rendering.render(answers)
        assert (DEPENDABOT in tree) == (f"{GITHUB}ci.yml" in tree), name


# ---------------------------------------------------------------- which jobs run
def holds(rule: str, variables: dict[str, str]) -> bool:
    """Whether GitLab takes a rule's `if` for true: comparisons of variables and strings, && and ||."""
    known = re.sub(r"\$(\w+)", lambda found: repr(variables.get(found[1], "")), rule)
    assert not re.search(r"=~|!~|[()]", known), f"this test does not know the operators of {rule}"
    return eval(known.replace("&&", " and ").replace("||", " or "))


def jobs_of(pipeline: dict, **variables: str) -> set[str]:
    """The jobs of a GitLab pipeline that are there for these variables; empty without a pipeline."""
    variables = {"CI_DEFAULT_BRANCH": "main", **variables}

    def admits(rules: list[dict]) -> bool:
        first = next((rule for rule in rules if holds(rule["if"], variables)), {"when": "never"})
        return first.get("when") != "never"

    if not admits(pipeline["workflow"]["rules"]):
        return set()
    jobs = {name: job for name, job in pipeline.items() if isinstance(job, dict) and "stage" in job}
    return {name for name, job in jobs.items() if admits(job["rules"])}


REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event"}
MERGED = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
TIMED = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}
BRANCH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "mine"}
READY = {"WAREHOUSE_READY": "true"}
UPDATES = {"TEMPLATE_UPDATES": "true"}
UPDATE_JOBS = {"render", "compare", "push"}
FORK = {"CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({**REQUEST, **READY}, {"check", "changes", "drop"}),
        (REQUEST, {"check"}),
        ({**MERGED, **READY}, {"deploy"}),
        (MERGED, set()),
        ({**TIMED, **READY}, {"sweep"}),
        (TIMED, set()),
        ({**TIMED, **UPDATES}, UPDATE_JOBS),
        ({**TIMED, **UPDATES, **READY}, {*UPDATE_JOBS, "sweep"}),
        ({**BRANCH, **READY}, set()),
        ({**REQUEST, **READY, **FORK}, {"check"}),
    ],
    ids=[
        *("request", "request, no access", "merge", "merge, no access", "weekly", "none"),
        *("updates", "updates and weekly", "branch", "request of a fork"),
    ],
)
def test_gitlab_runs_for_each_occasion_the_jobs_that_are_meant(variables, expected):
    pipeline = load(GITLAB, warehouse="snowflake", ci="gitlab")
    assert jobs_of(pipeline, **variables) == expected


def test_gitlab_without_a_warehouse_needs_no_variable():
    pipeline = load(GITLAB, ci="gitlab")
    found = [jobs_of(pipeline, **each) for each in (REQUEST, MERGED, TIMED, BRANCH)]
    assert found == [{"check"}, {"deploy"}, set(), set()]


# ---------------------------------------------------------------- only what changed
@pytest.fixture(scope="module")
def production(built, tmp_path_factory) -> Project:
    """A project whose production is a DuckDB file, built from its only commit."""
    project = built.copy(tmp_path_factory.mktemp("production") / "project")
    project.database = project.folder / "analytics.duckdb"
    project.run("dbt", "--quiet", "build", *PROD, DUCKDB_PATH=str(project.database))
    commit_all(project.folder, "From the template")
    return project


PROD = ("--target", "prod", "--exclude-resource-type", "test", "unit_test")


def test_a_pull_request_builds_what_changed_and_reads_the_rest_from_production(production):
    """One mart is changed: it and what follows is built, in schemas of its own; then these go."""
    project = production
    mart = project.folder / "models" / "marts" / "customer_monthly_activity.sql"
    mart.write_text(mart.read_text().replace("from months\n", "from months where 1 = 1\n"))
    variables = {
        "DBT_TARGET": "ci",
        "DBT_SCHEMA": "pr_7",
        "DUCKDB_PATH": str(project.database),
    }
    jobs = load(f"{GITHUB}ci.yml", warehouse="snowflake", ci="github")["jobs"]
    script = jobs["changes"]["steps"][-1]["run"]
    lines = script[script.index("select=()") :].replace(".venv/bin/", "")
    deployed = git(project.folder, "rev-parse", "HEAD").strip()
    commit_all(project.folder, "A mart is changed")
    out = project.run("bash", "-ec", lines, **variables, deployed=deployed)
    assert f"Production runs {deployed}." in out
    assert "Completed successfully" in out
    tables = project.query(
        "select schema_name, table_name from duckdb_tables() where schema_name like 'pr_%'"
    )
    assert set(tables) == {
        ("pr_7_marts", name)
        for name in ("customer_monthly_activity", "monthly_growth", "customer_cohort_retention")
    }
    drop = ("dbt", "run-operation", "drop_pull_request_schemas")
    assert jobs["clean-up"]["steps"][-1]["run"].strip().endswith(" ".join(drop))
    # another pull request's stay
    project.run(*drop, **{**variables, "DBT_SCHEMA": "pr_77"})
    assert pull_request_schemas(project) == ["pr_7_marts"]
    # production, or a developer, is refused
    project.run(*drop, fails=True, **{**variables, "DBT_SCHEMA": "dev_me"})
    project.run(*drop, fails=True, **{**variables, "DBT_TARGET": "prod"})
    assert pull_request_schemas(project) == ["pr_7_marts"]
    project.run(*drop, **{**variables, "DBT_SCHEMA": "pr_all"})
    assert pull_request_schemas(project) == []
    assert project.query("select count(*) from marts.customer_360") == [(1500,)]


def pull_request_schemas(project: Project) -> list[str]:
    rows = project.query(
        "select distinct schema_name from duckdb_schemas() where schema_name like 'pr\\_%' escape '\\'"
    )
    return [name for (name,) in rows]


# ---------------------------------------------------------------- which commit production runs
@pytest.fixture
def history(tmp_path) -> dict[str, str]:
    """A repository with a reviewed history, and a commit that is no part of it: shas by what they are."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shas = {"folder": str(folder)}
    for name in ("old", "new", "later"):
        commit_all(folder, name)
        shas[name] = git(folder, "rev-parse", "HEAD").strip()
    git(folder, "checkout", "--quiet", "-b", "other", shas["old"])
    commit_all(folder, "not reviewed")
    shas["unreviewed"] = git(folder, "rev-parse", "HEAD").strip()
    return shas


def github_run(sha: str, **different) -> dict:
    """One of GitHub's runs of deploy.yml, as its API describes it."""
    run = {
        "event": "push",
        "conclusion": "success",
        "head_branch": "main",
        "head_sha": sha,
        "head_repository": {"id": 1},
        "repository": {"id": 1},
    }
    return {**run, **different}


def deployment(sha: str, **different) -> dict:
    """One of GitLab's deployments, likewise."""
    return {"status": "success", "ref": "main", "sha": sha, **different}


def deployed(answer, history: dict[str, str], of: str = "new") -> str:
    """The commit, by its name here, that the pipelines take for production's."""
    script = rendering.ROOT / "template" / "scripts" / "pipeline.py"
    done = subprocess.run(
        [sys.executable, script, "deployed", "main", history[of]],
        cwd=history["folder"],
        input=json.dumps(answer),
        check=True,
        capture_output=True,
        text=True,
    )
    assert not done.stderr
    return {sha: name for name, sha in history.items()}.get(
        done.stdout.strip(), done.stdout.strip()
    )


@pytest.mark.parametrize(
    "hostile",
    [
        {"head_repository": {"id": 2}},
        {"head_repository": None},
        {"event": "pull_request"},
        {"event": "workflow_dispatch"},
        {"conclusion": "failure"},
        {"head_branch": "mine"},
    ],
    ids=["a fork", "a deleted fork", "a pull request", "by hand", "it failed", "another branch"],
)
def test_a_run_of_someone_else_is_not_the_deployment_that_counts(hostile, history):
    """A fork may call its branch main, and its runs are listed with those of this repository."""
    runs = [github_run(history["new"], **hostile), github_run(history["old"])]
    assert deployed({"workflow_runs": runs}, history) == "old"
    assert deployed({"workflow_runs": runs[:1]}, history) == ""


def test_only_commits_of_the_reviewed_history_count(history):
    for wrong in ("unreviewed", "later"):
        runs = [github_run(history[wrong]), github_run(history["new"]), github_run(history["old"])]
        assert deployed({"workflow_runs": runs}, history) == "new"
        listed = [deployment(history[wrong]), deployment(history["new"])]
        assert deployed(listed, history) == "new"
    for sha in ("--output=x", "main", "", history["new"][:12], "f" * 40):
        assert deployed([deployment(sha)], history) == ""
        assert deployed({"workflow_runs": [github_run(sha)]}, history) == ""
    for different in ({"ref": "refs/merge-requests/7/head"}, {"status": "failed"}):
        assert deployed([deployment(history["new"], **different)], history) == ""


def test_no_job_takes_a_file_of_another_run():
    """A manifest of someone else's would name the relations that run with credentials."""
    for name, content in pipelines().items():
        text = content.decode()
        assert "run download" not in text and "/artifacts" not in text, name
        assert "run-id" not in text and "github-token" not in text, name


def built_changes(tmp_path: Path, deployed: str, dbt: str) -> tuple[str, list[str]]:
    """Run the lines of GitHub's job with a stub of dbt; what they print, and dbt's calls.

    The stub fails where `dbt` names the subcommand, and `ls` selects nothing where that is "ls".
    """
    jobs = load(f"{GITHUB}ci.yml", warehouse="snowflake", ci="github")["jobs"]
    script = jobs["changes"]["steps"][-1]["run"]
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    (folder / ".venv" / "bin").mkdir(parents=True)
    stub = folder / ".venv" / "bin" / "dbt"
    stub.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\ncase "$*" in\n'
        f'*parse*) [ "{dbt}" != parse ] ;;\n*ls*) [ "{dbt}" = ls ] || echo a_model ;;\nesac\n'
    )
    stub.chmod(0o755)
    commit_all(folder, "deployed")
    (folder / "models" / "new.sql").write_text("select 1")
    if deployed:
        deployed = git(folder, "rev-parse", "HEAD").strip()
    commit_all(folder, "changed")
    lines = script[script.index("select=()") :]
    out = output(["bash", "-ec", lines], folder, {**os.environ, "deployed": deployed})
    assert git(folder, "worktree", "list").count("\n") == 1
    return out, (tmp_path / "calls").read_text().splitlines()


@pytest.mark.parametrize(
    ("deployed", "dbt", "said", "build"),
    [
        ("HEAD", "", "Production runs", "build --select state:modified+ --state state --defer"),
        ("HEAD", "ls", "changed, but dbt selects none: building everything", "build"),
        ("HEAD", "parse", "can't parse that commit now: building everything", "build"),
        ("", "", "No commit of this branch's history is deployed: building everything", "build"),
    ],
    ids=["what changed", "nothing is selected", "it cannot be parsed", "nothing is deployed"],
)
def test_whatever_is_doubtful_builds_everything_and_says_so(deployed, dbt, said, build, tmp_path):
    out, calls = built_changes(tmp_path, deployed, dbt)
    assert said in out
    assert calls[-1] == build


# ---------------------------------------------------------------- environments
PROTECTED = {
    "deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False},
    "protection_rules": [{"type": "required_reviewers"}, {"type": "branch_policy"}],
}
OPEN = {"deployment_branch_policy": None, "protection_rules": []}


@pytest.mark.parametrize(
    ("rules", "accepted", "code", "said"),
    [
        (PROTECTED, "", 0, ""),
        ({**PROTECTED, "protection_rules": []}, "", 0, "::warning::Nobody has to approve"),
        (OPEN, "", 1, "::error::Every branch may use the environment production."),
        (OPEN, "accepted", 0, "::warning::Every branch may use the environment production."),
        (None, "", 1, "::error::There is no environment production."),
    ],
    ids=["protected", "no reviewers", "every branch", "every branch, accepted", "none"],
)
@pytest.mark.parametrize("workflow", ["ci", "deploy", "schedule"])
def test_production_has_to_be_protected(workflow, rules, accepted, code, said, tmp_path):
    answers = {"warehouse": "snowflake", "ci": "github", "orchestrator": "github_actions"}
    jobs = load(f"{GITHUB}{workflow}.yml", **answers)["jobs"]
    job = jobs["environments"]
    assert job["permissions"] == {"actions": "read"} and "environment" not in job
    assert "secrets." not in json.dumps(job) and "uses" not in json.dumps(job)
    first = {"ci": "changes", "deploy": "deploy", "schedule": "run"}[workflow]
    assert "environments" in jobs[first]["needs"]
    answer = f"cat <<'END'\n{json.dumps(rules)}\nEND" if rules else "exit 1"
    (tmp_path / "gh").write_text(
        f'#!/bin/sh\n[ "$2" = repos/us/project/environments/production ] || exit 9\n{answer}\n'
    )
    (tmp_path / "gh").chmod(0o755)
    environment = {"GITHUB_REPOSITORY": "us/project", "UNPROTECTED": accepted}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = run("bash", "-ec", job["steps"][0]["run"], **environment, PATH=path)
    assert done.returncode == code, done.stdout
    assert said in done.stdout and bool(said) == bool(done.stdout)


# ---------------------------------------------------------------- a commit that a person has read
@pytest.mark.parametrize(
    ("request_is", "code"),
    [
        ({}, 0),
        ({"head": {"sha": "b" * 40, "repo": {"full_name": "us/project"}}}, 1),
        ({"head": {"sha": "a" * 40, "repo": {"full_name": "other/project"}}}, 1),
        ({"state": "closed"}, 1),
    ],
    ids=["it is the newest", "a newer one was pushed", "a fork", "it is closed"],
)
def test_a_run_by_hand_builds_only_the_commit_that_was_read(request_is, code, tmp_path):
    request = {
        "state": "open",
        "head": {"sha": "a" * 40, "repo": {"full_name": "us/project"}},
        **request_is,
    }
    (tmp_path / "gh").write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(request)}\nEND\n")
    (tmp_path / "gh").chmod(0o755)
    job = load(f"{GITHUB}ci.yml", warehouse="snowflake", ci="github")["jobs"]["changes"]
    look, checkout = job["steps"][:2]
    assert checkout["with"]["ref"] == "${{ inputs.commit || github.sha }}"
    environment = {"GITHUB_REPOSITORY": "us/project", "NUMBER": "7", "COMMIT": "a" * 40}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = run("bash", "-ec", look["run"], **environment, PATH=path)
    assert (done.returncode, "Read its newest commit" in done.stdout) == (code, bool(code))


# ---------------------------------------------------------------- executed
EVENT = {
    "action": "opened",
    "pull_request": {"number": 7, "head": {"repo": {"full_name": "someone/else"}}},
}


def failed_steps(folder: Path, work: Path, sql: str | None = None) -> list[str]:
    """Execute a project's workflow for a pull request, without docker; the steps that failed.

    Python and uv are those of this machine; checkout is done by act, which copies what git has.
    `sql` names the only file of SQL to lint, where it need not be all of them.
    """
    (work / "stub").mkdir(parents=True)
    (work / "stub" / "action.yml").write_text(STUB)
    (work / "event.json").write_text(json.dumps(EVENT))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "All"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    steps = yaml.safe_load((folder / GITHUB / "ci.yml").read_text())["jobs"]["check"]["steps"]
    uses = [step["uses"] for step in steps if "uses" in step and "checkout" not in step["uses"]]
    stubs = [part for use in uses for part in ("--local-repository", f"{use}={work / 'stub'}")]
    home = {"HOME": str(work), "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", UV_CACHE)}
    done = run(
        *(BIN / "act", "pull_request", "--job", "check", "--eventpath", work / "event.json"),
        *("--platform", "ubuntu-latest=-self-hosted", *stubs),
        *(("--env", f"MAKEFLAGS=SQL={sql}") if sql else ()),
        cwd=folder,
        **home,
    )
    failed = re.findall(r"Failure - Main (.+?)(?: \[|\n)", done.stdout)
    assert bool(failed) == (done.returncode != 0) == ("Job succeeded" not in done.stdout), (
        done.stdout
    )
    return failed


MART = "models/marts/customer_360.sql"
SECRETS = "Secrets, large files, parse"


in_test_all = pytest.mark.skipif("TEST_ALL" not in os.environ, reason="the same checks again")


@pytest.mark.slow
@pytest.mark.parametrize("warehouse", ["duckdb", pytest.param("snowflake", marks=in_test_all)])
def test_a_pull_request_of_a_fresh_project_is_green(warehouse, tmp_path):
    tree = rendering.render({"warehouse": warehouse, "elementary": False, "ci": "github"})
    assert failed_steps(rendering.write(tree, tmp_path / "project"), tmp_path / "work") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "old", "new", "step"),
    [
        (MART, "    left join scored", "    inner join scored", "Build and test"),
        (MART, "select * from joined", "SELECT * from joined", "Lint"),
        ("requirements.in", "dbt-core", "# password = 'hunter2hunter2'\ndbt-core", SECRETS),
    ],
    ids=["a model is broken", "a rule of the linter is broken", "a secret is added"],
)
def test_a_pull_request_is_red_when(path, old, new, step, tmp_path):
    folder = rendering.write(rendering.render({}), tmp_path / "project")
    file = folder / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    assert failed_steps(folder, tmp_path / "work", sql=MART) == [step]
