"""The programs of an instance, and how they reach supervisord."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from authoring.calling import READERS
from deploy.up import programs
from deploy.up.instance import REPOSITORY, Instance, find
from deploy.up.programs import Program


def an_instance(tmp_path: Path, **environment: str) -> Instance:
    config = tmp_path / "platform/config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "settings.py").write_text((REPOSITORY / "platform/config/settings.py").read_text())
    return find(tmp_path, environment)


def names(instance: Instance) -> list[str]:
    return [program.name for program in programs.all_programs(instance, 8000)]


def test_an_instance_runs_everything_itself(tmp_path: Path) -> None:
    instance = an_instance(tmp_path, SANDBOX_SLOTS="2")

    assert names(instance) == [
        *("redis", "engine-0", "engine-1", "engine-console"),
        *("web", "worker-0", "worker-1", "console-worker", "console-tender", "author", "sweeper"),
    ]


def test_given_services_are_not_started(tmp_path: Path) -> None:
    instance = an_instance(tmp_path, REDIS_URL="redis://r:1", SANDBOX_ENGINES="tcp://a:1,tcp://b:1,tcp://c:1")

    assert names(instance) == ["web", "worker-0", "worker-1", "worker-2", "author", "sweeper"]


def test_consoles_use_an_engine_that_the_operator_gives(tmp_path: Path) -> None:
    instance = an_instance(tmp_path, SANDBOX_ENGINES="tcp://a:1", CONSOLE_ENGINE="tcp://c:1")
    of_consoles = [program for program in programs.site(instance, 8000) if program.name.startswith("console")]

    assert "engine-console" not in names(instance)
    assert [program.environment["CONSOLE_ENGINE"] for program in of_consoles] == ["tcp://c:1", "tcp://c:1"]


def test_no_grading_worker_has_the_engine_that_consoles_share(tmp_path: Path) -> None:
    instance = an_instance(tmp_path)

    assert instance.console_engine not in instance.engines


def test_what_is_on_the_consoles_engine_outlives_it_and_on_no_other(tmp_path: Path) -> None:
    engines = [one for one in programs.services(an_instance(tmp_path)) if one.name.startswith("engine")]

    assert {one.name for one in engines if "--keep" in one.command} == {"engine-console"}


def test_each_worker_has_an_engine_of_its_own(tmp_path: Path) -> None:
    workers = [program for program in programs.site(an_instance(tmp_path), 8000) if program.name.startswith("worker")]
    engines = [program.environment["SANDBOX_ENGINE"] for program in workers]

    assert len(engines) == len(set(engines)) > 0


def test_the_web_server_knows_no_single_engine(tmp_path: Path) -> None:
    web = programs.site(an_instance(tmp_path), 8000)[0]

    assert "SANDBOX_ENGINE" not in web.environment


def test_what_the_operator_set_reaches_the_site_and_what_settings_do_not_read_does_not(tmp_path: Path) -> None:
    instance = an_instance(tmp_path, SECRET_KEY="s3cret", DATABASE_URL="postgres://x", AWS_SECRET="theirs")
    environment = programs.site_environment(instance, 8123)

    assert environment["SECRET_KEY"] == "s3cret"
    assert environment["DATABASE_URL"] == "postgres://x"
    assert environment["SITE_URL"] == "http://127.0.0.1:8123"
    assert "AWS_SECRET" not in environment


def test_the_site_listens_on_loopback_unless_told_otherwise(tmp_path: Path) -> None:
    assert programs.site_environment(an_instance(tmp_path), 8000)["DRYDOCK_BIND"] == "127.0.0.1"
    assert programs.site_environment(an_instance(tmp_path, DRYDOCK_BIND="::1"), 8000)["SITE_URL"] == "http://[::1]:8000"


def test_a_change_in_the_code_changes_what_supervisord_sees_of_the_site_alone(tmp_path: Path) -> None:
    instance = an_instance(tmp_path, SANDBOX_SLOTS="2")
    before = sections(instance)
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs/queue.py").write_text("x = 1\n")
    after = sections(instance)

    assert {name for name in before if before[name] != after[name]} == {
        *("web", "worker-0", "worker-1", "console-worker", "console-tender", "author", "sweeper")
    }


def test_course_files_are_read_by_who_listens_to_their_queue_and_has_no_engine(tmp_path: Path) -> None:
    author = next(one for one in programs.site(an_instance(tmp_path), 8000) if one.name == "author")

    assert author.command[author.command.index("--queues") + 1] == READERS
    assert not {"SANDBOX_ENGINE", "CONSOLE_ENGINE"} & set(author.environment)


def sections(instance: Instance) -> dict[str, str]:
    text = programs.configuration(instance, programs.all_programs(instance, 8000))
    parts = text.split("[program:")[1:]
    return {part.partition("]")[0]: part for part in parts}


def test_supervisord_reads_the_configuration_even_where_the_path_has_spaces(tmp_path: Path) -> None:
    instance = an_instance(tmp_path / "a clone with spaces")
    file = tmp_path / "supervisord.conf"
    instance.log_dir.mkdir(parents=True)
    instance.run_dir.mkdir(parents=True, exist_ok=True)
    file.write_text(programs.configuration(instance, programs.all_programs(instance, 8000)))
    options = ServerOptions()
    try:
        options.realize(["-c", str(file)])
        configs = {config.name: config.process_configs[0] for config in options.process_group_configs}
    finally:
        instance.run_dir.rmdir()

    assert set(configs) == set(names(instance))
    assert configs["web"].directory == str(instance.repository)
    assert configs["web"].stdout_logfile == str(instance.log_dir / "web.log")
    assert configs["web"].environment["DRYDOCK_SUPERVISED_BY"] == instance.name


@pytest.mark.parametrize(
    "value", ["plain", "a % b %(here)s", "quote ' and \"", "semi ; # colon", "line\nbreak", "ä\\n"]
)
def test_a_value_reaches_the_program_as_it_is(tmp_path: Path, value: str) -> None:
    program = Program("x", (sys.executable, "-c", "import os; print(ascii(os.environ['VALUE']))"), {"VALUE": value})
    file = tmp_path / "x.json"
    file.write_text(programs._launch(program))

    said = subprocess.run(
        [sys.executable, REPOSITORY / "deploy/up/launch.py", file], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == ascii(value)


def test_a_program_sees_nothing_of_who_started_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEBODYS_SECRET", "x")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    file = tmp_path / "x.json"
    file.write_text(programs._launch(Program("x", (sys.executable, "-c", code), {"A": "1"})))

    said = subprocess.run(
        [sys.executable, REPOSITORY / "deploy/up/launch.py", file], capture_output=True, text=True, check=True
    )

    assert json.loads(said.stdout)["A"] == "1"
    assert "SOMEBODYS_SECRET" not in json.loads(said.stdout)


def test_files_that_hold_secrets_are_for_their_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.up.instance.RUN_ROOT", tmp_path / "run")
    instance = an_instance(tmp_path, SECRET_KEY="s3cret")
    programs.write_launches(instance, programs.all_programs(instance, 8000))

    files = list((instance.run_dir / "programs").iterdir())

    assert files
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    assert "s3cret" not in programs.configuration(instance, programs.all_programs(instance, 8000))


def test_engines_are_told_what_pip_and_npm_were_told_and_no_secret_of_the_site(tmp_path: Path) -> None:
    told = {
        "PIP_INDEX_URL": "https://packages.example/simple",
        "npm_config_registry": "https://packages.example/npm",
        "DRYDOCK_PACKAGES_APT": "https://packages.example/debian",
        "https_proxy": "http://proxy.example:3128",
    }
    instance = an_instance(tmp_path, SECRET_KEY="s3cret", DATABASE_URL="postgres://x", SANDBOX_SLOTS="1", **told)
    (engine,) = [program for program in programs.services(instance) if program.name == "engine-0"]

    assert engine.environment.items() >= told.items()
    assert not {"SECRET_KEY", "DATABASE_URL"} & engine.environment.keys()
