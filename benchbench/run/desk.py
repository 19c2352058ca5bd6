"""The desk at which a competitor's process gets its lesson and its exam, and hands in."""

from typing import Any, NamedTuple, Protocol

from benchbench.core.spec import Trial
from benchbench.isolation.partner import Link
from benchbench.run.lesson import Answers, Exam, Lesson, Run, Start, unpack
from benchbench.run.outcome import Attempt, Refused


class Desk(Protocol):
    """Where a competitor's process gets its lesson and its exam, and hands in."""

    def lesson(self) -> Lesson:
        """What it may see while it fits."""

    def exam(self, trial: Trial) -> Exam:
        """What it is to predict."""

    def hand_in(self, trial: Trial, answers: Answers, made: Attempt) -> None:
        """Have the answers scored, and leave there what the process has to say so far."""

    def starts(self, trial: Trial, *, tuned: bool) -> dict[str, Start]:
        """From where free runs start, by name, once the answers are handed in."""

    def generated(self, trial: Trial, name: str, run: Run) -> None:
        """Have a free run scored."""


class Far(NamedTuple):
    """The desk of an examiner in another process."""

    link: Link

    def lesson(self) -> Lesson:
        """What it may see while it fits."""
        return unpack(self.link.ask(("lesson",)), lambda *given: float(self.link.ask(("metric", *given))))

    def exam(self, trial: Trial) -> Exam:
        """What it is to predict."""
        exam: Exam = granted(self.link.ask(("exam", trial)))
        return exam

    def hand_in(self, trial: Trial, answers: Answers, made: Attempt) -> None:
        """Have the answers scored, and leave there what the process has to say so far."""
        granted(self.link.ask(("hand in", trial, answers, made)))

    def starts(self, trial: Trial, *, tuned: bool) -> dict[str, Start]:
        """From where free runs start, by name."""
        starts: dict[str, Start] = granted(self.link.ask(("starts", trial, tuned)))
        return starts

    def generated(self, trial: Trial, name: str, run: Run) -> None:
        """Have a free run scored."""
        granted(self.link.ask(("generated", trial, name, run)))


def granted(answer: Any) -> Any:
    """The examiner's answer; RuntimeError where it refuses one."""
    if isinstance(answer, Refused):
        raise RuntimeError(answer.fields["message"])  # noqa: TRY004  an answer of another kind, and no wrong type
    return answer
