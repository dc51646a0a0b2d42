"""How the tests themselves are run."""

from __future__ import annotations

import os

import torch


def test_that_a_process_of_the_suite_computes_in_one_thread_as_those_that_it_starts() -> None:
    assert torch.get_num_threads() == 1
    assert os.environ["OMP_NUM_THREADS"] == "1"
