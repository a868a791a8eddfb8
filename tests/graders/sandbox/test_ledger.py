"""Names by which what a job made is found again."""

import re

from hypothesis import given
from hypothesis import strategies as st

from graders.sandbox.ledger import FOLDER, NETWORK, VOLUME, Ledger, job_key


@given(st.text(max_size=80))
def test_any_job_id_makes_names_the_engine_takes(job_id: str) -> None:
    ledger = Ledger(job_id)
    assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", ledger.name("run"))
    assert re.fullmatch(r"drydock-job/[a-z0-9]+(-[a-z0-9]+)*:\d+", ledger.image())


def test_jobs_that_read_alike_have_keys_of_their_own() -> None:
    assert job_key("Lab 7") != job_key("lab-7")
    assert job_key("lab 7") == job_key("lab 7")


def test_each_name_is_given_once() -> None:
    ledger = Ledger("a")
    names = [ledger.name("run"), ledger.name("run"), ledger.name("probe")]
    assert len(set(names)) == 3


def test_every_name_that_was_given_is_remembered_with_what_it_is_for() -> None:
    ledger = Ledger("a")
    names = [ledger.name("run"), ledger.name(VOLUME), ledger.image(), ledger.name(NETWORK), ledger.name(FOLDER)]
    assert [name for _, name in ledger.given] == names
    assert [what for what, _ in ledger.given] == ["run", VOLUME, "image", NETWORK, FOLDER]
