"""What Airflow makes of a DAG folder. Runs in Airflow's own environment, called by airflow_projects.py.

    python airflow_probe.py describe FOLDER [FOLDER ...]      a line of JSON for each
    python airflow_probe.py run '[[FOLDER, CONF, ENVIRONMENT], ...]'    runs without a scheduler

Each folder is one of dags. To describe them each is loaded in a process of its own, as Airflow does;
runs share one, because Airflow's start costs more than they do.
"""

import json
import os
import sys
import time
import warnings
from datetime import UTC, datetime, timedelta
from functools import cache

os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from airflow import settings
    from airflow.models import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

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


def describe(folder):
    bag, warned, seconds = load(folder)
    return {
        "errors": dict(bag.import_errors),
        "warnings": warned,
        "seconds": seconds,
        "dags": {dag_id: description(dag) for dag_id, dag in bag.dags.items()},
    }


def runs(dag):
    """When a DAG is due in a year, and of which kind each of its runs would be."""
    import dbt_task

    serialized = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    instants = [info.logical_date for info in serialized.iter_dagrun_infos_between(START, END)]

    class Run:
        run_type = "scheduled"

    def kind(instant):
        Run.logical_date = instant
        context = {"dag_run": Run, "params": {"full_refresh": False}}
        return "full_refresh" if dbt_task.full_refresh_is_due(context) else "incremental"

    return [[at.isoformat(), kind(at)] for at in instants if START <= at < END]


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
                "doc": task.doc_md,
                "retries": task.retries,
                "backoff": bool(task.retry_exponential_backoff),
                "timeout": task.execution_timeout.total_seconds(),
                "callback": bool(task.on_failure_callback),
                "trigger_rule": str(task.trigger_rule),
                "assets": [asset.uri for asset in task.outlets],
                "command": getattr(task, "command", None),
                "select": getattr(task, "select", None),
            }
            for task in dag.tasks
        },
    }


def run(folder, conf, environment):
    """Run the DAG of a folder, with retries at once. Its modules are forgotten before."""
    before = dict(os.environ)
    os.environ.update(environment)
    settings.DAGS_FOLDER = folder  # from where Airflow writes the DAG into its database
    for name in ("dbt_task", "dbt_manifest"):
        sys.modules.pop(name, None)
    sys.path[:] = [path for path in sys.path if not path.endswith("/dags")]
    bag, _, _ = load(folder)
    (dag,) = bag.dags.values()
    for task in dag.tasks:
        task.retry_delay = timedelta(seconds=0)
        task.retry_exponential_backoff = False
    done = dag.test(run_conf=conf)
    os.environ.clear()
    os.environ.update(before)
    return {
        "state": str(done.state.value if hasattr(done.state, "value") else done.state),
        "tasks": {ti.task_id: [str(ti.state), ti.try_number] for ti in done.get_task_instances()},
    }


def in_a_process(work, *arguments):
    """Print what `work` returns, from a fork: modules of one folder must not reach the next."""
    pid = os.fork()
    if not pid:
        print("\n=== " + json.dumps(work(*arguments)), flush=True)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "describe":
        for path in rest:
            in_a_process(describe, path)
    else:
        from airflow.sdk.execution_time import supervisor

        supervisor.in_process_api_server = cache(supervisor.in_process_api_server)
        for arguments in json.loads(rest[0]):
            print("\n=== " + json.dumps(run(*arguments)), flush=True)
