"""The build hook: real wheels are built, installed and used."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

PROJECT = """\
[build-system]
requires = ["hatchling", "rpcgen"]
build-backend = "hatchling.build"

[project]
name = "shop-client"
version = "1.0"
dependencies = ["rpcgen"]

[tool.rpcgen]
files = ["interfaces/*.yaml"]
output = "src"

[tool.hatch.build.hooks.rpcgen]
"""
SHOP = """\
rpcgen: 1
interface: shop.stock
version: "1.0"
methods:
  take: {call: any, args: {count: int}, returns: int}
"""
USE = """\
from rpcgen.runtime import Server
from shop_stock import StockClient, StockEndpoint

class Stock(StockEndpoint):
    def take(self, ctx, *, count):
        return 10 - count

with Server("memory://shop", server="s", endpoints=[Stock()]), StockClient("memory://shop") as shop:
    print(shop.take(count=3))
"""


def run(
    *command: str, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python with arguments; it may fail."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=55,
        check=False,
    )


def wheel(source: Path, folder: Path) -> Path:
    """Build a wheel as pip does, in this environment."""
    options = ["--no-build-isolation", "--no-deps", "--no-index", "-w", str(folder)]
    done = run("-m", "pip", "wheel", *options, str(source), cwd=folder.parent)
    assert done.returncode == 0, done.stdout
    (built,) = folder.glob("*.whl")
    return built


def names(built: Path) -> list[str]:
    """The files of a wheel, without those that describe it."""
    with zipfile.ZipFile(built) as archive:
        return sorted(name for name in archive.namelist() if ".dist-info/" not in name)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose generated package nobody has committed, and git ignores."""
    folder = tmp_path / "project"
    (folder / "interfaces").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "interfaces/shop.yaml").write_text(SHOP)
    (folder / ".gitignore").write_text("/src/shop_stock/\n")
    return folder


def test_a_wheel_is_compiled_and_works(project: Path, tmp_path: Path) -> None:
    """The wheel holds the package, which a client and a server use once it is installed elsewhere."""
    built = wheel(project, tmp_path / "wheels")
    packaged = names(built)
    assert "shop_stock/client.py" in packaged
    assert "shop_stock/py.typed" in packaged
    assert all(name.startswith("shop_stock/") for name in packaged)
    place = tmp_path / "installed"
    done = run(
        "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(place), str(built),
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    used = run("-c", USE, cwd=tmp_path, env={"PYTHONPATH": str(place)})
    assert used.stdout == "7\n"


def test_a_package_of_the_project_goes_along(project: Path, tmp_path: Path) -> None:
    """What hatchling would pack anyway is packed once, and the generated package beside it."""
    (project / "src/shop_client").mkdir(parents=True)
    (project / "src/shop_client/__init__.py").write_text("from shop_stock import StockClient\n")
    (project / ".gitignore").unlink()
    text = f'{PROJECT}\n[tool.hatch.build.targets.wheel]\npackages = ["src/shop_client", "src/shop_stock"]\n'
    for number, content in enumerate([PROJECT, text]):
        (project / "pyproject.toml").write_text(content)
        packaged = names(wheel(project, tmp_path / f"wheels{number}"))
        assert "shop_client/__init__.py" in packaged
        assert "shop_stock/client.py" in packaged
        assert len(packaged) == len(set(packaged)) == 10


def test_a_source_distribution_is_enough(project: Path, tmp_path: Path) -> None:
    """It holds the interface files, from which its wheel is compiled."""
    done = run("-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path), cwd=project)
    assert done.returncode == 0, done.stdout
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        inside = opened.getnames()
    assert "shop_client-1.0/interfaces/shop.yaml" in inside
    assert not any("shop_stock" in name for name in inside)
    assert "shop_stock/client.py" in names(wheel(archive, tmp_path / "wheels"))


def test_an_editable_install_is_compiled(project: Path, tmp_path: Path) -> None:
    """The packages are written where the interpreter will find them."""
    (project / "pyproject.toml").write_text(
        PROJECT + '[tool.hatch.build]\ndev-mode-dirs = ["src"]\n'
    )
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--target", str(tmp_path / "in")]
    done = run("-m", "pip", "install", *options, "--editable", str(project), cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert (project / "src/shop_stock/client.py").exists()
    (link,) = (tmp_path / "in").glob("*.pth")
    assert link.read_text().strip() == str(project / "src")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("interfaces/shop.yaml", SHOP.replace("int}", "nit}")), "shop.yaml:5:"),
        (("pyproject.toml", PROJECT.replace("files", "fils")), "did you mean 'files'?"),
        (("pyproject.toml", PROJECT.replace("interfaces/*", "x/*")), "'x/*.yaml' matches no file"),
        (
            ("pyproject.toml", PROJECT.replace('files = ["interfaces/*.yaml"]', "")),
            "has no `files`",
        ),
    ],
)
def test_a_mistake_ends_the_build(project: Path, change: tuple[str, str], said: str) -> None:
    """It is shown as the command shows it, without a traceback, and there is no wheel."""
    file, text = change
    (project / file).write_text(text)
    done = run("-m", "hatchling", "build", "-t", "wheel", cwd=project)
    assert done.returncode == 1
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert not list(project.rglob("*.whl"))
