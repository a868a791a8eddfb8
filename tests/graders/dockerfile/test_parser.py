"""The parser reads what BuildKit reads, and says in a sentence what it cannot read."""

import pytest

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.model import Dockerfile, Heredoc, Instruction
from graders.dockerfile.parser import parse, parse_instructions


def one(line: str, *, before: str = "FROM busybox\n") -> Instruction:
    return parse(before + line).instructions[-1]


def refused(text: str | bytes) -> DockerfileError:
    with pytest.raises(DockerfileError) as caught:
        parse(text)
    error = caught.value
    assert error.message[0].isupper()
    assert error.message.rstrip()[-1] in ".?…"
    assert error.as_refusal().rule == error.code
    if error.line is not None:
        assert f"ine {error.line}" in error.message
    return error


def pieces_of(dockerfile: Dockerfile) -> str:
    return "".join(piece.source for piece in dockerfile.pieces)


WHOLE = (
    "\ufeff# escape=`\n"
    "# about this image\n"
    "\n"
    "ARG TAG=1.35\r\n"
    "FROM busybox:${TAG} AS Build\n"
    "   run echo one `\n"
    "  # in between\n"
    "\n"
    "    && echo two\n"
    "COPY --chown=1:1 a b /dest/\n"
    "FROM scratch\n"
    "COPY --from=build /dest /dest\n"
    'CMD ["/dest/a", "x y"]'
)


def test_the_pieces_are_the_file() -> None:
    dockerfile = parse(WHOLE)
    assert dockerfile.source == WHOLE
    assert pieces_of(dockerfile) == WHOLE
    assert [piece.kind for piece in dockerfile.pieces] == [
        "bom",
        "directive",
        "comment",
        "blank",
        *["instruction"] * 7,
    ]


def test_lines_stages_and_comments_are_kept() -> None:
    dockerfile = parse(WHOLE)
    assert dockerfile.escape == "`"
    assert [(each.keyword, each.line, each.end_line) for each in dockerfile.instructions] == [
        ("ARG", 4, 4),
        ("FROM", 5, 5),
        ("RUN", 6, 9),
        ("COPY", 10, 10),
        ("FROM", 11, 11),
        ("COPY", 12, 12),
        ("CMD", 13, 13),
    ]
    build, final = dockerfile.stages
    assert (build.name, build.base, build.line, build.index) == ("build", "busybox:${TAG}", 5, 0)
    assert (final.name, final.base) == (None, "scratch")
    assert dockerfile.final is final
    assert dockerfile.stage_named("BUILD") is build
    assert [each.keyword for each in build.instructions] == ["RUN", "COPY"]
    assert [each.stage for each in dockerfile.instructions] == [None, 0, 0, 0, 1, 1, 1]
    assert [(comment.line, comment.text) for comment in dockerfile.comments][1:] == [
        (2, "about this image"),
        (7, "in between"),
    ]


def test_continuation_drops_comments_and_blank_lines_and_keeps_the_spaces_of_the_next_line() -> None:
    run = parse(WHOLE).instructions[2]
    assert run.spelling == "run"
    assert run.arguments == "echo one     && echo two"
    assert [comment.text for comment in run.comments] == ["in between"]


def test_spaces_after_the_continuation_character_do_not_matter() -> None:
    assert one("RUN a \\ \t \n b").arguments == "a  b"


@pytest.mark.parametrize("end", ["\\\\", "\\\\\\", "\\\\ \t"])
def test_an_escaped_escape_goes_on_with_nothing(end: str) -> None:
    _, first, second = parse(f"FROM a\nRUN b {end}\nRUN c").instructions
    assert (first.arguments, second.arguments) == (f"b {end}".strip(), "c")


def test_an_escape_directive_may_stand_below_a_syntax_directive() -> None:
    assert parse("# syntax=x\n# escape=`\nFROM a").escape == "`"


def test_instructions_can_be_read_without_a_whole_dockerfile() -> None:
    read = parse_instructions("RUN one\nCOPY a /b\n# no FROM")
    assert [(each.keyword, each.line, each.stage) for each in read] == [("RUN", 1, None), ("COPY", 2, None)]
    with pytest.raises(DockerfileError):
        parse_instructions("COPY a")


def test_of_two_stages_of_a_name_the_last_has_it() -> None:
    found = parse("FROM a AS x\nFROM b AS X").stage_named("x")
    assert found is not None
    assert found.index == 1


@pytest.mark.parametrize("line", ["RUN", "CMD", "ENTRYPOINT \\\n\n", "RUN []"])
def test_a_command_may_be_missing_as_far_as_the_engine_reads(line: str) -> None:
    assert one(line).words == ()


def test_what_stands_behind_an_exec_form_is_kept_apart() -> None:
    read = one('CMD ["a"] # why')
    assert (read.words, read.is_exec, read.unread) == (("a",), True, "# why")
    assert one('HEALTHCHECK CMD ["a"] b').unread == "b"


def test_a_comment_sign_inside_a_line_is_no_comment() -> None:
    assert one("RUN echo # hi").arguments == "echo # hi"


def test_a_continuation_may_end_the_file() -> None:
    assert one("RUN echo \\").arguments == "echo"


def test_without_a_directive_a_backtick_is_an_ordinary_letter() -> None:
    assert parse("FROM busybox\nRUN a `\nRUN b").instructions[1].arguments == "a `"


@pytest.mark.parametrize("opening", ["# about\n# escape=`\n", "\n# escape=`\n", "#!x\n# escape=`\n"])
def test_an_escape_directive_that_is_not_at_the_top_is_a_comment(opening: str) -> None:
    assert parse(opening + "FROM busybox").escape == "\\"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('CMD ["a", "b c"]', ("a", "b c")),
        ('CMD [ "a" ,\t"\\u00e9" ]', ("a", "é")),
        ("CMD []", ()),
        ('ENTRYPOINT ["x"]', ("x",)),
        ('CMD ["\\ud800"]', ("\ufffd",)),
        ('COPY ["a b", "c", "/d e/"]', ("a b", "c", "/d e/")),
        ('VOLUME ["/a", "/b"]', ("/a", "/b")),
        ('SHELL ["/bin/sh", "-c"]', ("/bin/sh", "-c")),
        ('HEALTHCHECK CMD ["true"]', ("CMD", "true")),
    ],
)
def test_a_json_array_of_strings_is_the_exec_form(line: str, words: tuple[str, ...]) -> None:
    read = one(line)
    assert read.is_exec
    assert read.words == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("CMD ['a', 'b']", ("['a', 'b']",)),
        ("CMD echo hi", ("echo hi",)),
        ("RUN [ -f /x ] && echo yes", ("[ -f /x ] && echo yes",)),
        ('CMD ["a",]', ('["a",]',)),
        ("RUN [NaN]", ("[NaN]",)),
        ("COPY a  b\t/c", ("a", "b", "/c")),
        ('COPY "a b" /c', ('"a', 'b"', "/c")),
        ("VOLUME /a /b", ("/a", "/b")),
        ("EXPOSE 80 443/tcp", ("80", "443/tcp")),
        ("HEALTHCHECK --interval=5s cmd curl -f x", ("CMD", "curl -f x")),
        ("HEALTHCHECK none", ("NONE",)),
        ("WORKDIR /a b", ("/a b",)),
        ("USER nobody", ("nobody",)),
        ("MAINTAINER me@x", ("me@x",)),
    ],
)
def test_anything_else_is_the_shell_form_or_plain_words(line: str, words: tuple[str, ...]) -> None:
    read = one(line)
    assert not read.is_exec
    assert read.words == words


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("ENV A=1 B=2", (("A", "1"), ("B", "2"))),
        ("ENV A one two", (("A", "one two"),)),
        ("ENV A  =x", (("A", "=x"),)),
        ('ENV A="x y" B=z\\ w', (("A", '"x y"'), ("B", "z\\ w"))),
        ("ENV A='x \\' B=1", (("A", "'x \\'"), ("B", "1"))),
        ("ENV A=x=y", (("A", "x=y"),)),
        ("ENV A=b\\\f", (("A", "b"),)),
        ('LABEL "a b"=c', (('"a b"', "c"),)),
        ("LABEL a b", (("a", "b"),)),
        ("ARG A", (("A", None),)),
        ('ARG A= B="c d"', (("A", ""), ("B", '"c d"'))),
    ],
)
def test_names_and_values(line: str, pairs: tuple[tuple[str, str | None], ...]) -> None:
    assert one(line).pairs == pairs


def test_flags_keep_their_order_and_lose_their_quotes() -> None:
    run = one("RUN --mount=type=cache,target=/x --mount='type=tmpfs,target=/y z' -- --not a flag")
    assert [str(flag) for flag in run.flags] == ["--mount=type=cache,target=/x", "--mount=type=tmpfs,target=/y z"]
    assert run.arguments == "--not a flag"


@pytest.mark.parametrize(
    ("text", "flags", "rest"),
    [
        ("COPY --fr\\om=x a b", ["--from=x"], "a b"),
        ('COPY --chown="a b\\"c" a b', ['--chown=a b"c'], "a b"),
        ("RUN --mount='x a", ["--mount=x a"], ""),
        ("RUN --mount=x\\", ["--mount=x"], ""),
        ('RUN --mount="x\\', ["--mount=x"], ""),
        ("RUN --mount=x", ["--mount=x"], ""),
        ("RUN --", [], ""),
        ('RUN --"" --x', [], "--x"),
        ("RUN --mount=\u00e9 a", ["--mount=\u00c3\u00a9"], "a"),
        ("COPY --from=\u00e0 a b", ["--from=\u00c3"], "a b"),
    ],
)
def test_flags_are_read_byte_by_byte_as_the_engine_does(text: str, flags: list[str], rest: str) -> None:
    read = one(text)
    assert ([str(flag) for flag in read.flags], read.arguments) == (flags, rest)


def test_the_escape_directive_means_nothing_to_flags() -> None:
    read = one("COPY --from=`x\\y a b", before="# escape=`\nFROM a\n")
    assert (str(read.flags[0]), read.arguments) == ("--from=`xy", "a b")


def test_a_flag_after_the_arguments_is_an_argument() -> None:
    copy = one("COPY a --from=b /c")
    assert copy.flags == ()
    assert copy.flag("from") is None
    assert one("COPY --from=b --link a /c").flag("link") == ""


def test_onbuild_holds_another_instruction() -> None:
    onbuild = one("ONBUILD copy --from=x a /b")
    assert onbuild.nested is not None
    assert (onbuild.nested.keyword, onbuild.nested.flag("from"), onbuild.nested.line) == ("COPY", "x", 2)
    assert onbuild.nested.stage == 0


def test_heredocs_take_the_lines_up_to_their_name() -> None:
    text = "FROM busybox\nRUN <<A cat - <<-'B'\none\nA\n\ttwo\n\tB\nCMD x\n"
    dockerfile = parse(text)
    run = dockerfile.instructions[1]
    assert run.heredocs == (Heredoc("A", "one\n", True, False, 3), Heredoc("B", "\ttwo\n", False, True, 5))
    assert (run.line, run.end_line) == (2, 6)
    assert dockerfile.instructions[2].line == 7
    assert pieces_of(dockerfile) == text


@pytest.mark.parametrize(
    ("word", "name", "expand"),
    [
        ("<<E", "E", True),
        ("3<<E", "E", True),
        ("<<file.txt", "file.txt", True),
        ("<<E;", "E;", True),
        ("<<$E", "$E", True),
        ("<<\\E", "E", True),
        ("<<'E'", "E", False),
        ('<<"E"', "E", False),
        ("<<e'f'", "ef", False),
        ("<<e\\'f", "e'f", True),
        ("<<'e'o\\'f", "eo'f", False),
        ("<<'one two'", "one two", False),
        ('<<"a\\"\\b"', 'a"\\b', False),
    ],
)
def test_a_heredocs_name_loses_its_quotes_and_quotes_keep_its_body_from_being_expanded(
    word: str, name: str, expand: bool
) -> None:
    assert one(f"RUN {word} cat\n$x\n{name}\n").heredocs == (Heredoc(name, "$x\n", expand, False, 3),)


def test_a_heredoc_in_a_copy_and_behind_onbuild() -> None:
    assert one("COPY <<EOF /x\nRUN rm\nEOF\n").heredocs[0].content == "RUN rm\n"
    assert one("ONBUILD RUN <<EOF\nx\nEOF\n").heredocs[0].content == "x\n"


@pytest.mark.parametrize(
    "line",
    [
        "RUN echo '<<EOF'",
        'RUN echo "a <<EOF"',
        "RUN cat <<<word",
        "RUN echo $((1 << 2))",
        "RUN echo $((a << b))",
        "RUN echo it's << 3",
        "CMD cat <<EOF",
        'RUN ["cat", "<<EOF"]',
        "ENV A=<<EOF",
        "RUN a<<EOF",
    ],
)
def test_not_every_double_arrow_is_a_heredoc(line: str) -> None:
    assert one(line).heredocs == ()


def test_an_unknown_keyword_is_kept_for_the_policy() -> None:
    read = one("Frobnicate  the thing")
    assert (read.keyword, read.spelling, read.arguments) == ("FROBNICATE", "Frobnicate", "the thing")


def test_a_letter_that_only_looks_like_one_is_no_keyword() -> None:
    assert one("WOR\u212aDIR /x").keyword == "WOR\u212aDIR"
    assert one("ONBU\u0130LD RUN x").nested is None


def test_a_space_outside_ascii_does_not_part_words() -> None:
    assert one("RUN\u00a0echo").spelling == "RUN\u00a0echo"
    assert one("RUN echo\u00a0x y").words == ("echo\u00a0x y",)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "empty", None),
        (b"", "empty", None),
        (" \n\t\n", "empty", None),
        ("\ufeff", "empty", None),
        ("# only\n# comments", "no-instructions", None),
        ("ARG A=1\n", "no-from", None),
        ("RUN x\nFROM a", "before-from", 1),
        ("FRUM a", "unknown-instruction", 1),
        ("\\", "no-instruction", 1),
        (b"FROM a\nRUN \xff\n", "encoding", 2),
        (b"\xff\xfeF\x00R\x00", "encoding", None),
        ("FROM a\nRUN \ud800", "encoding", 2),
        (b"FROM a\nRUN \x00\n", "nul", 2),
        ("FROM a\n\n\x00", "nul", 3),
        (b"\x7fELF\x02\x01\x01\x00\x00\xff\xfe", "nul", 1),
        ("FROM a\rRUN b\r", "carriage-return", 1),
        ("FROM a\nRUN b\r\r\n", "carriage-return", 2),
        ("FROM a\nRUN " + "x" * 65_536, "line-too-long", 2),
        ("FROM a\nRUN " + "x" * 2_000_000, "dockerfile-too-large", None),
        ("FROM a\n" * 501, "too-many-instructions", None),
        ("FROM", "malformed", 1),
        ("FROM a b", "malformed", 1),
        ("FROM a # comment", "malformed", 1),
        ("FROM a az b", "malformed", 1),
        ("FROM \u00e9", "malformed", 1),
        ("FROM a a\u017f b", "malformed", 1),
        ("FROM a AS 1b", "bad-stage-name", 1),
        ("FROM a AS scratch", "bad-stage-name", 1),
        ("FROM a\nSHELL sh -c", "malformed", 2),
        ("FROM a\nSHELL []", "malformed", 2),
        ("FROM a\nCOPY x", "malformed", 2),
        ('FROM a\nADD ["x"]', "malformed", 2),
        ("FROM a\nENV", "malformed", 2),
        ("FROM a\nENV A", "malformed", 2),
        ("FROM a\nENV A=1 B", "malformed", 2),
        ("FROM a\nENV =1", "malformed", 2),
        ("FROM a\nLABEL", "malformed", 2),
        ("FROM a\nARG", "malformed", 2),
        ("FROM a\nARG =x", "malformed", 2),
        ("FROM a\nEXPOSE", "malformed", 2),
        ("FROM a\nVOLUME", "malformed", 2),
        ("FROM a\nVOLUME []", "malformed", 2),
        ('FROM a\nVOLUME [""]', "malformed", 2),
        ("FROM a\nUSER", "malformed", 2),
        ("FROM a\nWORKDIR", "malformed", 2),
        ("FROM a\nHEALTHCHECK", "malformed", 2),
        ("FROM a\nHEALTHCHECK curl x", "malformed", 2),
        ("FROM a\nHEALTHCHECK CMD", "malformed", 2),
        ("FROM a\nHEALTHCHECK CMD []", "malformed", 2),
        ("FROM a\nHEALTHCHECK NONE x", "malformed", 2),
        ("FROM a\nONBUILD", "malformed", 2),
        ("FROM a\nONBUILD ONBUILD RUN x", "malformed", 2),
        ("FROM a\nONBUILD FROM x", "malformed", 2),
        ("FROM a\nCOPY --from=x --from=y a b", "repeated-flag", 2),
        ("FROM a\nCOPY --from='x a b", "malformed", 2),
        ("FROM a\nCOPY --from=\u2800 a b", "odd-flag", 2),
        ("FROM a\nCMD [1]", "exec-form-not-strings", 2),
        ('FROM a\nCMD ["a", ["b"]]', "exec-form-not-strings", 2),
        ("FROM a\nCMD " + "[" * 30_000, "exec-form-not-strings", 2),
        ("FROM a\nRUN cat <<EOF\nx\n", "open-heredoc", 2),
        ("FROM a\nRUN cat << EOF\nx\nEOF\n", "odd-heredoc", 2),
        ("FROM a\nRUN cat 3<<- 'EOF'\nx\nEOF\n", "odd-heredoc", 2),
        ("FROM a\nRUN cat <<''\nx\n\n", "odd-heredoc", 2),
        ("FROM a\nRUN cat <<EOF 'open\nx\nEOF\n", "odd-heredoc", 2),
        ("FROM a\nRUN cat <<EOF ${x%y}\nx\nEOF\n", "odd-heredoc", 2),
        ("FROM a\nRUN cat <<EOF ${x:-y z}\nx\nEOF\n", "odd-heredoc", 2),
        ("# escape=x\nFROM a", "bad-directive", 1),
        ("# escape=`\n# escape=`\nFROM a", "bad-directive", 2),
        ("# check=skip=all\n# escape=`\nFROM a", "bad-directive", 2),
        ("#\u00a0escape=`\nFROM a", "bad-directive", 1),
        ("// syntax=x/y\nFROM a", "syntax-directive", 1),
        ('{"syntax": "x/y"}', "syntax-directive", 1),
        ('\ufeff#!/bin/x\n{"Syntax": "x/y"}', "syntax-directive", 2),
        ("[" * 100_000, "line-too-long", 1),
        ("{" * 50_000, "unknown-instruction", 1),
    ],
)
def test_what_cannot_be_read_is_refused_with_code_line_and_sentence(
    text: str | bytes, code: str, line: int | None
) -> None:
    error = refused(text)
    assert (error.code, error.line) == (code, line)


def test_a_misspelt_first_word_is_named() -> None:
    assert "did you mean FROM?" in refused("FORM busybox").message


def test_the_longest_line_that_an_engine_reads_is_read() -> None:
    assert len(one("RUN " + "x" * 65_531 + "\n").arguments) == 65_531
    assert refused("FROM a\nRUN " + "\u00e9" * 32_766).code == "line-too-long"


def test_windows_line_ends_are_read_like_unix_ones() -> None:
    unix = parse("FROM a\nRUN b \\\n  c\nCMD d\n")
    windows = parse("FROM a\r\nRUN b \\\r\n  c\r\nCMD d\r\n")
    assert [each.words for each in windows.instructions] == [each.words for each in unix.instructions]
    assert "".join(piece.source for piece in windows.pieces) == windows.source
