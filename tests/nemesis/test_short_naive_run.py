"""The same harness must find what a worker does that sends again on any error. In a file of its own, for another core."""

from tests.nemesis.test_short_run import nemesis


def test_a_naive_worker_is_found_out():
    run = nemesis(NAIVE="1", FAULTS="2", STROKES="3")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "the harness can fail" in run.stdout
