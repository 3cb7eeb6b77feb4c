"""The wheel brings the content as shipped: dialogs/, content/ and docs/rules are copied to bot/shipped at build time.

Everything else about the package is in pyproject.toml.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
SHIPPED = ("dialogs", "content", "docs/rules")


class BuildWithContent(build_py):
    """Builds the package, then copies what it speaks. An editable installation reads the folders where they are."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for folder in SHIPPED:
            target = Path(self.build_lib) / "bot" / "shipped" / folder
            shutil.copytree(ROOT / folder, target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithContent})
