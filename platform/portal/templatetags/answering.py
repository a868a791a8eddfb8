"""The part of a question that takes the answer, as its kind's template draws it, for a page of several questions."""

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from portal.page_form import named_for
from quizzes.showing import ShownQuestion

register = template.Library()


@register.simple_tag(takes_context=True)
def answering(
    context: template.RequestContext, question: ShownQuestion, value: object, mode: str = "answer"
) -> SafeString:
    """Render it with names that are this question's own; `mode` is answer or review."""
    attempt = context.get("attempt")
    shown = {"question": question, "value": value, "mode": mode, "attempt": attempt}
    return named_for(render_to_string(question.template, shown), question.position)
