"""Go templates, as docker's own client reads and carries them out (each line was seen there, version 20.10.24)."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.commands.templates import NIL, Row, Struct, Template, TemplateFault

WEB = {
    "Id": "9f36863e61da",
    "Name": "/web",
    "State": {"Status": "running", "Running": True, "Pid": 181},
    "Config": {"Cmd": ["sleep", "1000"], "Env": ["A=1", "B=2"], "Labels": {"a": "b", "c": "d"}},
    "Mounts": [{"Name": "v1"}],
    "NetworkSettings": {"Networks": {"n1": {"IPAddress": "172.18.0.2"}}, "Ports": {}},
}


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{{.State.Status}}", "running"),
        ("{{json .Config.Env}}", '["A=1","B=2"]'),
        ("{{range .Mounts}}{{.Name}} {{end}}", "v1 "),
        ('{{index .Config.Labels "a"}}', "b"),
        ('{{index .Config.Labels "zz"}}', ""),
        ("{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{$v.IPAddress}}{{end}}", "n1 172.18.0.2"),
        ("{{len .Mounts}}", "1"),
        ("{{if .State.Running}}y{{else}}n{{end}}", "y"),
        ('{{join .Config.Cmd " "}}', "sleep 1000"),
        ("{{println .Id}}", "9f36863e61da\n"),
        ('{{printf "%s %d %q %v" .Name .State.Pid .Name .State.Running}}', '/web 181 "/web" true'),
        ("{{upper .Name}}", "/WEB"),
        ("{{.Config.Cmd}}", "[sleep 1000]"),
        ("{{.Config.Labels}}", "map[a:b c:d]"),
        ("{{.Config.Labels.a}}", "b"),
        ("{{.Config.Labels.zz}}", "<no value>"),
        ('{{"a"}}{{1}}{{true}}', "a1true"),
        ('{{eq .State.Status "running"}} {{ne .State.Pid 1}} {{lt 1 2}}', "true true true"),
        ('{{if eq .State.Status "running" "paused"}}Y{{else if true}}z{{end}}', "Y"),
        ("{{with .State}}{{.Status}}{{end}}", "running"),
        ("{{.Config.Cmd | json}}", '["sleep","1000"]'),
        ('{{title "abc d"}} {{lower "A"}} {{split "a:b" ":"}} {{truncate "abc" 2}}', "Abc D a [a b] ab"),
        ('{{html "<"}} {{slice "abc" 1}}', "&lt; bc"),
        ('{{and 1 0}} {{not 1}} {{or 0 "x"}}', "0 false x"),
        ('{{print 1 2 "a" "b" 3}}', "1 2ab3"),
        ("{{- .Id -}}  x", "9f36863e61dax"),
        ("a {{- /* c */ -}} b", "ab"),
        ("{{/* c */}}x", "x"),
        ("{{(index .Mounts 0).Name}}", "v1"),
        ("{{$x := .Id}}{{$x}}", "9f36863e61da"),
        ("{{$x := 1}}{{range .Config.Env}}{{$x = .}}{{end}}{{$x}}", "B=2"),
        ('{{printf "%5d|%-5s|%05.1f" 3 "a" 2.5}}', "    3|a    |002.5"),
        ("{{ .Id }} }}", "9f36863e61da }}"),
        ('{{index .NetworkSettings.Networks "n1" "IPAddress"}}', "172.18.0.2"),
        ("{{json .NetworkSettings.Ports}} {{.NetworkSettings.Ports}}", "{} map[]"),
        ('{{.Id | printf "%s"}}', "9f36863e61da"),
        ("{{`raw`}} {{'a'}}", "raw 97"),
        ("{{0x10}} {{1.50}} {{1e3}}", "16 1.5 1000"),
        ('{{printf "%d %z" "a"}}', "%!d(string=a) %!z(MISSING)"),
        ('{{printf "a" 1}}', "a%!(EXTRA int=1)"),
        ("{{range .Config.Env}}{{if eq . `B=2`}}{{break}}{{end}}{{.}}{{end}}", "A=1"),
        ("{{range .Missing}}{{else}}none{{end}}", "none"),
        ('{{"tab\\there \\u00e9"}}', "tab\there é"),
    ],
)
def test_a_template_prints_what_docker_prints(text: str, printed: str) -> None:
    assert Template(text).on(WEB) == printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{.State.Status", "template: :1: unclosed action"),
        ("{{foo}}", 'template: :1: function "foo" not defined'),
        ("{{end}}", "template: :1: unexpected {{end}}"),
        ("{{if}}", "template: :1: missing value for if"),
        ("{{range .Mounts}}", "template: :1: unexpected EOF"),
        ("{{$y}}", 'template: :1: undefined variable "$y"'),
        ("{{break}}", "template: :1: {{break}} outside {{range}}"),
        ("{{printf '%s' .Id}}", "template: :1: malformed character constant: '%s'"),
        ("{{.Id}", "template: :1: bad character U+007D '}'"),
        ("{{.Id}}{{", "template: :1: unclosed action"),
        ('{{"a" | "b"}}', "template: :1: non executable command in pipeline stage 2"),
        ("{{.Id.}}", "template: :1: unexpected <.> in operand"),
        ("{{..}}", "template: :1: unexpected <.> in operand"),
        ("{{@}}", 'template: :1: unexpected "@" in command'),
        ('{{"abc}}', "template: :1: unterminated quoted string"),
        ("\n{{foo}}", 'template: :2: function "foo" not defined'),
        ('{{define "x"}}a{{end}}', "template: :1: {{define}} is not available in this console"),
        ('{{template "x"}}', "template: :1: {{template}} is not available in this console"),
    ],
)
def test_what_is_no_template_is_told_in_gos_words(text: str, message: str) -> None:
    with pytest.raises(TemplateFault) as refused:
        Template(text)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{.Nope}}", ':1:2: executing "" at <.Nope>: map has no entry for key "Nope"'),
        ("{{.State.Nope}}", ':1:8: executing "" at <.State.Nope>: map has no entry for key "Nope"'),
        (
            "{{index .Mounts 5}}",
            ':1:2: executing "" at <index .Mounts 5>: error calling index: index out of range: 5',
        ),
        (
            "{{.State.Status.Foo}}",
            ':1:8: executing "" at <.State.Status.Foo>: can\'t evaluate field Foo in type interface {}',
        ),
        ("{{nil}}", ':1:2: executing "" at <nil>: nil is not a command'),
        (
            "{{eq .State.Status 1}}",
            ':1:2: executing "" at <eq .State.Status 1>: error calling eq: incompatible types for comparison',
        ),
        ("{{len 3}}", ':1:2: executing "" at <len 3>: error calling len: len of type int'),
        ('{{join "a" " "}}', ':1:7: executing "" at <"a">: can\'t handle "a" for arg of type []string'),
        ("{{json}}", ':1:2: executing "" at <json>: wrong number of args for json: want 1 got 0'),
        ("{{.Config.Env 1}}", ':1:9: executing "" at <.Config.Env>: Env is not a method but has arguments'),
        ("{{call .Id}}", ':1:2: executing "" at <call .Id>: error calling call: non-function of type string'),
    ],
)
def test_what_a_template_asks_wrongly_is_told_in_gos_words(text: str, message: str) -> None:
    with pytest.raises(TemplateFault) as refused:
        Template(text).on_raw(WEB)
    assert str(refused.value) == f"template: {message}"


def test_a_struct_prints_all_its_fields_in_order_and_knows_no_others() -> None:
    state = Struct(
        {"Status": "exited", "ExitCode": 3},
        type_name="types.ContainerState",
        shape={"Status": "", "Running": False, "ExitCode": 0, "Health": NIL},
    )
    assert Template("{{.}} {{.Running}} {{.Health}}{{if .Health}}x{{end}} {{json .}}").on(state) == (
        '{exited false 3 <nil>} false <nil> {"Status":"exited","ExitCode":3}'
    )
    with pytest.raises(TemplateFault, match=r"can't evaluate field Nope in type types\.ContainerState"):
        Template("{{.Nope}}").on(state)


def test_a_row_works_its_columns_out_when_they_are_asked_for() -> None:
    row = Row(
        "*formatter.ContainerContext",
        {"ID": lambda: "abc", "Command": lambda: '"<sh>"'},
        {"Label": lambda name: f"label {name}"},
    )
    assert Template('{{.ID}} {{.Label "x"}} {{json .}} {{json .Command}}').on(row) == (
        'abc label x {"Command":"\\"\\u003csh\\u003e\\"","ID":"abc"} "\\"<sh>\\""'
    )
    with pytest.raises(TemplateFault, match=r"can't evaluate field Nope in type \*formatter.ContainerContext"):
        Template("{{.Nope}}").on(row)
    with pytest.raises(TemplateFault, match="wrong number of args for Label: want 1 got 0"):
        Template("{{.Label}}").on(row)


@pytest.mark.parametrize(
    "text",
    [
        "{{" + "json (" * 200 + "." + ")" * 200 + "}}",
        "{{" + "json (" * 35 + '"\\"\\\\"' + ")" * 35 + "}}",
        "{{$x := `" + "a" * 1000 + "`}}" + "{{$x = print $x $x $x $x $x $x $x $x}}" * 100,
        '{{pad "a" 999999999 999999999}}',
        '{{printf "%99999999999d" 1}}{{printf "%.99999999999s" `a`}}{{nope}}',
        "{{range split `" + "a" * 9000 + "` ``}}{{range split `" + "a" * 900 + "` ``}}{{end}}{{end}}",
        "{{if true}}" * 3000,
        "x" * 20_000,
    ],
)
def test_no_template_makes_more_work_or_text_than_is_allowed(text: str) -> None:
    with pytest.raises(TemplateFault) as refused:
        Template(text).on(WEB)
    assert len(str(refused.value)) < 20_000


_WORDS = (
    "{{ }} {{- -}} . .State .Config.Labels .Mounts range if else end with $x := = | ( ) \"a\" `b` 'c' 1 -2.5 0x1f true"
    ' nil json index len printf "%5.2q" eq and or not slice join split pad truncate upper title html js print break'
    ' continue /* */ , $ define " \\ é'
)
_BITS = st.sampled_from([*_WORDS.split(), "\x00", "\n", " "])


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.lists(_BITS, max_size=30).map(lambda bits: "{{" + " ".join(bits) + "}}"),
        st.lists(_BITS, max_size=30).map("".join),
        st.text(max_size=60),
    )
)
def test_nothing_but_its_own_fault_comes_out_of_a_template(text: str) -> None:
    try:
        template = Template(text)
    except TemplateFault:
        return
    for carry_out in (template.on, template.on_raw, lambda value: template.heading({"State": "STATE"})):
        try:
            assert isinstance(carry_out(WEB), str)
        except TemplateFault as fault:
            json.dumps(str(fault))
