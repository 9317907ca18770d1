"""The installed package: what a person gets who never sees this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import estimator as ws

ROOT = Path(__file__).parents[2]
WHEELHOUSE = ROOT / "build" / "wheelhouse"

Run = Callable[..., str]


@pytest.fixture(scope="module")
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """This process's environment without what leads to the checkout, a network or colors."""
    unwanted = ("PIP_", "PYTHON", "VIRTUAL_ENV", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return kept | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INDEX": "1",
        "PYTHONNOUSERSITE": "1",
        "MPLCONFIGDIR": str(tmp_path_factory.mktemp("matplotlib")),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, clean_environment: dict[str, str]) -> Run:
    """Run a command in a directory that holds nothing, and return what it printed."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            command,
            cwd=elsewhere,
            env=clean_environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """The project's wheel, built from this checkout by the locked build backend."""
    directory = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", directory]
    run(sys.executable, "-m", "pip", "wheel", *options, ROOT)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, run: Run, wheel: Path) -> Path:
    """The directory of programs of an environment that holds the wheel and its dependencies."""
    if not any(WHEELHOUSE.glob("*.whl")):
        reason = "build/wheelhouse, which replaces the network here, is missing: `make wheelhouse`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, with_pip=False)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    # in a second, where pip takes ten
    options = ["--quiet", "--no-config", "--no-cache", "--offline", "--no-index"]
    options += ["--find-links", str(WHEELHOUSE), "--python", str(programs / "python")]
    run(sys.executable, "-m", "uv", "pip", "install", *options, wheel)
    return programs


def test_the_wheel_holds_both_packages_with_all_their_data_and_nothing_else(wheel: Path):
    in_checkout = {
        path.relative_to(ROOT).as_posix()
        for package in ("estimator", "pricing_data")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    in_wheel = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert in_wheel == in_checkout
    assert any(name.startswith("estimator/scenario/profiles/") for name in in_wheel)
    assert any(name.startswith("pricing_data/aws/") for name in in_wheel)


def test_the_library_installs_without_dashboard_and_notebooks(installed: Path, run: Run):
    optional = ["streamlit", "IPython", "ipykernel", "jupyterlab", "nbclient"]
    code = (
        "import importlib.util, json;"
        f"print(json.dumps([m for m in {optional} if importlib.util.find_spec(m)]))"
    )

    assert json.loads(run(installed / "python", "-c", code)) == []


def test_it_estimates_away_from_the_checkout_what_it_estimates_here(installed: Path, run: Run):
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    here = ws.estimate(scenario, "aws.api_gateway").total
    code = """if True:
        import json
        import estimator as ws
        s = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
        total = float(ws.estimate(s, "aws.api_gateway").total)
        print(json.dumps({"file": ws.__file__, "total": total}))
    """

    there = json.loads(run(installed / "python", "-c", code))

    assert Path(there["file"]).is_relative_to(installed.parent)
    assert there["total"] > 0
    assert there["total"] == pytest.approx(float(here), rel=1e-12)


def test_the_command_is_installed(installed: Path, run: Run):
    assert "Usage: estimator" in run(installed / "estimator", "--help")
