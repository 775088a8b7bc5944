"""What 2.0.0 moves. A line for each file; steps.py says what the steps do."""

from steps import answers, keep_edited_files, moved, renew_unedited_files

DAGS = "orchestration/airflow/dags"
SLUG = answers()["project_slug"]

renew_unedited_files()
# projects share Airflow's processes, so their modules carry the project's name
moved(f"{DAGS}/dbt_build.py", f"{DAGS}/dag_{SLUG}.py")
moved(f"{DAGS}/dbt_task.py", f"{DAGS}/tasks_{SLUG}/__init__.py")
moved(f"{DAGS}/dbt_manifest.py", f"{DAGS}/tasks_{SLUG}/manifest.py")
keep_edited_files()
