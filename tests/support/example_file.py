"""What `.env.example` holds beside the variables of profiles, and the variants that show all of it."""

import re

from variants import dynamic_choices

READ_BY_OTHERS = {
    "DBT_TARGET": "dbt itself",
    "TPCH_DATA": "the sources of dbt_project.yml, and scripts/",
    "SF": "scripts/",
    "SAMPLE_KEY": "scripts/sample.py",
    "PACKAGES_FOLDER": "scripts/deps.py",
    "PACKAGES_GIT": "scripts/deps.py",
    "ELEMENTARY_SEVERITY": "the tests of models, by includes/quality.jinja",
    "EDR_MONITOR_SLACK_WEBHOOK": "edr",
    "EDR_MONITOR_TEAMS_WEBHOOK": "edr",
    "SNOWFLAKE_WAREHOUSE_CORE": "dbt_project.yml",
    "AWS_PROFILE": "AWS's libraries, under redshift_connector",
    "GOOGLE_APPLICATION_CREDENTIALS": "Google's libraries, under dbt-bigquery",
    "DATABRICKS_OIDC_TOKEN": "Databricks' SDK, under dbt-databricks",
}
"""Variables of .env.example that no profile mentions, and who reads them."""


def optional_variables(example: str) -> set[str]:
    """Variables that an .env.example shows commented out, because nothing needs them."""
    return set(re.findall(r"^# ([A-Z][A-Z0-9_]*)=\S", example, flags=re.MULTILINE))


SIGN_INS = {name: {**answers, "elementary": True} for name, answers in dynamic_choices().items()}
