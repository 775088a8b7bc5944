"""What Airflow makes of a DAG folder. Runs in Airflow's own environment, asked by airflow_projects.py.

    python airflow_probe.py describe    loads the DAGs of a folder, and tells what they are
    python airflow_probe.py run         runs the DAGs of a folder without a scheduler

It stays, because Airflow's start costs more than most answers: each line of its input is a question
in JSON (the folder, the variables of its environment, and for a run the parameters), to which it
prints what the work prints, and then the answer in JSON behind `=== `. Folders are described in a
process each, as Airflow does; runs share one.
"""

import inspect
import json
import os
import re
import sys
import time
import warnings
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace

os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from airflow import settings
    from airflow.models import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

# the events of Python by which a process starts another
STARTS = {"subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "os.exec"}
START, END = (datetime(year, 1, 1, tzinfo=UTC) for year in (2027, 2028))


def load(folder):
    """The bag of a folder, what was warned about, and the seconds of CPU that loading took."""
    start = time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bag = DagBag(folder)
    seconds = time.process_time() - start
    # of Airflow's own code, only what it says about the files here
    about = [w for w in caught if w.filename.startswith(folder) or "irflow" in w.category.__name__]
    return bag, [str(warning.message) for warning in about], seconds


def describe(folder, environment):
    started = []
    sys.addaudithook(lambda event, _: started.append(event) if event in STARTS else None)
    os.environ.update(environment)
    bag, warned, seconds = load(folder)
    return {
        "started": started,
        "files": sorted(stat.file.lstrip("/") for stat in bag.dagbag_stats),
        "errors": dict(bag.import_errors),
        "warnings": warned,
        "seconds": seconds,
        "dags": {dag_id: description(dag) for dag_id, dag in bag.dags.items()},
    }


def runs(dag):
    """When a DAG is due in a year, and of which kind each of its runs would be."""
    [tasks] = (module for name, module in sys.modules.items() if re.match(r"tasks_\w+$", name))
    serialized = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    instants = [info.logical_date for info in serialized.iter_dagrun_infos_between(START, END)]

    def kind(instant, run_type):
        run = SimpleNamespace(run_type=run_type, logical_date=instant)
        context = {"dag_run": run, "params": {"full_refresh": False}}
        return "full_refresh" if tasks.full_refresh_is_due(context) else "incremental"

    kinds = ("scheduled", "backfill", "manual")
    return [
        [at.isoformat(), *(kind(at, run_type) for run_type in kinds)]
        for at in instants
        if START <= at < END
    ]


def description(dag):
    return {
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "max_active_tasks": dag.max_active_tasks,
        "timeout": dag.dagrun_timeout.total_seconds(),
        "doc": dag.doc_md,
        "runs": runs(dag) if "WITH_RUNS" in os.environ else [],
        "tasks": {
            task.task_id: {
                "after": sorted(task.upstream_task_ids),
                "owner": task.owner,
                "pool": task.pool,
                "queue": task.queue,
                "doc": task.doc_md,
                "retries": task.retries,
                "backoff": bool(task.retry_exponential_backoff),
                "timeout": task.execution_timeout.total_seconds(),
                "callback": bool(task.on_failure_callback),
                "trigger_rule": str(task.trigger_rule),
                "assets": [asset.uri for asset in task.outlets],
                "code": inspect.getfile(getattr(task, "python_callable", type(task))),
                "command": getattr(task, "command", None),
            }
            for task in dag.tasks
        },
    }


def run(folder, environment, conf):
    """Run the DAGs of a folder, with retries at once. Modules of earlier folders are forgotten."""
    before = dict(os.environ)
    os.environ.update(environment)
    settings.DAGS_FOLDER = folder  # from where Airflow writes the DAG into its database
    for name in [name for name in sys.modules if name.startswith("tasks_")]:
        sys.modules.pop(name)
    sys.path[:] = [path for path in sys.path if not path.endswith("/dags")]
    bag, _, _ = load(folder)
    done = {dag_id: run_of(dag, conf) for dag_id, dag in bag.dags.items()}
    os.environ.clear()
    os.environ.update(before)
    return done


def run_of(dag, conf):
    """What became of a run of one DAG."""
    for task in dag.tasks:
        task.retry_delay = timedelta(seconds=0)
        task.retry_exponential_backoff = False
    done = dag.test(run_conf=conf)
    return {
        "state": str(done.state.value if hasattr(done.state, "value") else done.state),
        "tasks": {ti.task_id: [str(ti.state), ti.try_number] for ti in done.get_task_instances()},
    }


def in_a_process(work, *arguments):
    """Tell what `work` returns, from a fork: modules of one folder must not reach the next."""
    pid = os.fork()
    if not pid:
        tell(work, *arguments)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def tell(work, *arguments):
    print("\n=== " + json.dumps(work(*arguments)), flush=True)


if __name__ == "__main__":
    questions = os.fdopen(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # not for what runs here
    if sys.argv[1] == "run":
        from airflow.sdk.execution_time import supervisor

        supervisor.in_process_api_server = cache(supervisor.in_process_api_server)
    for question in questions:
        if sys.argv[1] == "run":
            tell(run, *json.loads(question))
        else:
            in_a_process(describe, *json.loads(question))
