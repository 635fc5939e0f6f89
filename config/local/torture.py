"""`make torture [ARGS="--long --seed 7"]`: a year walked through on servers of its own that are killed all the while."""

import os
import shlex
import subprocess

from config.local import prepare
from config.local.paths import PYTHON, ROOT
from config.local.processes import Interrupted, LocalError, end_steps, stop_on_signals


def main(_arguments: list[str]) -> int:
    """0 when nothing was lost, doubled, early, late or wrong."""
    return run_module("tests.torture")


def run_module(name: str) -> int:
    """`python -m name $ARGS` in the environment of the checkout, with the letters' fonts in place."""
    stop_on_signals()
    try:
        letters = prepare.Track(prepare.letters)
        prepare.packages()
        for warning in letters.join():
            print(f"注意（warning）: {warning}", flush=True)
        env = prepare.settings(database="", redis="")
        process = subprocess.Popen(
            [str(PYTHON), "-m", name, *shlex.split(os.environ.get("ARGS", ""))], env=env, cwd=ROOT
        )
        try:
            return process.wait()
        except Interrupted:
            process.terminate()
            process.wait(60)
            raise
    except LocalError as error:
        print(error)
        return 1
    except Interrupted:
        return 130
    finally:
        end_steps()
