"""Commands as documents give them and as a person types them, and the targets of make."""

import os
import re
import sys
from pathlib import Path

import rendering
from projects import output

COMMAND = re.compile(
    r"(?:[A-Z_]+=\S* )*(?:make|dbt|copier|cd|uvx?|pipx|source|python|edr|\.venv/bin/\w+)(?: .*)?$"
)


def commands(text: str) -> set[str]:
    """The commands in a Markdown text: lines of its bash blocks, and what stands in backquotes."""
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    lines = [re.sub(r"\s+# .*", "", line) for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    found = {line.strip() for line in lines if line.strip()}
    return found | {words for words in inline if COMMAND.fullmatch(words)}


def targets() -> set[str]:
    """The targets of every project, those of orchestrators included, that `make` lists."""
    files = {
        file.content
        for orchestrator in rendering.choices("orchestrator")
        for path, file in rendering.render({"orchestrator": orchestrator}).items()
        if path == "makefile" or path.endswith(".mk")
    }
    text = b"\n".join(files).decode()
    return set(re.findall(r"^([a-z][a-z-]*):.*##", text, re.MULTILINE))


def typed(command: str, folder: Path, **environment: str) -> str:
    """Type a command in an activated environment, if there is one; returns what it printed."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("HOME", "TMPDIR", "LANG")
        or name.startswith(("UV_", "PIP_", "SSL_", "GIT_", "COPIER_"))
    }
    # copier, which the reader has installed before
    kept["PATH"] = f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}"
    activate = "[ ! -d .venv ] || source .venv/bin/activate; "
    return output(["bash", "-ec", activate + command], folder, {**kept, **environment})
