"""What runs on a person's machine runs on macOS: GNU make 3.81, bash 3.2 and BSD's tools.

Pipelines are left out: they run on Linux. What Windows types is in test_documented_commands.py.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import rendering
from customer_360_tools.update import assignments
from documented_commands import commands, targets

SHELLCHECK = Path(sys.executable).with_name("shellcheck")
MAKEFILE = r"(?i)(.*/)?makefile|.*\.mk"


class Construct(NamedTuple):
    """Something that macOS does not have: a pattern, a line with it, and what to write instead."""

    pattern: str
    example: str
    instead: str


GNU_TOOLS = [
    Construct(r"\bsed\b.* (-\w*[ir]|--)", "sed -i s/a/b/ x", "a file beside it, sed -E"),
    Construct(r"\bsed\b.*\\[+?|wsb]", r"sed 's/a\+/b/' x", "sed -E, [[:space:]]"),
    Construct(r"\b[ef]?grep\b.* (-\w*P|--)", "grep -oP x", "grep -E"),
    Construct(r"\b[ef]?grep\b.*\\[+?|ws]", r"grep 'a\|b' x", "grep -E, [[:space:]]"),
    Construct(r"\breadlink\b.* -\w*[fem]", "readlink -f x", "cd and pwd"),
    Construct(r"\brealpath\b", "realpath x", "cd and pwd"),
    Construct(r"\bdate\b.* (-\w*[dI]|--)", "date -d yesterday", "Python"),
    Construct(r"\bxargs( -0)* (-[rda]|--)", "ls | xargs -r rm", "xargs -0"),
    Construct(r"\bsort\b.* (-\w*[VRz]|--)", "sort -V x", "Python"),
    Construct(r"\bcp\b.* (-\w*[btTuZ]|--)", "cp --reflink a b", "cp -R, cp -p"),
    Construct(
        r"\b(mv|ln|rm|mkdir|chmod|rmdir)\b.* (-\w*[tT]|--)", "mv -T a b", "the short options"
    ),
    Construct(r"\bln\b.* -\w*r", "ln -sr a b", "an absolute path"),
    Construct(r"\bmktemp\b(?! -d\)| *\))", "mktemp -p x", "mktemp, mktemp -d"),
    Construct(r"\b(head|tail)\b.* (-[nc] ?[-+]|--)", "head -n -1 x", "sed '$d', Python"),
    Construct(
        r"(?<!python )\bfind -|\bfind\b.* -(printf|regex|readable)", "find -name x", "find . -name"
    ),
    Construct(r"\b(ls|du|df|wc|tr|cut|tee|touch) --", "ls --color", "the short options"),
    Construct(r"\bstat\b.* (-c|--)", "stat -c %s x", "wc -c"),
    Construct(r"\becho -[ne]", "echo -e x", "printf"),
    Construct(
        r"(?<![\w./-])(timeout|tac|nproc|seq|shuf|md5sum|sha\d+sum|numfmt|truncate|setsid|flock)\b ",
        "timeout 5 x",
        "Python",
    ),
]
NEWER_BASH = [
    Construct(r"\b(mapfile|readarray|coproc)\b", "mapfile -t lines", "while read"),
    Construct(r"\b(declare|local|typeset) -\w*[Agnlu]", "declare -A a", "plain variables, Python"),
    Construct(r"\$\{\w+(\[.\])?(\^|,)", "echo ${x,,}", "tr"),
    Construct(r"\$\{\w+(\[.\])?@", "echo ${x@Q}", "printf %q"),
    Construct(r"\$\{\w+\[-\d", "echo ${x[-1]}", "the first one, Python"),
    Construct(r"(?<!\$\{\d\+)\"\$\{\w+\[@\]\}\"", 'x "${a[@]}"', 'set -- and "$@"'),
    Construct(r"&>>|\|&|;;?&", "x &>> y", "x >> y 2>&1"),
    Construct(r"\[\[ -v ", "[[ -v x ]]", '[ -n "${x:-}" ]'),
    Construct(r"\bwait -n|\bshopt -s (globstar|lastpipe|inherit_errexit)", "wait -n", "wait"),
    Construct(r"\bEPOCH(SECONDS|REALTIME)|\bSRANDOM|\bprintf '%\(", "$EPOCHSECONDS", "date +%s"),
    Construct(r"\{0\d+\.\.", "{01..10}", "a list"),
]
NEWER_MAKE = [
    Construct(r"^\.(ONESHELL|SHELLFLAGS|RECIPEPREFIX|EXTRA_PREREQS)", ".ONESHELL:", "one line"),
    Construct(r"^[^\t#]*(?<!:)!=", "X != date", "$(shell ...)"),
    Construct(r"^[^\t#]*&:", "a b &: c", "one target"),
    Construct(r"^[^\t#]*:::?=", "X ::= 1", ":="),
    Construct(r"\$\((file|guile|let|intcmp|sh-exec) ", "$(file >x,y)", "a recipe"),
    Construct(r"^(define \w+ *[:+?]?=|undefine |private )", "define X =", "define X"),
]


def files() -> dict[str, str]:
    """Every shell script and makefile of any project and of this repository, by name."""
    found = {}
    for orchestrator in rendering.choices("orchestrator"):
        for path, file in rendering.render({"orchestrator": orchestrator}).items():
            if path.endswith(".sh") or re.fullmatch(MAKEFILE, path):
                found[path] = file.content.decode()
    own = ("Makefile", "scripts/setup.sh", ".ci/run")
    return found | {f"template's {path}": (rendering.ROOT / path).read_text() for path in own}


def findings(name: str, text: str) -> list[str]:
    """What macOS would not understand in a script or makefile, a sentence each."""
    constructs = GNU_TOOLS + NEWER_BASH
    if re.fullmatch(MAKEFILE, name.removeprefix("template's ")):
        constructs = constructs + NEWER_MAKE
    return [
        f"{name}:{number}: write {construct.instead} instead of {line.strip()}"
        for number, line in enumerate(text.splitlines(), 1)
        for construct in constructs
        if not line.lstrip().startswith("#") and re.search(construct.pattern, line)
    ]


def test_scripts_and_makefiles_use_nothing_that_macos_does_not_have():
    texts = files()
    assert len(texts) > 7
    assert [finding for name, text in texts.items() for finding in findings(name, text)] == []


def test_commands_for_a_reader_use_nothing_that_macos_does_not_have():
    tree = rendering.render({"warehouse": "snowflake"})
    pages = [path for path in rendering.ROOT.rglob("docs/**/*.md")] + [rendering.ROOT / "README.md"]
    texts = [page.read_text("utf-8") for page in pages]
    texts += [file.content.decode() for path, file in tree.items() if path.endswith(".md")]
    typed = set().union(*map(commands, texts))
    assert len(typed) > 40
    assert findings("commands", "\n".join(typed)) == []


@pytest.mark.parametrize("construct", GNU_TOOLS + NEWER_BASH + NEWER_MAKE, ids=lambda c: c.example)
def test_it_is_found(construct):
    """In a line of a recipe or at the beginning of one."""
    for name, start in {
        "makefile": "",
        "targets.mk": "x; " if construct not in NEWER_MAKE else "",
    }.items():
        (finding,) = findings(name, f"a: b\n{start}{construct.example}\n")
        assert finding.startswith(f"{name}:2: ") and construct.instead in finding


def bashisms(folder: Path, *names: str) -> str:
    """What shellcheck says about the recipes of these targets, read as POSIX shell."""
    recipes = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", *names],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert len(recipes.splitlines()) >= len(names)
    command = [SHELLCHECK, "--shell=sh", "--severity=warning", "-"]
    return subprocess.run(
        command, input=recipes, check=False, capture_output=True, text=True
    ).stdout


def test_recipes_are_posix_shell(project, tmp_path):
    names = targets()
    for orchestrator in ("airflow", "dagster"):
        folder = project(orchestrator=orchestrator)
        text = "".join(path.read_text() for path in [folder / "makefile", *folder.rglob("*.mk")])
        here = sorted(name for name in names if re.search(rf"^{name}:", text, re.MULTILINE))
        assert len(here) > 20
        assert bashisms(folder, *here) == ""
    (tmp_path / "makefile").write_text('a:\n\t@if [[ "$$A" == b* ]]; then echo c; fi\n')
    assert "[[ ]] is undefined" in bashisms(tmp_path, "a")


@pytest.mark.parametrize(
    ("flags", "answers"),
    [
        (r"NAME=a\ b\ $$c CI=none", {"name": "a b $c", "ci": "none"}),
        ("", {}),
        ("s -- CI=none", {"ci": "none"}),
        (" --jobserver-fds=3,4 -j -- CI=none", {"ci": "none"}),
        (" --jobserver-fds=3,4 -j", {}),
        # GNU make 4
        (r" -- NAME=a\ --\ b CI=none", {"name": "a -- b", "ci": "none"}),
    ],
)
def test_answers_reach_make_switch_as_make_hands_them_over(flags, answers, monkeypatch):
    """GNU make 3.81 writes no -- before them where there is no option."""
    monkeypatch.setenv("MAKEFLAGS", flags)
    assert assignments([]) == answers
