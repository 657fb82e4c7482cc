"""The build hook `rpcgen` of hatchling: a wheel is compiled from the project's interface files when it is built.

Knows hatchling, which is installed where it is used, and what [tool.rpcgen] says; it has no settings of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl
from rpcgen.cli._exit import Failure

if TYPE_CHECKING:
    from rpcgen.cli._packages import Packages


class RpcgenBuildHook(BuildHookInterface[BuilderConfig]):
    """Writes the packages where `rpcgen compile` would, and puts them into the wheel, ignored by git or not."""

    PLUGIN_NAME = "rpcgen"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """As BuildHookInterface. A source distribution holds the interface files, so it needs nothing."""
        if self.target_name != "wheel":
            return
        try:
            packages = _compiled(Path(self.root) / "pyproject.toml")
        except Failure as failure:
            self.app.abort(f"rpcgen: {failure.message}")
            return
        if version == "editable":
            # The interpreter finds what is in the project's own folders.
            return
        plan = packages.plan
        for path in (*plan.changed, *plan.unchanged):
            build_data["force_include"][os.path.abspath(plan.root / path)] = path


def _compiled(file: Path) -> Packages:
    # hatchling imports every hook that is installed, also where nothing is to be compiled.
    from rpcgen.cli._inputs import Inputs, with_project
    from rpcgen.cli._packages import plan_packages
    from rpcgen.cli._project.read import read_project

    project = read_project(file)
    if project is None or not project.patterns:
        raise Failure(f"[tool.rpcgen] in {file} has no `files`")
    packages = plan_packages(with_project(Inputs((), (), project), project), None, None)
    packages.write()
    return packages


@hookimpl
def hatch_register_build_hook() -> type[RpcgenBuildHook]:
    """Tell hatchling of the hook."""
    return RpcgenBuildHook
