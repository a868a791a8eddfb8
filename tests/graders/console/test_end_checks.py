"""Checks of a session's end, on ends written by hand: what samples on an engine do not show."""

from typing import Any

import pytest
from console_ends import BUSYBOX_ID, busybox, container, done, end_of, file, journal, plan_of, touched

from graders.commands.end_state import EndImage, EndMount, EndNetwork, EndState, EndVolume
from graders.console_grading import judge
from graders.judging import Judging
from graders.observations import Observations
from graders.report import CheckOutcome, CheckResult
from graders.sandbox.base import FileKind, MountKind


def result(end: EndState, **check: Any) -> CheckResult:
    (found,) = judge(plan_of(check), end, seed=1, digest="").checks
    return found


def passes(end: EndState, **check: Any) -> bool:
    return result(end, **check).outcome is CheckOutcome.PASSED


def image(name: str, **more: Any) -> EndImage:
    facts: dict[str, Any] = {
        "id": f"sha256:{name}",
        "references": (f"{name}:latest",),
        "made_by": "build",
        "parent": BUSYBOX_ID,
        "layers": ("sha256:l1", f"sha256:{name}"),
    }
    return EndImage(**{**facts, **more})


def with_images(*images: EndImage, **more: Any) -> EndState:
    return end_of(images=(busybox(), *images), **more)


ASKS_IMAGE = {"kind": "container", "name": "web", "image": "site"}


def test_a_container_is_of_the_image_that_has_the_name_now() -> None:
    site = image("site")
    web = container("web", image="site", image_id=site.id)
    assert passes(with_images(site, containers=(web,)), **ASKS_IMAGE)
    by_id = container("web", image=site.id[:12], image_id=site.id)
    assert passes(with_images(site, containers=(by_id,)), **ASKS_IMAGE)


def test_a_container_of_an_image_that_lost_its_name_is_told_so() -> None:
    web = container("web", image="site", image_id="sha256:older")
    assert (
        "an earlier image of the name site"
        in result(with_images(image("site"), containers=(web,)), **ASKS_IMAGE).message
    )


def test_a_container_whose_image_was_removed_is_known_by_what_was_typed() -> None:
    web = container("web", image="site", image_id="sha256:gone")
    assert passes(end_of(web), **ASKS_IMAGE)


def test_a_container_of_another_image_is_told_which() -> None:
    assert "was made from busybox:1.35, not from site" in result(end_of(container("web")), **ASKS_IMAGE).message


def test_a_base_may_be_named_with_the_registry_that_docker_leaves_out() -> None:
    assert passes(end_of(container("web")), kind="container", name="web", image="docker.io/library/busybox:1.35")


def test_a_tmpfs_or_an_anonymous_volume_is_no_named_one() -> None:
    for kind in (MountKind.TMPFS, MountKind.ANONYMOUS):
        web = container("web", mounts=(EndMount(path="/data", kind=kind, name="store"),))
        assert not passes(end_of(web), kind="container", name="web", mounts={"/data": "store"})


def test_counting_counts_what_fits_only() -> None:
    end = end_of(container("one", state="running"), container("two", state="running"), container("three"))
    assert passes(end, kind="container", count=2, state="running")
    assert passes(end, kind="container", count=3)
    assert passes(end, kind="container", count=0, state="paused")
    assert result(end, kind="container", count=1, state="running").message == "2 containers are running, not 1."


def test_any_of_several_states_will_do() -> None:
    assert passes(end_of(container("web", state="paused")), kind="container", name="web", state=["running", "paused"])


def test_an_exit_code_is_asked_of_what_has_ended_only() -> None:
    found = result(end_of(container("web", state="running")), kind="container", name="web", exit_code=0)
    assert "has not ended" in found.message


def test_a_name_with_a_slash_in_front_is_the_name() -> None:
    assert passes(end_of(container("web")), kind="container", name="/web")


FROM = {"kind": "image_made", "reference": "site"}


def test_an_image_stands_on_its_parents_and_on_theirs() -> None:
    middle = image("middle")
    site = image("site", parent=middle.id, layers=(*middle.layers, "sha256:top"))
    end = with_images(middle, site)
    assert passes(end, **FROM, made_from="middle")
    assert passes(end, **FROM, made_from="busybox:1.35")
    assert not passes(end, **FROM, made_from="site")
    assert not passes(end, **FROM, made_from="nothing")


def test_an_image_whose_parent_is_not_known_stands_on_the_layers_it_begins_with() -> None:
    assert passes(with_images(image("site", parent="")), **FROM, made_from="busybox:1.35")
    scratch = image("site", parent="", layers=("sha256:own",))
    assert "it stands on nothing" in result(with_images(scratch), **FROM, made_from="busybox:1.35").message


def test_a_sibling_that_only_differs_in_its_config_is_no_parent() -> None:
    one, site = image("one", layers=("sha256:l1",)), image("site", layers=("sha256:l1",))
    assert not passes(with_images(one, site), **FROM, made_from="one")
    assert passes(with_images(one, site), **FROM, made_from="busybox:1.35")


def test_parents_in_a_circle_end_somewhere() -> None:
    one, site = image("one", parent="sha256:site"), image("site", parent="sha256:one", layers=("sha256:x",))
    assert passes(with_images(one, site), **FROM, made_from="one")
    assert not passes(with_images(one, site), **FROM, made_from="busybox:1.35")


def test_a_tag_on_a_base_makes_no_image_of_ones_own() -> None:
    tagged = busybox().model_copy(update={"references": ("busybox:1.35", "site:latest")})
    assert "is a base image of the lab" in result(end_of(images=(tagged,)), **FROM, made_by="build").message


def test_a_label_proves_nothing_about_who_made_an_image() -> None:
    site = image("site", made_by="commit", labels={"made_by": "build"})
    assert not passes(with_images(site), **FROM, made_by="build")


@pytest.mark.parametrize(
    ("asked", "has", "told"),
    [
        ({"user": "app"}, {}, "has the USER of root, not app"),
        ({"workdir": "/www/"}, {"workdir": "/www"}, ""),
        ({"exposed": ["8080", "53/udp"]}, {"exposed_ports": ("8080/tcp",)}, "declares 8080/tcp, not 53/udp"),
        ({"entrypoint": ["a"]}, {}, 'has the ENTRYPOINT none, not ["a"]'),
        ({"cmd": []}, {"cmd": ("a",)}, 'has the CMD ["a"], not none'),
        ({"labels": {"a": "1"}}, {"labels": {"a": "2"}}, "has the label a with the value 2, not 1"),
        ({"files": {"/a": "x"}}, {"files": {"/a": file("xyz")}}, ""),
        ({"files": {"/a": []}}, {"files": {"/a": None}}, "holds no /a"),
        ({"files_absent": ["/a"]}, {"files": {"/a": file("")}}, "holds /a, which should not be in it"),
    ],
)
def test_the_config_and_files_of_an_image_are_compared(asked: dict[str, Any], has: dict[str, Any], told: str) -> None:
    found = result(with_images(image("site", **has)), **FROM, **asked)
    assert (found.outcome is CheckOutcome.PASSED) == (not told)
    assert told in found.message


def test_a_folder_or_link_in_the_place_of_a_file_holds_nothing() -> None:
    link = file("secret").model_copy(update={"kind": FileKind.SYMLINK, "text": ""})
    end = end_of(volumes=(EndVolume(name="store", files={"/note": link}),))
    found = result(end, kind="volume_file", volume="store", path="/note", contains="secret")
    assert found.message == "/note in the volume store is a symlink, not a file."


def test_a_file_that_was_cut_says_so() -> None:
    end = end_of(volumes=(EndVolume(name="store", files={"/note": file("abc").model_copy(update={"cut": True})}),))
    assert (
        "only its beginning was read"
        in result(end, kind="volume_file", volume="store", path="/note", contains="z").message
    )


def test_what_may_be_kept_is_no_leftover_in_any_spelling() -> None:
    end = with_images(
        image("site"),
        containers=(container("web"),),
        volumes=(EndVolume(name="store"),),
        networks=(EndNetwork(name="shop"),),
    )
    assert passes(end, kind="leftovers", keep=["web", "store", "shop", "site"])
    assert result(end, kind="leftovers").message == (
        "Left over: the container web, the volume store, the network shop and the image site:latest."
    )


def test_many_leftovers_are_counted() -> None:
    end = end_of(*(container(f"c{number}") for number in range(10)))
    assert "and 2 more." in result(end, kind="leftovers", of=["containers"]).message


def test_a_leftover_names_the_last_line_that_was_about_it() -> None:
    made = done("container", "create", of=[touched("container", "web", made=True)])
    failed = done("container", "rm", args=["web"], exit_code=1)
    end = end_of(container("web"), journal=journal(made, failed))
    assert result(end, kind="leftovers").line == 1


def test_what_is_shown_is_inert() -> None:
    end = end_of(container("web", env={"A": "\x1b[31mred\u202e"}))
    found = result(end, kind="container", name="web", env={"A": "x"})
    assert "\x1b" not in f"{found.message}{found.seen}"
    assert "\u202e" not in f"{found.message}{found.seen}"


def test_a_check_that_was_given_no_session_is_broken_and_nobody_s_fault() -> None:
    plan = plan_of({"kind": "container", "name": "web"})
    told: list[Any] = []
    judging = Judging(plan, emit=told.append)
    judging.judge(plan.checks[0], Observations(sources={}))
    assert told[0].data["outcome"] == "skipped"


def test_a_container_that_should_have_ended_is_told_of_once() -> None:
    found = result(end_of(container("web", state="running")), kind="container", name="web", state="exited", exit_code=0)
    assert found.message == "The container web is running, not exited."


def test_a_container_that_ended_where_it_should_run_leads_to_its_logs() -> None:
    ended = container("web", state="exited", exit_code=1)
    found = result(end_of(ended), kind="container", name="web", state="running")
    assert found.seen == "exited, with exit code 1"
    assert "docker logs web" in found.hint


def test_a_file_that_a_container_never_wrote_is_told_with_what_went_wrong() -> None:
    ran = done("container", "run", of=[touched("container", "web", made=True)], exit_code=1)
    entries = journal(ran, stderr={1: "connecting\nwget: bad address\n"})
    found = result(end_of(container("web"), journal=entries), kind="container_file", container="web", path="/answer")
    assert (found.line, found.hint) == (1, 'Line 1 ended with exit code 1, and said: "wget: bad address"')


def test_what_was_removed_is_told_by_the_last_line_that_removed_it() -> None:
    gone = done("container", "rm", of=[touched("container", "web", removed=True)])
    found = result(
        end_of(container("db"), journal=journal(gone, done("container", "ls"), gone)), kind="container", name="web"
    )
    assert found.message == "There is no container web: line 3 removed it. There is: db."
    assert found.line == 3


def test_what_was_never_there_is_told_by_what_there_is() -> None:
    other = done("container", "rm", of=[touched("container", "wed", removed=True)])
    found = result(end_of(container("db"), journal=journal(other)), kind="container", name="web")
    assert (found.message, found.line) == ("There is no container web. There is: db.", None)
