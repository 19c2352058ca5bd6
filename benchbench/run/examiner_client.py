"""What a competitor's process can ask the examiner for, and the client that asks one in another process."""

from typing import Any, NamedTuple, Protocol

from benchbench.core.spec import Trial
from benchbench.isolation.service_access import Link
from benchbench.run.exchange import Answers, Exam, FitData, Run, Start, unpack
from benchbench.run.outcome import Attempt, Refused


class ExaminerClient(Protocol):
    """The examiner as a competitor's process sees it."""

    def fit_data(self) -> FitData:
        """The data that a competitor may see while it fits."""

    def exam(self, trial: Trial) -> Exam:
        """The inputs that a fitted learner is to predict."""

    def submit(self, trial: Trial, answers: Answers, made: Attempt) -> None:
        """Have the predictions scored, and leave what the process has for the record so far."""

    def starts(self, trial: Trial, *, tuned: bool) -> dict[str, Start]:
        """The starts of the free runs, by name, once the predictions are submitted."""

    def submit_free_run(self, trial: Trial, name: str, run: Run) -> None:
        """Have a free run scored."""


class RemoteExaminer(NamedTuple):
    """An examiner in another process."""

    link: Link

    def fit_data(self) -> FitData:
        """The data that a competitor may see while it fits."""
        return unpack(self.link.ask(("fit data",)), lambda *given: float(self.link.ask(("metric", *given))))

    def exam(self, trial: Trial) -> Exam:
        """The inputs that a fitted learner is to predict."""
        exam: Exam = unless_refused(self.link.ask(("exam", trial)))
        return exam

    def submit(self, trial: Trial, answers: Answers, made: Attempt) -> None:
        """Have the predictions scored, and leave what the process has for the record so far."""
        unless_refused(self.link.ask(("submit", trial, answers, made)))

    def starts(self, trial: Trial, *, tuned: bool) -> dict[str, Start]:
        """The starts of the free runs, by name."""
        starts: dict[str, Start] = unless_refused(self.link.ask(("starts", trial, tuned)))
        return starts

    def submit_free_run(self, trial: Trial, name: str, run: Run) -> None:
        """Have a free run scored."""
        unless_refused(self.link.ask(("submit free run", trial, name, run)))


def unless_refused(answer: Any) -> Any:
    """The examiner's answer; RuntimeError if it refuses to give one."""
    if isinstance(answer, Refused):
        raise RuntimeError(answer.fields["message"])  # noqa: TRY004  the type is right, the request was not
    return answer
