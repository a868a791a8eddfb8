"""Nothing is allowed that the lab does not allow, and every refusal says where, why and what to do."""

import pytest
from pydantic import ValidationError

from graders.dockerfile.dialect import Dialect
from graders.dockerfile.parser import parse
from graders.dockerfile.policy import Policy, check_policy, examine

PLAIN = Policy(allowed_bases=frozenset({"busybox:1.35", "python-slim:3.11"}))
OLD = Dialect()
NEW = Dialect(heredocs=True, link=True, start_interval=True, tmpfs_size=True, substitutions=True)
FROM = "FROM busybox:1.35\n"


def rules(
    text: str | bytes, policy: Policy = PLAIN, dialect: Dialect = OLD, **given: str
) -> list[tuple[str, int | None]]:
    _, refusals = examine(text, policy, dialect, build_arguments=given)
    for refusal in refusals:
        assert refusal.message.endswith((".", "?"))
        assert refusal.line is None or f"Line {refusal.line}" in refusal.message
    return [(refusal.rule, refusal.line) for refusal in refusals]


def message(text: str, policy: Policy = PLAIN) -> str:
    _, refusals = examine(text, policy, OLD)
    assert len(refusals) == 1
    return refusals[0].message


ORDINARY = """\
ARG TAG=1.35
FROM busybox:${TAG} AS build
ARG TAG
LABEL tag=$TAG
WORKDIR /src
COPY --chown=1000:1000 . .
ADD data.tar.gz /data/
ENV PORT=8000 \\
    MODE="a b"
RUN echo "$PORT" > port && cat <(true) || true
FROM scratch
COPY --from=build /src /src
COPY --from=0 --chmod=0755 /data /data
COPY --from=docker.io/library/python-slim:3.11 /usr/bin/python3 /bin/
EXPOSE $PORT
VOLUME /data
USER 1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --retries=3 CMD ["/bin/true"]
ENTRYPOINT ["/bin/app"]
CMD ["serve"]
"""


def test_an_ordinary_dockerfile_passes() -> None:
    assert rules(ORDINARY) == []


def test_without_allowed_bases_only_scratch_is_possible() -> None:
    assert rules("FROM scratch\nCOPY a /a", Policy()) == []
    assert "Only FROM scratch" in message("FROM busybox:1.35", Policy())


@pytest.mark.parametrize(
    "opening",
    [
        "# syntax=x/y\n",
        "#syntax=x/y\n",
        "#   SyNtAx  =  x/y z\n",
        "\ufeff# syntax=x/y\n",
        "#!/usr/bin/env x\n# syntax=x/y\n",
        "\n# syntax=x/y\n",
        "# hello\n# syntax=x/y\n",
        "# foo=bar\n# syntax=x/y\n",
        "# escape=\\\n# syntax=x/y\n",
        "// syntax=x/y\n",
        "\ufeff//syntax=x/y\n",
        "#!/x\n//  SYNTAX = x/y\n",
        "  # syntax=x/y\n",
        "#\u00a0syntax=x/y\n",
        "# syntax=x/y\r\n",
    ],
)
def test_a_syntax_directive_is_refused_in_any_spelling(opening: str) -> None:
    assert rules(opening + FROM)[0][0] == "syntax-directive"


@pytest.mark.parametrize("text", ['{"syntax": "x/y"}', ' {"a": 1, "SYNTAX": "x/y"}', '\ufeff#!/x\n{"syntax":"x/y"}'])
def test_a_syntax_in_json_is_refused(text: str) -> None:
    assert [rule for rule, _ in rules(text)] == ["syntax-directive"]


def test_a_comment_about_syntax_further_down_is_a_comment() -> None:
    assert rules(FROM + "# syntax=x/y\nRUN a") == []


@pytest.mark.parametrize("line", ["ARG BUILDKIT_SYNTAX=x/y", "arg A=1 buildkit_syntax", "ENV BUILDKIT_SYNTAX=x/y"])
def test_the_builders_own_syntax_switch_is_refused(line: str) -> None:
    assert rules(FROM + line) == [("syntax-directive", 2)]


def test_a_switch_of_the_builder_before_from_is_refused() -> None:
    assert rules("ARG BUILDKIT_SYNTAX=x/y\n" + FROM) == [("syntax-directive", 1)]
    assert rules("ARG BUILDKIT_INLINE_CACHE=1\n" + FROM) == [("builder-switch", 1)]


@pytest.mark.parametrize(
    "line",
    [
        "RUN --network=host true",
        "RUN --network=none true",
        "RUN --security=insecure true",
        "RUN --device=x true",
        "RUN --NETWORK=host true",
        "COPY --parents a /b",
        "COPY --exclude=x a /b",
        "COPY --mount=x a /b",
        "ADD --from=x a /b",
        "ADD --checksum=x a /b",
        "ADD --keep-git-dir=true a /b",
        "CMD --help me",
        "ENTRYPOINT --x y",
        "WORKDIR --x /y",
        "ENV --x A=1",
        "LABEL --x A=1",
        "USER --x y",
        "EXPOSE --x 1",
        "VOLUME --x /y",
        "STOPSIGNAL --x SIGTERM",
        'SHELL --x ["a"]',
        "ARG --x A",
        "HEALTHCHECK --mount=x CMD y",
        "RUN --=x true",
    ],
)
def test_a_flag_outside_the_table_is_refused(line: str) -> None:
    assert rules(FROM + line) == [("unknown-flag", 2)]


def test_a_word_that_looks_like_a_flag_further_on_is_none() -> None:
    assert rules(FROM + "RUN '--network=host' true || x --network=host") == []


def test_a_flag_of_newer_engines_waits_for_them() -> None:
    for line in ("COPY --link a /b", "ADD --link a /b", "HEALTHCHECK --start-interval=1s CMD x"):
        assert rules(FROM + line) == [("unknown-flag", 2)]
        assert rules(FROM + line, PLAIN, NEW) == []


def test_a_flag_without_its_value_is_refused() -> None:
    assert rules(FROM + "COPY --from busybox /a /b") == [("flag-value", 2)]


@pytest.mark.parametrize(
    "flag",
    [
        "--interval=5",
        "--timeout=soon",
        "--start-period=-1s",
        "--interval=10us",
        "--interval=0",
        "--retries=0",
        "--retries=x",
    ],
)
def test_a_healthcheck_flag_with_a_value_that_the_engine_does_not_take_is_refused(flag: str) -> None:
    assert rules(FROM + f"HEALTHCHECK {flag} CMD x") == [("flag-value", 2)]


def test_a_healthcheck_takes_gos_durations() -> None:
    line = "HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=.5h --retries=10 CMD x"
    assert rules(FROM + line) == []


def test_platform_is_refused_with_its_own_reason() -> None:
    assert rules("FROM --platform=linux/arm64 busybox:1.35") == [("platform", 1)]
    assert rules("FROM --platform=$BUILDPLATFORM busybox:1.35") == [("platform", 1)]


@pytest.mark.parametrize(
    "lines",
    [
        "ADD http://x/y /z",
        "ADD https://x/y /z",
        "ADD HTTPS://x/y /z",
        "ADD git@x:y/z.git /z",
        "ADD git://x/y /z",
        "ADD ssh://git@x/y /z",
        "ADD https://x/y.git#main /z",
        "ADD github.com/x/y /z",
        "ADD user@host:repo /z",
        "ADD ftp://x/y /z",
        "ADD a b http://x/y /z/",
        'ADD ["http://x/y", "/z"]',
        "ARG U=http://x\nADD $U/y /z",
        "ARG U=tp\nADD ht${U}://x/y /z",
        "ENV U=http://x\nADD ${U} /z",
        "ADD ${U:-http://x} /z",
        "ADD 'http://x' /z",
        "ADD h\\ttp://x /z",
        'ADD ht""tp://x /z',
        "ADD \ufeffhttp://x /z",
        "ADD $UNDEFINED /z",
        "ENV U=$HOME\nADD $U /z",
        "ARG U=a\nENV U=b\nARG U=http://x\nADD $U /z",
        "ADD ${U%x} /z",
        "ADD ${U /z",
        "ADD $TARGETARCH /z",
        "ARG U\nADD $U /z",
        "ENV $Q=1\nADD ${Q} /z",
        "ARG U=http://x\nARG U=a V=$U\nADD $V /z",
        'ARG U=a\nARG "U"=http://x\nADD $U /z',
        "ARG U=a\nARG N=U\nARG $N=http://x\nADD $U /z",
        "ARG U=a\nENV U=http://x\nARG U=a\nADD $U /z",
    ],
)
def test_add_may_not_fetch_also_through_variables(lines: str) -> None:
    found = rules(FROM + lines)
    assert [rule for rule, _ in found] == ["add-url"]
    assert found[0][1] == 2 + lines.count("\n")


def test_add_through_a_global_argument_and_a_parent_stage_is_seen() -> None:
    assert rules("ARG U=http://x\n" + FROM + "ARG U\nADD $U /z") == [("add-url", 4)]
    assert rules("ARG U=here\nARG U\n" + FROM + "ARG U\nADD ${U:-http://x} /z") == [("add-url", 5)]
    assert rules("FROM busybox:1.35 AS a\nENV U=http://x\nFROM a\nADD $U /z") == [("add-url", 4)]
    assert rules(FROM + "ARG U=here\nADD $U /z", U="http://x") == [("add-url", 3)]


def test_add_sees_what_onbuild_sets_and_is_not_read_where_it_is_held_back() -> None:
    lab = Policy(allowed_bases=PLAIN.allowed_bases, allow_onbuild=True)
    parent = "FROM busybox:1.35 AS a\nENV U=here\n"
    assert rules(parent + "ONBUILD ENV U=http://x\nFROM a\nADD $U /z", lab) == [("add-url", 5)]
    assert rules(parent + "ONBUILD ADD $U /z\nENV U=http://x\nFROM a", lab) == [("add-url", 3)]
    assert rules(parent + "ONBUILD ADD here /z\nFROM a\nADD $U /z", lab) == []


def test_add_of_files_is_allowed_and_of_addresses_where_the_lab_says_so() -> None:
    assert rules(FROM + "ARG V=1\nADD app-$V.tar ./a:b /z/") == []
    assert rules(FROM + "ADD http://x/y /z", Policy(allowed_bases=PLAIN.allowed_bases, allow_add_url=True)) == []


@pytest.mark.parametrize(
    "lines",
    [
        "FROM alpine",
        "FROM busybox",
        "FROM busybox:latest",
        "FROM busybox:1.36",
        "FROM evil/busybox:1.35",
        "FROM localhost/busybox:1.35",
        "FROM registry.example/busybox:1.35",
        "FROM registry.example:5000/library/busybox:1.35",
        "FROM busybox@sha256:" + "a" * 64,
        "FROM busybox:1.35@sha256:" + "a" * 64,
        "FROM sha256:" + "a" * 64,
        "FROM " + "a" * 64,
        "FROM drydock-student-7:latest",
        "FROM Busybox:1.35",
        "FROM $NONE",
        "FROM busybox:1.35$NONE",
        "FROM busybox:1.35$TARGETARCH",
        "FROM ${TARGETARCH:+evil/}busybox:1.35",
        "FROM ${X:-alpine}",
        "FROM ''",
        "FROM '' AS x",
        "FROM ${",
        "FROM ${A-b}",
        "FROM $",
        "ARG B\nFROM $B",
        "ARG B=alpine\nFROM $B",
        "ARG B=busybox:1.35\nARG B=alpine\nFROM ${B}",
        "ARG B=busybox:1.35\nARG B\nFROM ${B:-alpine}",
        "ARG B=\nFROM $B",
        "ARG B=busybox:1.35\nFROM \\$B",
        "ARG B=busybox:1.35\nFROM '$B'",
        "FROM context",
        "FROM 0",
        "FROM scratch:latest",
        "ARG A=$TARGETARCH\nFROM busybox:1.35$A",
    ],
)
def test_a_base_that_is_not_allowed_is_refused_after_expansion(lines: str) -> None:
    assert [rule for rule, _ in rules(lines)] == ["base-not-allowed"]


@pytest.mark.parametrize(
    "lines",
    [
        "FROM busybox:1.35",
        "from docker.io/library/busybox:1.35",
        "FROM library/busybox:1.35",
        "FROM scratch",
        "ARG B=busybox\nFROM $B:1.35",
        "ARG T=1\nFROM busybox:${T}.35",
        "ARG E\nFROM 'busybox':1.35",
        'FROM "busybox:1.35"',
        "ARG T=\nFROM busybox:${T:-1.35}",
        "FROM busybox:1.35 as One\nFROM one",
        "FROM scratch AS busybox\nFROM busybox",
        "ARG S=one\nFROM busybox:1.35 AS one\nFROM $S",
    ],
)
def test_an_allowed_base_passes_in_every_spelling(lines: str) -> None:
    assert rules(lines) == []


def test_a_build_argument_changes_what_from_means() -> None:
    assert rules("ARG B=busybox:1.35\nFROM $B", B="alpine") == [("base-not-allowed", 2)]


def test_from_cannot_use_what_a_stage_declares_and_names_match_as_written() -> None:
    assert rules("FROM busybox:1.35 AS One\nARG B=busybox:1.35\nFROM $B") == [("base-not-allowed", 3)]
    assert rules("FROM busybox:1.35 AS One\nFROM One") == [("base-not-allowed", 2)]
    assert rules("FROM later\nFROM busybox:1.35 AS later") == [("base-not-allowed", 1)]


def test_a_refused_base_is_told_what_is_allowed() -> None:
    assert "busybox:1.35 or python-slim:3.11" in message("FROM alpine")
    assert "busybox:latest; write busybox:1.35." in message("FROM busybox")
    assert "Use busybox:1.35." in message("FROM busybox:9")
    assert "$NONE" in message("FROM busybox:$NONE")


@pytest.mark.parametrize(
    "lines",
    [
        "COPY --from=alpine /a /b",
        "COPY --from=busybox /a /b",
        "COPY --from=drydock-student-7 /a /b",
        "COPY --from=$B /a /b",
        "COPY --from=${B:-busybox:1.35} /a /b",
        "COPY --from=0 /a /b",
        "COPY --from=1 /a /b",
        "COPY --from=-1 /a /b",
        "COPY --from=99999999999999999999 /a /b",
        "COPY --from=context /a /b",
        "COPY --from=two /a /b\nFROM busybox:1.35 AS two",
        "COPY --from=python-slim:3.12 /a /b",
        "copy --from='alpine' /a /b",
    ],
)
def test_copy_from_elsewhere_is_refused(lines: str) -> None:
    assert [rule for rule, _ in rules("FROM busybox:1.35 AS one\n" + lines)] == ["copy-from-not-allowed"]


def test_copy_from_its_own_or_a_later_stage_is_refused() -> None:
    assert rules("FROM busybox:1.35 AS a\nCOPY --from=a /x /y") == [("copy-from-not-allowed", 2)]
    assert rules("FROM scratch AS a\nCOPY --from=busybox:1.35 /x /y\nFROM scratch AS b\nCOPY --from=A /x /y") == []
    assert rules("FROM scratch\nFROM scratch\nCOPY --from=+0 /x /y\nCOPY --from=00 /x /y") == []


def test_a_later_stage_that_borrows_an_images_name_is_not_that_image() -> None:
    text = "FROM busybox:1.35\nCOPY --from=python-slim /x /y\nFROM scratch AS python-slim"
    assert rules(text, Policy(allowed_bases=frozenset({"busybox:1.35", "python-slim:latest"}))) == [
        ("copy-from-not-allowed", 2)
    ]


@pytest.mark.parametrize("line", ["ONBUILD RUN x", "onbuild COPY a /b", "ONBUILD ADD http://x /y"])
def test_onbuild_is_refused(line: str) -> None:
    assert ("onbuild", 2) in rules(FROM + line)


def test_where_onbuild_is_allowed_what_it_holds_is_still_judged() -> None:
    lab = Policy(allowed_bases=PLAIN.allowed_bases, allow_onbuild=True, allow_mounts=frozenset({"cache"}))
    assert rules(FROM + "ONBUILD RUN make", lab) == []
    assert rules(FROM + "ONBUILD ADD http://x /y", lab) == [("add-url", 2)]
    assert rules(FROM + "ONBUILD RUN --network=host x", lab) == [("unknown-flag", 2)]
    assert ("onbuild", 2) in rules(FROM + "ONBUILD COPY --from=busybox:1.35 /a /b", lab)
    assert ("onbuild", 2) in rules(FROM + "ONBUILD RUN --mount=type=cache,target=/x y", lab)
    assert rules(FROM + "ONBUILD FROB x", lab) == [("unknown-instruction", 2)]


@pytest.mark.parametrize("kind", ["cache", "secret", "tmpfs", "bind", "ssh", "CACHE", "frob", ""])
def test_mounts_are_refused_unless_the_lab_needs_them(kind: str) -> None:
    assert rules(FROM + f"RUN --mount=type={kind},target=/x true") == [("mount", 2)]


EVERY_MOUNT = Policy(allowed_bases=PLAIN.allowed_bases, allow_mounts=frozenset({"cache", "secret", "tmpfs", "bind"}))


@pytest.mark.parametrize(
    "value",
    [
        "type=cache,target=/x",
        "type=CACHE,dst=/x,id=a,sharing=locked,mode=0755,uid=1,gid=1",
        "type=bind,source=a,target=/x,ro",
        "target=/x,src=a,rw=true",
        "type=bind,from=busybox:1.35,source=/bin,target=/x",
        "type=bind,from=one,target=/x",
        "type=secret,id=a,target=/x,required",
        "type=tmpfs,target=/x",
    ],
)
def test_an_allowed_mount_passes(value: str) -> None:
    assert rules(f"FROM scratch AS one\n{FROM}RUN --mount={value} true", EVERY_MOUNT) == []


@pytest.mark.parametrize(
    "value",
    [
        "type=ssh",
        "type=bind,from=alpine,target=/x",
        "type=cache,from=alpine,target=/x",
        "from=$B,target=/x",
        "from=0,target=/x",
        "type=bind,source=../../etc,target=/x",
        "type=bind,source=/a/../../b,target=/x",
        "target=/x,type",
        "type=cache,target",
        "type=cache,frob=1",
        "type=cache,type=bind,target=/x",
        "type=bind,from=later,target=/x",
        "type=tmpfs,from=busybox:1.35",
        "type=cache,target=$X",
        "'type=bind,\"from=alpine\",target=/x'",
        "from=one,FROM=alpine,target=/x",
        "type=secret,env=X",
        "type=cache",
        "type=tmpfs,target=/",
        "type=bind,target=.",
        "type=secret",
        "type=secret,mode=9,id=a",
        "type=secret,required=maybe,id=a",
        "required,type=secret,id=a",
        "type=cache,target=/x,sharing=some",
        "type=cache,target=/x,uid=me",
        "type=cache,target=/x,gid=-1",
        "type=bind,target=/x,rw=yes",
        "type=tmpfs,target=/x,size=1m",
        "",
    ],
)
def test_a_mount_that_reaches_elsewhere_is_refused(value: str) -> None:
    text = f"FROM scratch AS one\n{FROM}RUN --mount={value} true\nFROM scratch AS later"
    assert rules(text, EVERY_MOUNT) == [("mount", 3)]


def test_a_field_of_newer_engines_waits_for_them() -> None:
    line = FROM + "RUN --mount=type=tmpfs,target=/x,size=1m true"
    assert rules(line, EVERY_MOUNT) == [("mount", 2)]
    assert rules(line, EVERY_MOUNT, NEW) == []
    assert rules(line.replace("1m", "much"), EVERY_MOUNT, NEW) == [("mount", 2)]


def test_a_second_mount_is_judged_too() -> None:
    line = "RUN --mount=type=cache,target=/x --mount=type=bind,from=alpine,target=/y true"
    assert rules(FROM + line, EVERY_MOUNT) == [("mount", 2)]
    assert rules(FROM + "RUN --mount true", EVERY_MOUNT) == [("flag-value", 2)]


@pytest.mark.parametrize("line", ["RUN", "RUN []", "CMD", "ENTRYPOINT", "RUN --mount='x"])
def test_a_command_that_is_missing_is_refused(line: str) -> None:
    assert ("no-command", 2) in rules(FROM + line)


def test_what_is_taken_away_by_an_empty_list_is_no_missing_command() -> None:
    assert rules(FROM + "ENTRYPOINT []\nCMD []") == []


@pytest.mark.parametrize(
    "line", ['CMD ["a"] # why', 'COPY ["a", "b"] c', 'HEALTHCHECK CMD ["a"] b', 'ONBUILD CMD ["a"] b']
)
def test_text_behind_an_exec_form_is_refused(line: str) -> None:
    lab = Policy(allowed_bases=PLAIN.allowed_bases, allow_onbuild=True)
    assert rules(FROM + line, lab) == [("text-after-exec-form", 2)]


def test_a_second_stage_of_a_name_is_refused() -> None:
    assert rules("FROM scratch AS b\nFROM scratch AS B\nFROM scratch AS b") == [
        ("bad-stage-name", 2),
        ("bad-stage-name", 3),
    ]


def test_a_flag_outside_ascii_is_refused() -> None:
    assert rules(FROM + "COPY --chown=\u00e9 a b") == [("odd-flag", 2)]


@pytest.mark.parametrize("keyword", ["FROB", "IMPORT", "RUNN", "WOR\u212aDIR", "RUN\u00a0x", "\ufeffRUN", "\u202eRUN"])
def test_an_unknown_instruction_is_refused(keyword: str) -> None:
    assert rules(FROM + keyword + " x") == [("unknown-instruction", 2)]


def test_a_near_miss_is_suggested() -> None:
    assert "did you mean EXPOSE?" in message(FROM + "EXPOSSE 80")


def test_a_heredoc_is_refused_where_the_engine_would_run_its_lines() -> None:
    text = FROM + "RUN cat <<EOF\nRUN x\nEOF\n"
    assert rules(text) == [("heredoc", 2)]
    assert rules(text, PLAIN, NEW) == []
    assert rules(FROM + "COPY <<EOF /x\nx\nEOF\n") == [("heredoc", 2)]


@pytest.mark.parametrize(
    "line",
    [
        'ENV A="open',
        "LABEL a=it's",
        "ARG A='x",
        "COPY ${A /x",
        'COPY ["a", "\\"x"]',
        "WORKDIR /${A%b}",
        "ENV A=${A/b/c}",
        "EXPOSE ${}",
        "USER 'x",
        'ADD a "x',
        'VOLUME ["/${A-b}"]',
        "STOPSIGNAL ${",
        "ONBUILD ENV A='",
    ],
)
def test_a_value_that_no_engine_or_only_some_can_read_is_refused_with_its_line(line: str) -> None:
    lab = Policy(allowed_bases=PLAIN.allowed_bases, allow_onbuild=True)
    assert rules(FROM + line, lab) == [("unreadable-value", 2)]


@pytest.mark.parametrize("lines", ["FROM ${B-busybox:1.35}", FROM + "ADD ${A+a} /x", FROM + "ENV A=${B-c}${B#d}"])
def test_a_form_of_newer_engines_waits_for_them(lines: str) -> None:
    assert len(rules(lines)) == 1
    assert rules("ARG B=busybox:1.35\n" + lines, PLAIN, NEW) in ([], [("add-url", 3)])  # which may be set by the base


def test_what_must_be_set_may_be_set_by_the_base() -> None:
    assert rules(FROM + "ENV A=${HOME:?} B=${C?}") == []


@pytest.mark.parametrize("line", ["RUN echo it's ${A%b}", "CMD echo '", 'ENTRYPOINT ["${A%b}"]', "MAINTAINER it's me"])
def test_what_a_shell_or_nobody_reads_is_left_alone(line: str) -> None:
    assert rules(FROM + line) == []


@pytest.mark.parametrize(
    "line",
    [
        "ENV A=$A$A",
        "ARG A=${A}${A}",
        "ENV A $A$A",
        "ENV 1=$1A$1A",
        "ENV A=$A\u00b2$A\u00b2",
        "ENV @=$@$@",
        "ENV A=${B:-$A$A}",
        "ENV A=$B$B\nENV B=$A$A",
        'ENV "A"=$A$A',
        "ENV A\\B=$AB$AB",
        "ENV $B=$A$A\nENV A=$A$A",
        f"ENV {'n' * 300}=${'n' * 300}${'n' * 300}",
        "LABEL a=" + "$A" * 3000,
        "ENV A=xxxxxxxx${A//?/$A}",
    ],
)
def test_variables_that_double_until_memory_is_full_are_refused_before_anyone_expands_them(line: str) -> None:
    found = rules(FROM + f"{line}\n" * 100)
    assert [rule for rule, _ in found] == ["too-much-expansion"]
    assert [rule for rule, _ in rules("ARG A=xx\n" + "ARG A=$A$A\n" * 60 + FROM)] == ["too-much-expansion"]


def test_variables_that_grow_as_they_should_are_fine() -> None:
    assert rules(FROM + "ENV PATH=/opt/x/bin:$PATH\n" * 20 + "RUN for i in 1 2; do echo $i $PATH; done\n" * 50) == []


def test_a_thousand_faults_of_one_kind_are_fifty_refusals() -> None:
    assert len(rules(FROM + "RUN" + " --mount=a" * 1_000 + " true")) == 50


def test_refusals_come_in_the_order_of_the_lines() -> None:
    text = "FROM alpine\nRUN --network=host x\nFROB\nADD http://x /y\nONBUILD RUN x\nCOPY --from=q a b\n# syntax=x"
    assert [line for _, line in rules(text)] == [1, 2, 3, 4, 5, 6]


def test_what_cannot_be_parsed_is_one_refusal() -> None:
    dockerfile, refusals = examine(b"\x00", PLAIN, OLD)
    assert dockerfile is None
    assert [(each.rule, each.line) for each in refusals] == [("nul", 1)]


def test_check_policy_judges_what_parse_read() -> None:
    assert check_policy(parse(ORDINARY), PLAIN, OLD) == []


def test_a_policy_refuses_bases_that_are_no_references() -> None:
    with pytest.raises(ValidationError):
        Policy(allowed_bases=frozenset({"Not A Reference"}))
    assert Policy(allowed_bases=frozenset({"docker.io/library/busybox:1.35", "scratch"})).allowed_bases == {
        "busybox:1.35"
    }


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ("EXPOSE 1-65535", "too-many-ports"),
        ("EXPOSE 1-500/tcp 1-500/udp 80", "too-many-ports"),
        ("ARG P=1-9999\nEXPOSE 80 $P", "too-many-ports"),
        ("VOLUME " + " ".join(f"/v{number}" for number in range(51)), "too-many-volumes"),
        ("VOLUME /v\n" * 51, "too-many-volumes"),
    ],
)
def test_more_ports_or_volumes_than_an_engine_can_bear_are_refused(lines: str, rule: str) -> None:
    assert [found for found, _ in rules(FROM + lines)] == [rule]


@pytest.mark.parametrize("lines", ["ENV P=80\nARG P=1-9999\nEXPOSE $P", "ARG P=1-9999\nFROM a\nEXPOSE 80 $P"])
def test_ports_that_could_be_many_are_refused(lines: str) -> None:
    assert [found for found, _ in rules("FROM busybox:1.35 AS a\n" + lines)] == ["unsettled-ports"]


def test_a_port_that_the_base_may_set_is_fine() -> None:
    assert rules(FROM + "EXPOSE $PORT") == []


def test_many_ports_and_volumes_are_fine() -> None:
    assert rules(FROM + "EXPOSE 80 8000-8099/udp 9000\nVOLUME " + " ".join(f"/v{number}" for number in range(50))) == []


@pytest.mark.parametrize(
    "line", ["RUN --\x1b[31m=1 x", "ADD http://\u202e /x", "ENV \x1b[31m", "ARG BUILDKIT_\u202e", 'USER "\x1b[31m']
)
def test_what_is_quoted_in_a_refusal_is_inert(line: str) -> None:
    assert message(FROM + line).isprintable()


def test_what_is_quoted_in_a_refusal_is_short() -> None:
    assert len(message(FROM + "ENV " + "x" * 50_000)) < 1_200
