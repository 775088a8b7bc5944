"""The local twin of every warehouse's project builds with no network and no credential."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from engines.allowed_functions import FUNCTIONS
from projects import output

pytestmark = pytest.mark.slow
# a network namespace of its own holds nothing but a loopback that is down
ALONE = ["unshare", "--map-root-user", "--net"]


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """The start of a command that has no network. Skipped where the system does not allow it."""
    done = subprocess.run([*ALONE, "true"], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"unshare has no right to take the network away: {done.stderr}")
    connect = "import socket; socket.create_connection(('127.0.0.1', 1), 1)"
    refused = subprocess.run(
        [*ALONE, sys.executable, "-c", connect], check=False, capture_output=True, text=True
    )
    assert "Network is unreachable" in refused.stderr
    return ALONE


@pytest.mark.parametrize("warehouse", FUNCTIONS)
def test_the_twin_builds_without_network_or_credential(
    warehouse, alone, project, tpch_data, tmp_path
):
    """Elementary is off: with it, its packages have to be in a folder first."""
    folder = shutil.copytree(project(warehouse=warehouse, elementary=False), tmp_path / "project")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DBT_PROFILES_DIR": "profiles",
        "TPCH_DATA": str(tpch_data),
    }
    dbt = Path(sys.executable).with_name("dbt")
    said = output([*alone, dbt, "build", "--exclude-resource-type", "test"], folder, environment)
    assert "Completed successfully" in said and "customer_360" in said
