"""What ``--help`` says of each verb."""

PROGRAM = """Compare recurrent architectures under one budget: what each scored, and what it cost.

Examples:

\b
  benchbench run quick                        a first look in two minutes
  benchbench report quick                     tables and figures from its records
  benchbench compare before.json after.json   is it slower than before?
  benchbench run my_study.toml --jobs 2       your own grid
  benchbench run quick --plugin my_net.py     with your own architecture in it
  benchbench check my_net.py                  does my plug-in keep the contract?
  benchbench list tasks                       what there is, with its options
  benchbench calibrate                        are clock and memory readings true here?
  benchbench reproduce                        published numbers, run again
  benchbench pitfalls                         what goes wrong in the field, with figures
"""
RUN = """Run a study: every trial that has no record yet on this machine.

Stop it at any time with Ctrl-C; the same command goes on where it stopped.

Examples:

\b
  benchbench run quick
  benchbench run main --jobs 1 --timeout 600 --memory-limit 3GiB
  BENCHBENCH_DATA=~/ecg benchbench run main
  benchbench run my_study.toml --plugin my_net.py --plugin my_task.py
"""
REPORT = """Write report.md with figures and tables, from the records alone.

Examples:

\b
  benchbench report quick
  benchbench report main --results results
"""
COMPARE = """Hold B against A, row by row: ratio B/A, its 95 % interval, and whether that is a difference.

A and B are each a file of pytest-benchmark (--benchmark-json), a folder with several of them (runs, paired in the order
of their making), or records: a .jsonl file, a folder of them, or a folder of results (paired by seed). Times are never
compared across machines. Prints Markdown. With --fail-above the exit code is 1 where a row is slower, takes more or
errs more, and its ratio is above RATIO, or where a trial failed in B alone; 2 where nothing could be judged.

Examples:

\b
  benchbench compare before.json after.json
  benchbench compare before/ after/ --fail-above 1.2
  benchbench compare results other/results --margin 1.1
  benchbench compare results/records/main old/main.jsonl > compare.md
"""
LIST = """List what can be named in a study, with options and defaults.

Examples:

\b
  benchbench list
  benchbench list architectures
  benchbench list tasks --plugin my_task.py
  benchbench list claims
"""
CHECK = """Put architectures and tasks to the contract; exit code 1 where a promise is broken.

Without FILE: the installation, and everything registered.

Examples:

\b
  benchbench check
  benchbench check my_net.py
"""

CALIBRATE = """Hold the clock, the memory reading and the meter against known answers; exit code 1 where one is off.

Takes half a minute, on a machine that does nothing else.

Examples:

\b
  benchbench calibrate
"""
PITFALLS = """Show what goes wrong in the field, each mistake on our own implementation of it, with figures.

Writes pitfalls.md into the results; all of them take a minute.

Examples:

\b
  benchbench pitfalls
  benchbench pitfalls random_split
  benchbench pitfalls --results elsewhere
"""
REPRODUCE = """Run published numbers as programs: claim, source, published, ours, verdict, time.

Without CLAIM: all that take less than half a minute on one core; --all runs the long ones too. Writes reproduce.md
into the results. The exit code is 0 whatever the verdicts.

Examples:

\b
  benchbench list claims
  benchbench reproduce
  benchbench reproduce jaeger_2001_tau17
  benchbench reproduce --all
"""
