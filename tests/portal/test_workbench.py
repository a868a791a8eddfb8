"""The files of a lab as tabs, and what comes back from them."""

import pytest
from builders import a_lab, a_member, a_plan, graded
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from accounts.errors import DrydockError
from labs.models import LabVersion, Submission
from labs.services import submit
from portal.workbench import open_files, read_hand_in

pytestmark = pytest.mark.django_db

STARTER = {"Dockerfile": "FROM busybox:1.35\n", "app/main.py": "print('hello')\n", "given.txt": "given\n"}


@pytest.fixture
def version() -> LabVersion:
    plan = a_plan(
        submission={"required": ["Dockerfile"], "editable": ["Dockerfile", ".dockerignore", "app/*.py"], "max_mib": 1}
    )
    found = a_lab(plan=plan, starter=STARTER).current_version
    assert found is not None
    return found


def posted(**texts: str) -> QueryDict:
    post = QueryDict(mutable=True)
    for path, text in texts.items():
        post[f"file:{path.replace('__', '/').replace('_', '.')}"] = text
    return post


def uploads(*files: SimpleUploadedFile) -> MultiValueDict:  # type: ignore[type-arg]
    return MultiValueDict({"upload": list(files)})


def test_own_files_come_first_and_the_labs_own_are_only_to_look_at(version: LabVersion) -> None:
    files = open_files(version, {"app/extra.py": "x = 1\n"})
    assert [(file.path, file.own) for file in files] == [
        ("Dockerfile", True),
        ("app/main.py", True),
        ("app/extra.py", True),
        (".dockerignore", True),
        ("given.txt", False),
    ]


def test_line_ends_are_those_of_files_and_empty_optional_files_are_left_out(version: LabVersion) -> None:
    post = posted(Dockerfile="FROM busybox:1.35\r\nUSER 1\r\n")
    post["file:.dockerignore"] = ""
    assert read_hand_in(post, uploads(), version) == {"Dockerfile": b"FROM busybox:1.35\nUSER 1\n"}


def test_an_empty_dockerfile_is_handed_in_as_such(version: LabVersion) -> None:
    assert read_hand_in(posted(Dockerfile=""), uploads(), version) == {"Dockerfile": b""}


def test_an_uploaded_file_goes_where_the_lab_has_one_of_its_name(version: LabVersion) -> None:
    handed_in = read_hand_in(posted(Dockerfile="x"), uploads(SimpleUploadedFile("main.py", b"new")), version)
    assert handed_in == {"Dockerfile": b"x", "app/main.py": b"new"}


def test_an_archive_beside_single_files_is_refused(version: LabVersion) -> None:
    with pytest.raises(DrydockError) as refused:
        read_hand_in(posted(), uploads(SimpleUploadedFile("a.zip", b"PK"), SimpleUploadedFile("b.txt", b"")), version)
    assert refused.value.code == "archive_and_files"


def test_uploads_beyond_the_labs_limit_are_refused_by_their_size(version: LabVersion) -> None:
    with pytest.raises(DrydockError) as refused:
        read_hand_in(posted(), uploads(SimpleUploadedFile("a.zip", b"x" * (1024 * 1024 + 1))), version)
    assert refused.value.code == "files_too_large"


def test_the_editor_opens_with_the_latest_try_with_a_named_one_or_with_the_starter(client: Client) -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    for text in (b"FROM busybox:1.35\n# first\n", b"FROM busybox:1.35\n# second\n"):
        graded(submit(author=student, lab=lab, files={"Dockerfile": text}))
    client.force_login(student)
    address = reverse("portal:lab", args=[lab.activity.course.slug, lab.activity.slug])
    assert "# second" in client.get(address).content.decode()
    assert "# first" in client.get(address, {"from": "1"}).content.decode()
    assert "# second" not in client.get(address, {"from": "starter"}).content.decode()


def test_tries_that_are_used_up_are_said_and_the_text_is_kept(client: Client) -> None:
    lab = a_lab(attempts_allowed=1)
    student = a_member(lab.activity.course)
    graded(submit(author=student, lab=lab, files={"Dockerfile": b"FROM busybox:1.35\n"}))
    client.force_login(student)
    address = reverse("portal:lab", args=[lab.activity.course.slug, lab.activity.slug])
    answer = client.post(address, {"file:Dockerfile": "FROM busybox:1.35\nUSER 1\n"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Nothing was handed in" in page
    assert "You have used" in page
    assert "USER 1" in page
    assert Submission.objects.count() == 1


def test_a_lab_without_content_says_so(client: Client) -> None:
    lab = a_lab()
    lab.current_version = None
    lab.save()
    client.force_login(a_member(lab.activity.course))
    page = client.get(reverse("portal:lab", args=[lab.activity.course.slug, lab.activity.slug]))
    assert "This lab has no content yet" in page.content.decode()
