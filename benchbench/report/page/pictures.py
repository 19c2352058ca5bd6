"""The pictures of a report, and the sections that show them."""

from dataclasses import dataclass
from typing import Literal

from benchbench.report.page.blocks import Block, Figure, Note, line

Section = Literal["scores", "costs", "learning", "task", "microscope", "options", "closed loop", "devices", "ladder"]


@dataclass(frozen=True)
class Picture:
    """A figure that was drawn, or the ``reason`` why it was not."""

    kind: str
    section: Section
    condition: str
    variant: str
    name: str
    caption: str
    reason: str = ""
    moving: bool = False

    def block(self) -> Block:
        """The picture, or the sentence that replaces it."""
        return Note(line(self.reason)) if self.reason else Figure(self.name, line(self.caption), self.moving)


@dataclass(frozen=True)
class Pictures:
    """The pictures of a report, in the order of the catalogue of figures."""

    found: tuple[Picture, ...] = ()

    def blocks(
        self, section: Section, *, condition: str = "", variant: str = "", but: Block | None = None
    ) -> list[Block]:
        """The pictures of a section, and of a condition and task if these are given, without ``but``."""
        here = [one for one in self.found if one.section == section]
        mine = [one for one in here if condition in {"", one.condition} and variant in {"", one.variant}]
        return [block for block in dict.fromkeys(one.block() for one in mine) if block != but]

    def first(self, *sections: Section, condition: str = "") -> Block | None:
        """The first picture of the first section that has one."""
        for section in sections:
            if found := self.blocks(section, condition=condition):
                return found[0]
        return None
