"""The weekly update in pipelines: a hostile version of the template reaches no token and no network.

The jobs' own scripts run here, each in a clone of its own, as the platforms would run them.
"""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from projects import output
from releases import ClientProject, TemplateRepository, append, commit_all, git, replace
from virtual_environments import lend

OLD, NEW = "v900.0.0", "v900.1.0"
ORDERS = "models/core/fct_orders.sql"
WORKFLOW = ".github/workflows/ci.yml"
GITLAB = ".gitlab-ci.yml"
STOLEN = "stolen.csv"  # what the hostile macro writes, where dbt compiles
# a macro may read every variable of the process that compiles it, and DuckDB writes files
HOSTILE = f"""
{{{{ config(alias='fct_orders') }}}}
{{% if execute %}}
    {{% set found = env_var('GH_TOKEN', 'no token') ~ ' ' ~ env_var('TEMPLATE_UPDATE_TOKEN', 'no token') %}}
    {{% do run_query("copy (select '" ~ found ~ "' as found) to '{STOLEN}'") %}}
{{% endif %}}
"""
RELEASE = {
    "CHANGELOG.md": replace(
        "## Unreleased\n", "## Unreleased\n\n## 900.1.0\n\n- Clerks are trimmed.\n"
    ),
    f"template/{ORDERS}": lambda text: (
        HOSTILE + replace("        orders.clerk,\n", "        trim(orders.clerk) as clerk,\n")(text)
    ),
    f"template/{WORKFLOW}.jinja": append("# a step that takes the identity of the job\n"),
    f"template/{GITLAB}.jinja": append("# a job that takes the identity of the job\n"),
    # what git would run, or apply to content, if the patch were checked out with its own settings
    "template/.gitattributes": append("*.sql filter=hostile\n"),
}
CALLS = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done >> "{calls}"
{more}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TemplateRepository:
    repository = TemplateRepository.of_working_tree(tmp_path_factory.mktemp("t") / "template", OLD)
    return repository.release(NEW, RELEASE)


def stub(folder: Path, name: str, more: str = "") -> Path:
    """A program that notes its arguments in the file that is returned."""
    calls, program = folder / f"{name}.calls", folder / name
    program.write_text(CALLS.format(calls=calls, more=more))
    program.chmod(0o755)
    return calls


class Pipeline:
    """A platform's weekly jobs for one project: its repository, and clones in which the jobs work."""

    def __init__(self, folder: Path, template: TemplateRepository, system: str):
        self.folder, self.system = folder, system
        self.project = template.client(folder / "project", OLD, ci=system)
        git(
            folder,
            "clone",
            "--quiet",
            "--bare",
            str(self.project.folder),
            str(folder / "remote.git"),
        )
        self.remote = folder / "remote.git"
        (folder / "bin").mkdir()
        (folder / "runner").mkdir()
        path = ".github/workflows/update.yml" if system == "github" else GITLAB
        text = self.project.text(path)
        jobs = yaml.safe_load(text)
        self.jobs = jobs["jobs"] if system == "github" else jobs

    def scripts(self, job: str) -> list[str]:
        """The scripts of a job that aren't the installation."""
        if self.system == "gitlab":
            return self.jobs[job]["script"]
        return [
            s["run"]
            for s in self.jobs[job]["steps"]
            if s.get("run", "make install") != "make install"
        ]

    def clone(self, job: str) -> Path:
        """What a job starts with, with what earlier jobs handed over."""
        place = self.folder / job
        shutil.rmtree(place, ignore_errors=True)
        git(self.folder, "clone", "--quiet", str(self.remote), str(place))
        handed = self.folder / "artifacts"
        if job != "render" and handed.exists():
            shutil.copytree(handed, place / "target" / "update", dirs_exist_ok=True)
        if job != "push":
            lend(place)
        return place

    def run(self, job: str, code: int | None = 0, **variables: str) -> str:
        """Run a job; its files for later jobs are kept. Returns what it printed."""
        place = self.clone(job)
        self.place = place
        runner = {
            "GITHUB_STEP_SUMMARY": str(self.folder / "runner" / "summary"),
            "GITHUB_OUTPUT": str(self.folder / "runner" / "output"),
            "RUNNER_TEMP": str(self.folder / "runner"),
            "CI_PROJECT_DIR": str(place),
            "CI_SERVER_URL": str(self.folder),
            "CI_PROJECT_PATH": "remote",
            "CI_PROJECT_ID": "7",
            "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
            "CI_DEFAULT_BRANCH": "main",
            "GIT_COMMITTER_NAME": "Template update",
            "update": "target/update",
        }
        environment = {
            **os.environ,
            "PATH": f"{self.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            **runner,
            **variables,
        }
        printed = ""
        for script in self.scripts(job):
            printed += output(["bash", "-e", "-c", script], place, environment, code)
        if job != "push" and (place / "target" / "update").exists():
            shutil.copytree(
                place / "target" / "update", self.folder / "artifacts", dirs_exist_ok=True
            )
        return printed

    def run_step(self, job: str, name: str) -> Path:
        """Run one step of a job of GitHub. Returns the folder in which it ran."""
        steps = self.jobs[job]["steps"]
        self.jobs[job]["steps"] = [step for step in steps if step.get("name") == name]
        self.run(job)
        self.jobs[job]["steps"] = steps
        return self.place

    def push(self, **variables: str) -> str:
        name = "GH_TOKEN" if self.system == "github" else "TEMPLATE_UPDATE_TOKEN"
        return self.run("push", **{name: "t", "conflicts": "0", **variables})

    def pushed(self, path: str) -> str:
        return git(self.remote, "show", f"template-update:{path}")


can_cut = (
    subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True).returncode == 0
)
needs_namespaces = (
    pytest.mark.skipif(
        not can_cut
        and subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode
        != 0,
        reason="neither root nor sudo may cut off the network here",
    )
    if sys.platform == "linux"
    else pytest.mark.skip("only Linux can cut off the network of a program")
)


@needs_namespaces
def test_github_pushes_a_hostile_version_as_data(template, tmp_path):
    pipeline = Pipeline(tmp_path, template, "github")
    calls = stub(tmp_path / "bin", "gh")
    assert "Clerks are trimmed." in pipeline.run("render")
    # a variable that reaches the job by accident doesn't reach the code
    pipeline.run("compare", GH_TOKEN="secret", TEMPLATE_UPDATE_TOKEN="secret")
    [stolen] = (pipeline.place / "target" / "update").rglob(STOLEN)
    assert stolen.read_text() == "found\nno token no token\n"
    pipeline.push()
    assert "trim(orders.clerk)" in pipeline.pushed(ORDERS)
    # the pipelines stay as they are, and what would change them waits for a person
    assert pipeline.pushed(WORKFLOW) == pipeline.project.text(WORKFLOW)
    assert "+# a step that takes the identity" in pipeline.pushed("pipelines.rej")
    called = calls.read_text().splitlines()
    assert called[:6] == [
        "pr",
        "create",
        "--head",
        "template-update",
        "--title",
        "Update from the template",
    ]
    assert called[-1] == "--draft"
    report = (tmp_path / "artifacts" / "report.md").read_text()
    assert "- Models whose SQL changed: `fct_orders`." in report
    # what the person does then
    git(tmp_path, "clone", "--quiet", "--branch", "template-update", str(pipeline.remote), "person")
    person = tmp_path / "person"
    git(person, "apply", "--index", "pipelines.rej")
    git(person, "rm", "--quiet", "pipelines.rej")
    assert (person / WORKFLOW).read_text().endswith("the identity of the job\n")


def test_gitlab_pushes_a_hostile_version_as_data(template, tmp_path):
    pipeline = Pipeline(tmp_path, template, "gitlab")
    calls = stub(tmp_path / "bin", "curl", "case \"$*\" in *state=opened*) printf '[]' ;; esac")
    pipeline.run("render")
    # of the comparison, which is GitHub's
    (tmp_path / "artifacts" / "report.md").write_text("# Report\n")
    (tmp_path / "artifacts" / "conflicts").write_text("0\n")
    pipeline.push()
    assert "trim(orders.clerk)" in pipeline.pushed(ORDERS)
    assert pipeline.pushed(GITLAB) == pipeline.project.text(GITLAB)
    assert "+# a job that takes the identity" in pipeline.pushed("pipelines.rej")
    called = calls.read_text().splitlines()
    assert "title=Draft: Update from the template" in called and "target_branch=main" in called
    assert called[-1] == "https://gitlab.example.com/api/v4/projects/7/merge_requests"


def test_gitlab_stops_where_the_token_reaches_a_job_with_unreviewed_code(template, tmp_path):
    pipeline = Pipeline(tmp_path, template, "gitlab")
    for job in ("render", "compare"):
        told = pipeline.run(job, code=1, TEMPLATE_UPDATE_TOKEN="t")
        assert "Limit the variable to the environment template-update." in told


@pytest.fixture(scope="module")
def rendered(template, tmp_path_factory) -> Pipeline:
    """GitHub's jobs up to the one that pushes, without the comparison."""
    folder = tmp_path_factory.mktemp("rendered")
    pipeline = Pipeline(folder, template, "github")
    stub(folder / "bin", "gh")
    pipeline.run("render")
    (folder / "artifacts" / "report.md").write_text("# Report\n")
    return pipeline


def test_pushing_runs_no_hook_and_no_filter(rendered, tmp_path):
    """Hooks of the clone, and a filter of the machine's settings that the patch asks for."""
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\necho ran >> {tmp_path}/ran\ncat\n")
    evil.chmod(0o755)
    settings = tmp_path / "settings"
    settings.write_text(
        f'[core]\n\thooksPath = {tmp_path}/hooks\n[filter "hostile"]\n\tclean = {evil}\n\tsmudge = {evil}\n'
    )
    (tmp_path / "hooks").mkdir()
    for hook in (
        "pre-push",
        "pre-commit",
        "post-index-change",
        "reference-transaction",
        "pre-applypatch",
    ):
        shutil.copy(evil, tmp_path / "hooks" / hook)
    rendered.push(GIT_CONFIG_GLOBAL=str(settings))
    assert "trim(orders.clerk)" in rendered.pushed(ORDERS)
    # only the checkout that the test itself made may have run something
    (tmp_path / "ran").unlink(missing_ok=True)
    place = rendered.place
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": str(settings)}
    subprocess.run(["git", "checkout", "-q", "-b", "x"], cwd=place, env=environment, check=True)
    assert (tmp_path / "ran").exists(), "the hooks of this test work"


def test_a_patch_cannot_reach_the_pipelines_by_another_name(rendered, tmp_path):
    """A rename, a file that is new there, and one whose split between the patches was a lie."""
    patch = rendered.folder / "artifacts" / "files.patch"
    good = patch.read_text()
    hostile = "".join(
        f"diff --git a/{name} b/{name}\nnew file mode 100644\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+on: push\n"
        for name in (".github/workflows/new.yml", ".github/actions/deep/action.yml", GITLAB)
    ) + (
        "diff --git a/makefile b/.github/workflows/moved.yml\nsimilarity index 100%\n"
        "rename from makefile\nrename to .github/workflows/moved.yml\n"
    )
    try:
        patch.write_text(good + hostile)
        rendered.push()
    finally:
        patch.write_text(good)
    names = git(rendered.remote, "ls-tree", "-r", "--name-only", "template-update").split("\n")
    before = git(rendered.remote, "ls-tree", "-r", "--name-only", "main").split("\n")
    assert [name for name in names if name.startswith((".github/", GITLAB))] == [
        name for name in before if name.startswith((".github/", GITLAB))
    ]
    assert "makefile" in names


def test_a_push_keeps_what_people_committed(rendered, tmp_path):
    rendered.push()
    first = git(rendered.remote, "rev-parse", "template-update")
    rendered.push(GIT_AUTHOR_DATE="2026-01-01T00:00:00", GIT_COMMITTER_DATE="2026-01-01T00:00:00")
    second = git(rendered.remote, "rev-parse", "template-update")
    assert second != first, "the job replaces what it pushed itself"
    person = tmp_path / "person"
    git(tmp_path, "clone", "--quiet", "--branch", "template-update", str(rendered.remote), "person")
    ClientProject(person).edit({ORDERS: append("-- settled by hand\n")})
    git(person, "push", "--quiet")
    told = rendered.push()
    assert "has commits of people, so it stays as it is" in told
    assert rendered.pushed(ORDERS).endswith("-- settled by hand\n")
    # an amended commit is a person's too
    git(person, "reset", "--quiet", "--soft", "origin/main")
    commit_all(person, "Update from the template, and our work")
    git(person, "push", "--quiet", "--force")
    assert "has commits of people" in rendered.push()


def test_no_token_stops_the_push_with_a_sentence(rendered):
    told = rendered.run("push", code=1, GH_TOKEN="", conflicts="0")
    assert "Set the secret TEMPLATE_UPDATE_TOKEN in the environment template-update." in told


# ---------------------------------------------------------------- a version that needs trust
MIGRATIONS = "_migrations: # what a release moves"
MIGRATION = '\n  - {version: v901.0.0, command: "true"}  #'


@pytest.fixture(scope="module")
def migrating(tmp_path_factory) -> TemplateRepository:
    """A template whose only newer version runs a migration."""
    repository = TemplateRepository.of_working_tree(tmp_path_factory.mktemp("m") / "template", OLD)
    return repository.release(
        "v901.0.0",
        {
            "CHANGELOG.md": replace(
                "## Unreleased\n", "## Unreleased\n\n## 901.0.0\n\n- Files move.\n"
            ),
            "copier.yml": replace(MIGRATIONS, f"_migrations:{MIGRATION}"),
        },
    )


def test_github_opens_one_issue_about_a_version_that_needs_trust(migrating, tmp_path):
    pipeline = Pipeline(tmp_path, migrating, "github")
    calls = stub(tmp_path / "bin", "gh", f"cat {tmp_path}/known 2>/dev/null; exit 0")
    place = pipeline.run_step("render", "Look for a newer version")
    assert "newer=3\n" in (tmp_path / "runner" / "output").read_text()
    text = place / "target" / "update" / "migration.md"
    assert text.read_text().startswith("# v901.0.0 of the template needs your trust\n")
    pipeline.run("tell", text=str(text))
    called = calls.read_text().splitlines()
    assert called[-6:] == [
        *("issue", "create", "--title", "v901.0.0 of the template needs your trust"),
        *("--body-file", "-"),
    ]
    (tmp_path / "known").write_text("12")
    assert "Issue #12 is about it." in pipeline.run("tell", text=str(text))
    assert calls.read_text().count("create\n") == 1


def test_gitlab_opens_one_issue_about_a_version_that_needs_trust(migrating, tmp_path):
    pipeline = Pipeline(tmp_path, migrating, "gitlab")
    calls = stub(tmp_path / "bin", "curl", f"cat {tmp_path}/known")
    (tmp_path / "known").write_text("[]")
    pipeline.run("render")
    assert not (tmp_path / "artifacts" / "files.patch").exists()
    pipeline.run("push", TEMPLATE_UPDATE_TOKEN="t")
    called = calls.read_text().splitlines()
    assert "title=v901.0.0 of the template needs your trust" in called
    assert called[-1] == "https://gitlab.example.com/api/v4/projects/7/issues"
    (tmp_path / "known").write_text('[{"iid": 3}]')
    pipeline.run("push", TEMPLATE_UPDATE_TOKEN="t")
    assert calls.read_text().count("--output\n") == 1


# ---------------------------------------------------------------- scripts/offline.sh
@needs_namespaces
def test_offline_has_no_network_no_variables_and_no_way_back(rendered, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        attempt = (
            f"import socket; socket.create_connection(('127.0.0.1', {port}), 2); print('connected')"
        )
        python = [sys.executable, "-c", attempt]
        assert output(python, tmp_path, os.environ) == "connected\n", "the server answers"
        offline = rendered.project.folder / "scripts" / "offline.sh"

        def sandboxed(*command: str, code: int | None = 0) -> str:
            return output([offline, *command], tmp_path, {**os.environ, "GH_TOKEN": "t"}, code)

        assert "connected" not in sandboxed(*python, code=1)
        assert "GH_TOKEN" not in sandboxed("env")
        # neither the network of the first process, nor other processes to look at
        assert sandboxed("unshare", "--net", "true", code=1)
        assert sandboxed("nsenter", "--net=/proc/1/ns/net", *python, code=1).count("connected") == 0
        seen = sandboxed("sh", "-c", "ls /proc | grep -c '^[0-9]'")
        assert int(seen) <= 4
    assert sandboxed("sh", "-c", "exit 1", code=1) == ""


def test_where_the_network_cannot_be_cut_nothing_runs(rendered, tmp_path):
    for name in ("unshare", "sudo"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    command = [rendered.project.folder / "scripts" / "offline.sh", "touch", tmp_path / "ran"]
    told = output(command, tmp_path, {**os.environ, "PATH": path}, 3)
    assert "The network can't be cut off here, so nothing was run." in told
    assert not (tmp_path / "ran").exists()
