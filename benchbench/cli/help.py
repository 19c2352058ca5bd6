"""What ``--help`` says of each verb: a short line, a text, and examples that can be pasted at any width."""

import re
import shutil
import textwrap
from dataclasses import dataclass

WIDTH = max(min(shutil.get_terminal_size().columns, 80), 30)
_INDENT = 2  # blanks that the formatter puts before a text


@dataclass(frozen=True, kw_only=True)
class Help:
    """``short`` stands in the list of commands, ``text`` is its own page; an example is a command and what it does."""

    short: str = ""
    text: str
    examples: tuple[tuple[str, str], ...]

    def page(self, width: int = WIDTH) -> str:
        """Text and examples in paragraphs that the formatter leaves as they are: it would break --fail-above in two."""
        room = width - _INDENT
        texts = ["\n".join(_wrapped(paragraph, room)) for paragraph in self.text.split("\n\n")]
        return "\n\n".join(f"\b\n{part}" for part in (*texts, "Examples:", examples(self.examples, room))) + "\n"


def examples(pairs: tuple[tuple[str, str], ...], width: int) -> str:
    """Commands with comments behind them where all fit into ``width``, and above them elsewhere."""
    longest = max(len(command) for command, _ in pairs)
    beside = [f"  {command:<{longest}}{f'  # {said}' if said else ''}".rstrip() for command, said in pairs]
    if max(map(len, beside)) <= width:
        return "\n".join(beside)
    lines = []
    for command, said in pairs:
        lines += _wrapped(said, width, "  # ", "  # ")
        lines += _continued(command, width)
    return "\n".join(lines)


def _continued(command: str, width: int) -> list[str]:
    """A command over as many lines as it takes, each but the last with a backslash that a shell understands."""
    kept = re.sub(r"(--\S+) (?!-)", "\\1\xa0", command)  # an option stays with its value
    lines = [line.replace("\xa0", " ") for line in _wrapped(kept, width - 2, "  ", "      ")]
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def _wrapped(text: str, width: int, first: str = "", further: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )


PROGRAM = Help(
    text="Compare recurrent architectures under one budget: what each scored, and what it cost.",
    examples=(
        ("benchbench try signal.csv --minutes 5", "your own signal: what to take"),
        ("benchbench run quick", "a first look in two minutes"),
        ("benchbench report quick", "tables and figures of its records"),
        ("benchbench verify", "do committed reports fit their records?"),
        ("benchbench show 3f9c", "everything about one trial"),
        ("benchbench compare old.json new.json", "is it slower than before?"),
        ("benchbench run my_study.toml --jobs 2", "your own grid"),
        ("benchbench run quick --plugin my_net.py", "your own architecture in it"),
        ("benchbench check my_net.py", "does it keep the contract?"),
        ("benchbench list tasks", "all tasks with their options"),
        ("benchbench calibrate", "are clock and memory read right?"),
        ("benchbench reproduce", "published numbers, run again"),
        ("benchbench pitfalls", "common mistakes, with figures"),
    ),
)
VERBS = {
    "try": Help(
        short="From your own signal to an answer.",
        text="""From a file of a signal to an answer: which network to take, at what cost, and how sure that is.

It says what it finds in the file, times 20 updates of each network, plans a study that fits the minutes, writes it as a
TOML file into the current folder, runs it, writes its report, and ends with five lines. Nothing is cleaned unless
--clean asks for it: a signal with missing values is refused with its rows.

A column of times is recognised and left out. Of several files each is a recording. The exit code is 2 where the signal
or an option is wrong, and nothing is written then.""",
        examples=(
            ("seq 4000 | awk '{ print sin($1/8) + rand()/5 }' > signal.csv", "a signal to try it on"),
            ("benchbench try signal.csv", "at most five minutes"),
            ("benchbench try signal.csv --column 0 --horizon 5 --minutes 10", ""),
            ("benchbench try signal.csv --clean interpolate,clip=6", ""),
        ),
    ),
    "run": Help(
        short="Run a study.",
        text="""Run a study: every trial that has no record yet on this machine.

Stop it at any time with Ctrl-C; the same command goes on where it stopped. A terminal shows a bar; elsewhere each trial
that ends is a line on stderr. The exit code is 0 when every trial has a record, however it ended; 2 when the study is
wrong; 130 after an interrupt.""",
        examples=(
            ("benchbench run quick", ""),
            ("benchbench run main --jobs 1 --timeout 600 --memory-limit 3GiB", ""),
            ("BENCHBENCH_DATA=~/ecg benchbench run main", ""),
            ("benchbench run my_study.toml --plugin my_net.py --plugin my_task.py", ""),
            ("benchbench run main --resolve 0.1 --max-seeds 30", ""),
            ("benchbench run main --executor dask --scheduler tcp://127.0.0.1:8786", ""),
            ("benchbench run my_signal.toml --keep", ""),
        ),
    ),
    "report": Help(
        short="Write the report of a study.",
        text="""Write report.html and report.md with figures and tables, from the records alone.

report.html is one file with everything in it; open it by a double click. Its charts, tables and pages work without a
network.""",
        examples=(
            ("benchbench report quick", ""),
            ("benchbench report main --results results", ""),
            ("benchbench report quick --latex", "tables for a paper"),
        ),
    ),
    "verify": Help(
        short="Check committed reports against the records.",
        text="""Work out again what the records give, and compare every text and table of a report with it.

The exit code is 1 where something else stands there; the message names the file, the line, what stands there and what
the records give. The tables of the README and of docs/ that come from a report are compared too. Figures whose
artifacts are not there are listed as not verified. Without REPORT, all reports in the folder of results are
checked.""",
        examples=(
            ("benchbench verify", ""),
            ("benchbench verify main chaos", ""),
            ("benchbench verify results/report/main", ""),
        ),
    ),
    "export": Help(
        short="Write the records of a study as one table.",
        text="""Write one row for each trial, with the columns of benchbench.load, to a Parquet or CSV file.

Parquet needs pyarrow: pip install 'benchbench[parquet]'. Options and other mappings become JSON texts.""",
        examples=(("benchbench export quick out.csv", ""), ("benchbench export main out.parquet", "")),
    ),
    "show": Help(
        short="Show everything about one trial.",
        text="""Show everything about one trial: settings, scores with units, cost, phases, learning curve, free run,
data, environment, and the command that repeats it.

KEY is the key of the trial, or as much of it as no other key begins with. "benchbench list trials" lists the keys, and
--study looks in one study alone. --figure draws the learning curve, the predictions and the free run: all predictions
where the study kept them, and the stretches that each record has elsewhere.""",
        examples=(
            ("benchbench show 3f9c", ""),
            ("benchbench show 3f9c --figure trial.png", ""),
            ("benchbench show 3f9c --json > trial.json", ""),
        ),
    ),
    "repeat": Help(
        short="Run a trial again, and say whether it agrees.",
        text="""Run the trial of a record again, in a process of its own as any trial, and say whether it agrees. No
record is written.

On a machine of the same CPU, cores, GPU and versions all values must be equal, bit by bit. Elsewhere, and where seconds
end the fit, the test scores may differ by as much as those of the seeds lie apart. The exit code is 0 where they agree,
1 where they do not, and 2 where it cannot be the same trial: a plug-in or a file is missing, or another one.""",
        examples=(
            ("benchbench repeat 3f9c", ""),
            ("benchbench repeat 3f9c --study my_study.toml", ""),
            ("benchbench repeat 3f9c --plugin my_net.py", ""),
        ),
    ),
    "predict": Help(
        short="Apply a kept learner to a new signal.",
        text="""Apply the learner of a trial to a new signal, and write what it predicts as CSV and figure.

The trial must be one of the task series, from a run with --keep. The file is read, cleaned and scaled as the signal of
the fit was, and must have its columns and its rate. Without --steps the learner makes a forecast from each window of
the signal, to the last one, so that the last forecasts lie beyond its end. With --steps it continues the signal from
its end, each output being the next input.

Values are in the units of the signal. The exit code is 2, and nothing is written, where that cannot be done.""",
        examples=(
            ("benchbench predict 3f9c new.csv", ""),
            ("benchbench predict 3f9c new.csv --steps 500 --out next.csv", ""),
        ),
    ),
    "compare": Help(
        short="Compare two runs, or two stores of records.",
        text="""Compare B with A, row by row: their ratio, its 95 % interval, and whether that is a difference.

A and B are both files of pytest-benchmark (--benchmark-json), or folders with several of them (runs are paired in the
order in which they were made), or records: a .jsonl file, a folder of them, or a folder of results (trials are paired
by seed). Times are never compared across machines, and only where jobs, threads, allocator and kernel are the same. A
score is compared by its ratio, or by its difference where its ratio means nothing, since it is negative or, being one
of which higher is better, zero in some trial.

The page is Markdown. With --fail-above the exit code is 1 where a row is worse by more than the factor RATIO, where a
score that has no ratio is worse, or where a trial failed in B alone; it is 2 where no time could be judged.""",
        examples=(
            ("benchbench compare before.json after.json", ""),
            ("benchbench compare before/ after/ --fail-above 1.2", ""),
            ("benchbench compare results other/results --margin 1.1", ""),
            ("benchbench compare results/records/main old/main.jsonl > compare.md", ""),
        ),
    ),
    "list": Help(
        short="List what a study can name, with options.",
        text="""List what a study can name, with options and defaults; and the studies, claims and pitfalls there are.

"benchbench list trials" lists the recorded trials with their keys, which show, repeat and predict take.""",
        examples=(
            ("benchbench list trials --study quick", ""),
            ("benchbench list architectures --json", ""),
            ("benchbench list", ""),
            ("benchbench list architectures", ""),
            ("benchbench list tasks --plugin my_task.py", ""),
            ("benchbench list claims", ""),
        ),
    ),
    "check": Help(
        short="Check plug-ins against the contract.",
        text="""Check architectures and tasks against the contract; the exit code is 1 where one breaks a promise.

Without FILE, check the installation and everything that is registered.""",
        examples=(("benchbench check", ""), ("benchbench check my_net.py", "")),
    ),
    "calibrate": Help(
        short="Check the instruments, or the verdicts, against known answers.",
        text="""Check the clock, the memory reading and the meter against known answers.

It takes half a minute, on a machine that does nothing else. The exit code is 1 where an instrument is off.

With --verdicts, check the statistics of the report on simulated studies whose truth is known: how often twins are told
apart, whether intervals hold the truth, and whether a difference is found with the seeds that were asked for. This
takes some minutes; the exit code is 1 where a promise is broken.""",
        examples=(
            ("benchbench calibrate", ""),
            ("benchbench calibrate --verdicts", ""),
            ("benchbench calibrate --verdicts --studies 200", ""),
        ),
    ),
    "reproduce": Help(
        short="Run published numbers again.",
        text="""Run published numbers as programs, and print each beside ours.

Without CLAIM, run all that take less than half a minute on one core; --all runs the long ones too. The page
reproduce.md in the folder of results has sources and notes. The exit code is 0 whatever the verdicts.""",
        examples=(
            ("benchbench list claims", ""),
            ("benchbench reproduce", ""),
            ("benchbench reproduce jaeger_2001_tau17", ""),
            ("benchbench reproduce --all", ""),
        ),
    ),
    "pitfalls": Help(
        short="Show common mistakes with figures.",
        text="""Show common mistakes of the field, each on our own implementation of it, with figures.

All of them take two minutes. The page pitfalls.md in the folder of results has the figures.""",
        examples=(
            ("benchbench pitfalls", ""),
            ("benchbench pitfalls random_split", ""),
            ("benchbench pitfalls --results elsewhere", ""),
        ),
    ),
}
