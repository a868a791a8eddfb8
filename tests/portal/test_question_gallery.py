"""The gallery shows each kind of question in each state, and nothing that its author wrote as markup."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from portal.gallery.views import question_gallery
from quizzes.types import REGISTRY


@pytest.mark.django_db
def test_the_gallery_shows_every_kind_in_each_state(rf: RequestFactory) -> None:
    request = rf.get("/_gallery/questions/")
    request.user = AnonymousUser()
    page = question_gallery(request).content.decode()
    for kind in REGISTRY:
        section = page.split(f'<section class="section questions" id="{kind}"')[1].split("</section>")[0]
        judged = ["Marked by a person"] if REGISTRY.get(kind).needs_person else ["Right", "Wrong"]
        for title in ("Unanswered", "Answered", "Handed in", *judged, "Reviewed without an answer"):
            assert f">{title}</h3>" in section, kind
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "<i>" not in page


def test_the_gallery_is_served_only_while_developing(client: Client) -> None:
    assert client.get("/_gallery/questions/").status_code == 404
