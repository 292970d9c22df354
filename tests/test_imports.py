"""Imports go one way: common <- stage1 <- stage2 <- stage3 <- scripts."""

import ast
import subprocess
import sys
from pathlib import Path

import elseface
import pytest

ORDER = ["common", "stage1_disentangle", "stage2_reconstruct", "stage3_generate", "scripts"]
ROOT = Path(elseface.__file__).parent


def imported(path: Path) -> set[str]:
    """The elseface packages a file imports, however deep in a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("elseface.")}


@pytest.mark.parametrize("package", ORDER)
def test_no_import_against_the_flow(package):
    files = list((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        against = imported(path) & set(ORDER[ORDER.index(package) + 1 :])
        assert not against, f"{path.name} imports {against}"


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from typer.testing import CliRunner; from elseface.scripts.cli import app\n"
        "assert CliRunner().invoke(app, ['anonymize', '--help']).exit_code == 0\n"
        "heavy = ('tensorflow', 'keras', 'gensim', 'dlib', 'cv2', 'scipy', 'fastapi', 'uvicorn')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
