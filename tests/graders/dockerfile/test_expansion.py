"""Quotes, escapes and variables are worked out as the engine does it."""

import pytest

from graders.dockerfile.errors import ExpansionError, UnsetVariable
from graders.dockerfile.expansion import expand, expand_words, global_scope, scopes
from graders.dockerfile.parser import parse

VALUES: dict[str, str | None] = {"A": "one", "EMPTY": "", "B_2": "two", "HIDDEN": None}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("plain", "plain"),
        ("$A", "one"),
        ("${A}x", "onex"),
        ("$B_2-", "two-"),
        ("$Ax", ""),
        ("'$A'", "$A"),
        ('"$A b"', "one b"),
        ('"\\$A"', "$A"),
        ("\\$A", "$A"),
        ('"a\\b"', "a\\b"),
        ("a\\b", "ab"),
        ('"it\'s"', "it's"),
        ("${A:-x}", "one"),
        ("${EMPTY:-x}", "x"),
        ("${NONE:-${A}y}", "oney"),
        ("${NONE:-'a b'}", "a b"),
        ("${A:+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${NONE-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${A-x}", "one"),
        ("${NONE+x}", ""),
        ("${EMPTY+x}", "x"),
        ("${A:?it is missing}", "one"),
        ("${A?}", "one"),
        ("${EMPTY?}", ""),
        ("${HIDDEN:?}", ""),
        ("$", "$"),
        ("a$ b", "a$ b"),
        ("$1$A", "one"),
        ("x\\", "x"),
        ('"x\\"', None),
        ("\ufeff$A", "one"),
    ],
)
def test_a_word_is_expanded(word: str, text: str | None) -> None:
    if text is None:
        with pytest.raises(ExpansionError):
            expand(word, VALUES)
    else:
        assert expand(word, VALUES).text == text


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("#x", "x.y.x.z*"),
        ("#*.", "y.x.z*"),
        ("##*.", "z*"),
        ("#y", "xx.y.x.z*"),
        ("#??", ".y.x.z*"),
        ("#$X", "x.y.x.z*"),
        ("#'x'", "x.y.x.z*"),
        ("##*", ""),
        ("#*", "xx.y.x.z*"),
        ("%.*", "xx.y.x"),
        ("%%.*", "xx"),
        ("%\\*", "xx.y.x.z"),
        ("%*", "xx.y.x.z*"),
        ("%?", "xx.y.x.z"),
        ("%a", "xx.y.x.z*"),
        ("/x/a", "ax.y.x.z*"),
        ("//x/a", "aa.y.a.z*"),
        ("//x/", ".y..z*"),
        ("/.*./-", "xx-z*"),
        ("//.*./-", "xx-z*"),
        ("/x*q/-", "xx.y.x.z*"),
        ("//?./-", "x---z*"),
        ("/\\*/\\/", "xx.y.x.z\\/"),
        ("//*/all", "all"),
        ("##", "xx.y.x.z*"),
        ("%%", "xx.y.x.z*"),
        ("/$NONE/-", "-xx.y.x.z*"),
        ("///", "xx.y.x.z*"),
        ("///-", "-x-x-.-y-.-x-.-z-*-"),
        ('/"x."/-', "x-y.x.z*"),
    ],
)
def test_patterns_take_away_and_replace(form: str, text: str) -> None:
    expanded = expand(f"${{V{form}}}", {"V": "xx.y.x.z*", "X": "x"})
    assert (expanded.text, expanded.is_newer) == (text, True)


@pytest.mark.parametrize("form", ["#a", "%a", "/a/b"])
def test_of_what_has_no_value_nothing_is_taken(form: str) -> None:
    assert expand(f"${{NONE{form}}}", {}).unknown == {"NONE"}


def test_what_replaces_may_not_grow_too_large_either() -> None:
    with pytest.raises(ExpansionError, match="grow to more than"):
        expand("${A//?/$A}", {"A": "x" * 2_000})


def test_patterns_keep_to_one_line() -> None:
    with pytest.raises(ExpansionError):
        expand("${A#*}", {"A": "a\nb"})


def test_a_pattern_made_to_take_long_does_not() -> None:
    word = "${A%" + "*a" * 200 + "*b}${A//" + "*a" * 200 + "*b/}${A##" + "?*" * 200 + "b}"
    assert expand(word, {"A": "a" * 20_000}).text == "a" * 60_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ("a", "b", "c")),
        ("x$TWO", ("xa", "b")),
        ('x"$TWO"y z', ("xa by", "z")),
        ("'a b'\\ c", ("a b c",)),
        ("${NONE:-c d}e", ("c", "de")),
        ("$SPACES", ()),
        ("x$SPACES", ("x",)),
        ('""', ()),
    ],
)
def test_a_text_is_expanded_into_words(text: str, words: tuple[str, ...]) -> None:
    assert expand_words(text, {"TWO": "a b", "SPACES": "  "}) == words


def test_the_escape_directive_changes_what_escapes() -> None:
    assert expand("`$A\\$A", VALUES, escape="`").text == "$A\\one"


@pytest.mark.parametrize(
    "word",
    [
        "'open",
        '"open',
        "${A",
        "${",
        "${}",
        "${{A}}",
        "${:x}",
        "${A:=x}",
        "${A%}",
        "${A#$EMPTY}",
        "${A#$NONE}",
        "${A//}",
        "${A//x}",
        "${A/x",
        "${A%\\a}",
        "${A//o/$}",
        "${A?'}",
        "${A:?",
        "${A:",
        "${A:-" * 40 + "}" * 40,
    ],
)
def test_a_form_that_is_malformed_or_that_engines_disagree_on_is_an_error(word: str) -> None:
    with pytest.raises(ExpansionError) as caught:
        expand(word, VALUES)
    assert caught.value.message


@pytest.mark.parametrize("word", ["${NONE:?}", "${NONE?why}", "${EMPTY:?why}"])
def test_a_variable_that_must_be_set_and_is_not_is_an_error(word: str) -> None:
    with pytest.raises(UnsetVariable):
        expand(word, VALUES)


def test_forms_of_newer_engines_are_told() -> None:
    assert [expand(word, VALUES).is_newer for word in ("${A-x}", "${A+x}", "${A:-x}", "${A?}", "${NONE:-${A-x}}")] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_names_without_a_known_value_are_told() -> None:
    assert expand("$A$NONE${HIDDEN:-x}", VALUES).unknown == {"NONE", "HIDDEN"}


def test_from_sees_only_what_stands_before_it() -> None:
    scope = global_scope(parse("ARG A=1\nARG B=$A.2\nARG C\nFROM x:$B\nARG D=4\n"), {"C": "given", "D": "5"})
    assert {name: scope.get(name) for name in "ABCD"} == {"A": "1", "B": "1.2", "C": "given", "D": None}
    assert "D" not in scope


def test_a_build_argument_beats_a_default() -> None:
    assert global_scope(parse("ARG A=1\nFROM x"), {"A": "2"})["A"] == "2"


def seen_by_last(text: str, **given: str) -> dict[str, str | None]:
    return list(scopes(parse(text + "\nRUN last"), build_arguments=given))[-1][1]


def test_a_stage_sees_its_own_args_and_env() -> None:
    text = "ARG G=g\nARG H=h\nFROM x\nARG G\nARG L=l\nENV E=$G-$L F=$E\nENV F2=$E"
    assert seen_by_last(text) == {"G": "g", "L": "l", "E": "g-l", "F": None, "F2": "g-l"}


def test_a_build_argument_reaches_the_stage_that_declares_it() -> None:
    assert seen_by_last("FROM x\nARG A=1", A="2", B="3") == {"A": "2"}


def test_a_stage_built_on_another_keeps_its_env_but_its_args_are_unsettled() -> None:
    text = "FROM x AS base\nARG A=1\nENV E=2\nFROM base\nENV Z=$E"
    assert seen_by_last(text) == {"A": None, "E": "2", "Z": "2"}


def test_a_line_of_arg_is_filled_in_before_any_of_it_is_set() -> None:
    assert seen_by_last("FROM x\nARG A=old\nARG A=new B=$A") == {"A": "new", "B": "old"}


def test_the_name_of_an_arg_is_worked_out_in_a_stage() -> None:
    assert seen_by_last('FROM x\nARG N=U\nARG "A"=1 $N=2 ') == {"N": "U", "A": "1", "U": "2"}
    assert seen_by_last("FROM x\nARG A=1\nARG $Q=2") == {"A": None}


def test_what_onbuild_will_set_is_unsettled_in_the_stages_above() -> None:
    text = "FROM x AS base\nENV A=1 B=2\nONBUILD ENV A=3\nONBUILD ARG C=4\nFROM base\nENV D=$B"
    assert seen_by_last(text) == {"A": None, "B": "2", "C": None, "D": "2"}
    assert seen_by_last(text.replace("ENV A=3", "ENV $X=3")) == {"A": None, "B": None, "C": None, "D": None}


def test_where_arg_and_env_clash_nothing_is_claimed() -> None:
    assert seen_by_last("FROM x\nENV A=1\nARG A=2") == {"A": None}
    assert seen_by_last("FROM x\nARG A=1\nENV A=2\nARG A=3") == {"A": None}
    assert seen_by_last("FROM x AS a\nENV A=1\nFROM a\nARG A=2") == {"A": None}


def test_what_comes_from_the_image_is_unknown_unless_told() -> None:
    text = "FROM x\nENV P=$PATH:/x"
    assert seen_by_last(text) == {"P": None}
    told = list(scopes(parse(text + "\nRUN last"), base_environment=lambda _: {"PATH": "/bin"}))[-1][1]
    assert told["P"] == "/bin:/x"


def test_an_env_whose_name_is_unknown_may_have_set_any() -> None:
    assert seen_by_last("FROM x\nENV A=1\nENV $Q=2") == {"A": None}


def test_an_expansion_that_grows_too_large_is_stopped() -> None:
    with pytest.raises(ExpansionError, match="grow to more than"):
        expand("$A" * 2_000, {"A": "x" * 1_000})
