"""The texts of ``--help`` for each command: a short line, a text, and examples that can be pasted at any width."""

import re
import shutil
import textwrap
from dataclasses import dataclass

WIDTH = max(min(shutil.get_terminal_size().columns, 80), 30)
_INDENT = 2  # blanks that the formatter puts before a text


@dataclass(frozen=True, kw_only=True)
class Help:
    """``short`` is for the list of commands, ``text`` for the command's own page; examples are (command, comment)."""

    short: str = ""
    text: str
    examples: tuple[tuple[str, str], ...]

    def page(self, width: int = WIDTH) -> str:
        """The text and examples in paragraphs that the formatter does not wrap again: it would break --fail-above."""
        room = width - _INDENT
        texts = ["\n".join(_wrapped(paragraph, room)) for paragraph in self.text.split("\n\n")]
        return "\n\n".join(f"\b\n{part}" for part in (*texts, "Examples:", examples(self.examples, room))) + "\n"


def examples(pairs: tuple[tuple[str, str], ...], width: int) -> str:
    """Commands with their comments behind them if all fit into ``width``, or else above them."""
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
    """A command on as many lines as it needs, all but the last ending with a backslash, as a shell expects."""
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
        ("benchbench try signal.csv --minutes 5", "which network for your signal?"),
        ("benchbench run quick", "a first look in a minute or two"),
        ("benchbench report quick", "its tables and figures"),
        ("benchbench verify", "check reports by their records"),
        ("benchbench show 3f9c", "everything about one trial"),
        ("benchbench compare old.json new.json", "is it slower than before?"),
        ("benchbench run my_study.toml --jobs 2", "your own grid"),
        ("benchbench run quick --plugin my_net.py", "with your own architecture"),
        ("benchbench check my_net.py", "check it against the contract"),
        ("benchbench list tasks", "all tasks with their options"),
        ("benchbench calibrate", "check the clock and the memory"),
        ("benchbench reproduce", "published numbers, run again"),
        ("benchbench pitfalls", "common mistakes, with figures"),
    ),
)
VERBS = {
    "try": Help(
        short="From your own signal to an answer.",
        text="""Find out which network suits a signal in a file, at what cost, and how sure that is.

This command describes the file, times 20 updates of each network, plans a study that fits into the minutes, writes it
as a TOML file into the current folder, runs it, writes its report, and ends with five lines of advice. It cleans the
signal only if --clean says how; a signal with missing values is refused, and the message names their rows.

A column of times is recognised and left out. Several files count as several recordings. If the signal or an option is
wrong, the exit code is 2 and nothing is written.""",
        examples=(
            ("seq 4000 | awk '{ print sin($1/8) + rand()/5 }' > signal.csv", "make a signal"),
            ("benchbench try signal.csv", "at most five minutes"),
            ("benchbench try signal.csv --column 0 --horizon 5 --minutes 10", ""),
            ("benchbench try signal.csv --clean interpolate,clip=6", ""),
        ),
    ),
    "run": Help(
        short="Run a study.",
        text="""Run a study: every trial that has no record yet on this machine.

Stop it at any time with Ctrl-C; the same command continues where it stopped. A terminal shows a progress bar;
elsewhere stderr gets one line for each trial that ends. The exit code is 0 if every trial has a record, however the
trial ended; 2 if the study is wrong; 130 after an interrupt.""",
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

The files go into report/NAME in the folder of results, where NAME is the name of the study.

report.html is a single file with everything in it; open it with a double click. Its charts, tables and pages work
offline.""",
        examples=(
            ("benchbench report quick", ""),
            ("benchbench report main --results results", ""),
            ("benchbench report quick --latex", "tables for a paper"),
        ),
    ),
    "verify": Help(
        short="Check committed reports against the records.",
        text="""Compute a report again from the records, and compare every text and table of the committed one.

If they differ, the exit code is 1, and the message names the file and the line, what it says and what the records
give. Tables of the README and of docs/ that come from a report are compared too. Figures whose artifacts are missing
are listed as not verified. Without REPORT, all reports in the folder of results are checked.""",
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

KEY is the key of the trial, or a beginning of it that no other key has. "benchbench list trials" lists the keys, and
--study looks in only one study. --figure draws the learning curve, the predictions and the free run: all predictions
if the study kept them, or else the segments that every record has.""",
        examples=(
            ("benchbench show 3f9c", ""),
            ("benchbench show 3f9c --figure trial.png", ""),
            ("benchbench show 3f9c --json > trial.json", ""),
        ),
    ),
    "repeat": Help(
        short="Run a trial again, and say whether it agrees.",
        text="""Run the trial of a record again in a process of its own, and say whether the two agree. No record is
written.

On a machine with the same CPU, cores, GPU and versions, all values must be equal, bit by bit. On another machine, and
if a budget in seconds ended the fit after another number of updates, the test score may differ from the recorded one by
no more than the range of the scores of the recorded seeds. The exit code is 0 if they agree, 1 if they do not, and 2 if
the trial cannot be the same, because a plug-in or a file is missing or has changed.""",
        examples=(
            ("benchbench repeat 3f9c", ""),
            ("benchbench repeat 3f9c --study my_study.toml", ""),
            ("benchbench repeat 3f9c --plugin my_net.py", ""),
        ),
    ),
    "predict": Help(
        short="Apply a kept learner to a new signal.",
        text="""Apply the learner of a trial to a new signal, and write its predictions as a CSV file and a figure.

The trial must be one of the task series, from a run with --keep. The file is read, cleaned and scaled like the signal
of the fit, and must have the same columns and sampling rate. Without --steps the learner makes a forecast from each
window of the signal; the last forecasts lie beyond its end. With --steps it continues the signal from its end, each
output becoming the next input.

Values are in the units of the signal. If the learner cannot make these predictions, the exit code is 2 and nothing is
written.""",
        examples=(
            ("benchbench predict 3f9c new.csv", ""),
            ("benchbench predict 3f9c new.csv --steps 500 --out next.csv", ""),
        ),
    ),
    "compare": Help(
        short="Compare two runs, or two stores of records.",
        text="""Compare B with A, row by row: their ratio, its 95 % interval, and whether there is a difference.

A and B are both files of pytest-benchmark (--benchmark-json), or folders with several of them (runs are paired in the
order in which they were made), or records: a .jsonl file, a folder of them, or a folder of results (trials are paired
by seed). Times are compared only if machine, jobs, threads, allocator and kernel are the same. A score is compared by
its ratio, or by its difference if some value is negative, or if higher is better and some value is zero.

The page is Markdown. With --fail-above the exit code is 1 if a row is worse by more than the factor RATIO, if a score
that is compared by its difference is worse, or if a trial failed only in B; it is 2 if no time could be compared.""",
        examples=(
            ("benchbench compare before.json after.json", ""),
            ("benchbench compare before/ after/ --fail-above 1.2", ""),
            ("benchbench compare results other/results --margin 1.1", ""),
            ("benchbench compare results/records/main old/main.jsonl > compare.md", ""),
        ),
    ),
    "list": Help(
        short="List what a study can name, with options.",
        text="""List everything that a study can name, with options and defaults, and all studies, claims and pitfalls.

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
        text="""Check architectures and tasks against the contract, which is a list of promises.

The exit code is 1 if one of them breaks a promise. For each promise a line says pass, FAIL or skip.

Without FILE, check the installation and everything that is registered.""",
        examples=(("benchbench check", ""), ("benchbench check my_net.py", "")),
    ),
    "calibrate": Help(
        short="Check the instruments, or the verdicts, against known answers.",
        text="""Check the clock, the memory reading and the meter against known answers.

This takes half a minute on an otherwise idle machine. The exit code is 1 if an instrument is off.

With --verdicts, check the statistics of the report on simulated studies whose truth is known: how often equal
competitors are called different, how often intervals contain the truth, and how often a difference is found with the
seeds that the report recommends. This takes some minutes; the exit code is 1 if a promise is broken.""",
        examples=(
            ("benchbench calibrate", ""),
            ("benchbench calibrate --verdicts", ""),
            ("benchbench calibrate --verdicts --studies 200", ""),
        ),
    ),
    "reproduce": Help(
        short="Run published numbers again.",
        text="""Run the programs that reproduce published numbers, and print our number next to each.

Without CLAIM, run all that take less than half a minute on one core; --all also runs the long ones. The page
reproduce.md in the folder of results gives sources and notes. The exit code is 0 whatever the verdicts are.""",
        examples=(
            ("benchbench list claims", ""),
            ("benchbench reproduce", ""),
            ("benchbench reproduce jaeger_2001_tau17", ""),
            ("benchbench reproduce --all", ""),
        ),
    ),
    "pitfalls": Help(
        short="Show common mistakes with figures.",
        text="""Show common mistakes of the field, each made with benchbench's own code, with figures.

All of them together take two minutes. The page pitfalls.md in the folder of results has the figures.""",
        examples=(
            ("benchbench pitfalls", ""),
            ("benchbench pitfalls random_split", ""),
            ("benchbench pitfalls --results elsewhere", ""),
        ),
    ),
}
