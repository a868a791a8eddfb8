"""Mutants of Dockerfiles: what each operator makes, and that all of it is a Dockerfile still."""

import pytest
from sandboxes import BUSYBOX

from graders.dockerfile.parser import parse
from graders.mutants.operators import OPERATORS

SERVER = f"""\
# A page for the harbour.
FROM {BUSYBOX} AS build
RUN echo one > /one && echo two > /two \\
    && rm /two

FROM scratch
WORKDIR /www
COPY --from=build --chown=5:5 /one pages/ ./
ENV HOST=0.0.0.0 COLOUR="dark blue"
EXPOSE 8080
USER 1000
HEALTHCHECK --interval=5s CMD wget -q localhost
STOPSIGNAL SIGINT
VOLUME /data
CMD ["httpd", "-f"]
"""


def changes(operator: str, text: str = SERVER) -> list[str]:
    return [edit.change for edit in OPERATORS[operator](parse(text))]


def texts(operator: str, text: str = SERVER) -> list[str]:
    return [edit.text for edit in OPERATORS[operator](parse(text))]


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_makes_dockerfiles_that_differ_and_says_at_which_line(operator: str) -> None:
    text = SERVER.replace("CMD [", "ADD x.tar /srv/\nRUN --mount=type=secret,id=key cat /run/secrets/key\nCMD [")
    made = list(OPERATORS[operator](parse(text)))
    assert made
    for edit in made:
        assert edit.text != text
        assert parse(edit.text).stages
        assert 1 <= edit.line <= text.count("\n") + 1


def test_every_instruction_but_from_is_left_out_once() -> None:
    assert len(changes("leave out")) == 10
    assert "leave out: USER 1000" in changes("leave out")
    without = texts("leave out")[changes("leave out").index("leave out: EXPOSE 8080")]
    assert without == SERVER.replace("EXPOSE 8080\n", "")


def test_instructions_change_places_only_where_their_order_can_matter() -> None:
    assert changes("change places") == [
        "change places: WORKDIR /www / COPY --from=build --chown=5:5 /one pages/ ./",
    ]
    absolute = SERVER.replace("pages/ ./", "pages/ /www/")
    assert changes("change places", absolute) == []
    before = f"FROM {BUSYBOX}\nUSER 5\nRUN id\nCOPY a b\nRUN cat b\n"
    assert len(changes("change places", before)) == 3
    assert texts("change places", before)[0] == f"FROM {BUSYBOX}\nRUN id\nUSER 5\nCOPY a b\nRUN cat b\n"


def test_a_base_loses_its_tag_and_keeps_its_name() -> None:
    assert texts("unpin") == [SERVER.replace(f"FROM {BUSYBOX} AS", f"FROM {BUSYBOX.partition(':')[0]} AS")]


def test_the_form_of_a_command_changes_in_both_directions() -> None:
    assert texts("form") == [SERVER.replace('CMD ["httpd", "-f"]', "CMD httpd -f")]
    assert texts("form", f"FROM {BUSYBOX}\nENTRYPOINT echo 'a b'\n") == [
        f'FROM {BUSYBOX}\nENTRYPOINT ["echo", "a b"]\n'
    ]
    assert texts("form", f"FROM {BUSYBOX}\nCMD echo 'never closed\n") == []


def test_words_steps_sources_and_flags_are_left_out_one_at_a_time() -> None:
    assert [text.splitlines()[-1] for text in texts("word")] == [
        'CMD ["-f"]',
        'CMD ["httpd"]',
        'CMD ["httpd", "-f-other"]',
    ]
    assert changes("step") == [
        "without step: echo one > /one",
        "without step: echo two > /two",
        "without step: rm /two",
    ]
    assert "RUN echo one > /one && rm /two\n" in texts("step")[1]
    assert [change.partition(":")[0] for change in changes("source")] == ["without /one", "without pages/"]
    assert [change.partition(":")[0] for change in changes("flag")] == [
        "without --from=build",
        "without --chown=5",
        "without --interval=5s",
    ]


def test_values_are_other_ones_and_the_rest_of_the_line_stays() -> None:
    lines = [set(text.splitlines()) - set(SERVER.splitlines()) for text in texts("value")]
    assert lines == [
        {'ENV HOST="0.0.0.0-other" COLOUR="dark blue"'},
        {'ENV HOST="0.0.0.0" COLOUR="dark blue-other"'},
        {"EXPOSE 8081"},
        {"STOPSIGNAL SIGUSR1"},
        {"VOLUME /elsewhere"},
    ]


def test_the_tools_come_along_when_the_last_stage_stands_on_the_one_before() -> None:
    assert texts("one stage") == [SERVER.replace("FROM scratch", "FROM build")]
    assert texts("one stage", f"FROM {BUSYBOX}\nCMD x\n") == []


def test_a_password_is_added_to_the_final_stage_and_a_lent_secret_is_kept() -> None:
    lends = f"FROM {BUSYBOX}\nRUN --mount=type=secret,id=key cat /run/secrets/key\n"
    added, kept = texts("secret", lends)
    assert added.splitlines()[1].startswith("ENV API_PASSWORD=")
    assert "RUN --mount=type=secret,id=key cp -r /run/secrets /kept-secrets && cat" in kept


def test_nothing_else_in_the_file_moves() -> None:
    (text,) = texts("loopback")
    assert text == SERVER.replace("0.0.0.0", "127.0.0.1")


def test_an_exec_form_of_copying_stays_one() -> None:
    spaced = f'FROM {BUSYBOX}\nCOPY ["a b", "c d", "/to here/"]\n'
    assert texts("source", spaced)[0].splitlines()[1] == 'COPY ["c d", "/to here/"]'
    assert texts("destination", spaced)[0].splitlines()[1] == 'COPY ["a b", "c d", "/elsewhere/"]'
