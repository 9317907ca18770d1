"""The workflows of docs/ci.md are whole, and their commands do what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
WORKFLOWS = {
    found["name"]: found
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    for found in [YAML(typ="safe", pure=True).load(text)]
}
ESTIMATOR = """#!/bin/sh
# nobody is asked over a network: the answers are those of the examples
if [ "$1" = refresh ]; then set -- "$@" --from-files "$ANSWERS" --cloud oci --service compute; fi
# fewer draws than a budget deserves say the same here
if [ "$1" = check-budget ]; then set -- "$@" --samples 128; fi
exec "$PYTHON" -c "from estimator.cli import main; main()" "$@"
"""


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    """A repository with a scenario on its main branch, and stand-ins for what asks others."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {
        "estimator": ESTIMATOR,
        "gh": '#!/bin/sh\necho "$@" >> "$CALLS"\n',
        "pip": "#!/bin/sh\n",
    }.items():
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    repository = tmp_path / "repository"
    (repository / "scenarios").mkdir(parents=True)
    chat = (ROOT / "examples/notifications.yaml").read_text(encoding="utf-8")
    (repository / "scenarios/chat.yaml").write_text(chat, encoding="utf-8")
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("ANSWERS", str(ROOT / "examples/vendor-answers"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls.txt"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("NUMBER", "7")
    bare = tmp_path / "origin.git"
    user = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    for command in (
        ("git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)),
        ("git", "init", "--quiet", "--initial-branch=main"),
        ("git", "remote", "add", "origin", str(bare)),
        ("git", "add", "."),
        ("git", *user, "commit", "--quiet", "--message", "First"),
        ("git", "push", "--quiet", "origin", "main"),
    ):
        subprocess.run(command, cwd=repository, check=True)
    return repository


def run(workflow: str, repository: Path) -> None:
    """Run every command of a workflow, as a runner does."""
    found = WORKFLOWS[workflow]
    [job] = found["jobs"].values()
    for step in job["steps"]:
        if "run" in step:
            environment = {**os.environ, **found["env"]}
            command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
            subprocess.run(command, cwd=repository, env=environment, check=True)


def test_there_are_three_whole_workflows():
    assert list(WORKFLOWS) == ["budget", "cost of the change", "prices"]
    for found in WORKFLOWS.values():
        # YAML 1.2 leaves `on` a word
        assert {"name", "on", "permissions", "env", "jobs"} == set(found)


def test_the_budget_is_checked(repository, tmp_path):
    run("budget", repository)

    assert "aws.nlb_ec2" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_a_change_is_commented(repository, tmp_path):
    scenario = repository / "scenarios/chat.yaml"
    text = scenario.read_text(encoding="utf-8")
    scenario.write_text(re.sub(r"peak_connections: \S+", "peak_connections: 90_000", text), "utf-8")
    run("cost of the change", repository)

    assert "peak_connections" in (repository / "comment.md").read_text(encoding="utf-8")
    assert "pr comment 7" in (tmp_path / "calls.txt").read_text(encoding="utf-8")


def test_prices_are_followed(repository, tmp_path):
    run("prices", repository)
    told = (repository / "comment.md").read_text(encoding="utf-8")

    assert "prices looked up" in told or "price looked up" in told
    assert "No bill of 1 scenario moves." in told
    assert not (repository / "prices-before").exists()
