"""`make bench [ARGS="sweep pages"]`: how fast, as ratios within one run, on a PostgreSQL of its own. Never part of CI."""

from config.local.torture import run_module


def main(_arguments: list[str]) -> int:
    return run_module("tests.bench")
