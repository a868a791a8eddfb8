"""`docker tag`: a further name for an image, or a name that moves to another one."""

from graders.commands.doing import Doing, carries
from graders.commands.image_names import engine_name, found_image, named, new_name, problem_of
from graders.commands.model import Command, CommandRefused

_MOST_NAMES = 50


@carries("image", "tag")
def tag(doing: Doing, command: Command) -> int:
    """Give the name, and print nothing."""
    word, name = command.args
    for text, of_image in ((word, True), (name, False)):
        problem = problem_of(text)
        if problem and not (of_image and doing.state.image(text) is not None):
            raise CommandRefused(
                f'Error parsing reference: "{text}" is not a valid repository/tag: {problem}', code="bad-value"
            )
    state = doing.state
    found = found_image(state, word)
    shown = new_name(state, name)
    if shown not in state.references and len(state.references) >= _MOST_NAMES:
        raise CommandRefused(
            f"Your images have {_MOST_NAMES} names, and that is all there is room for. Take one away with"
            " `docker rmi NAME`, then try again.",
            code="quota",
        )
    engine = engine_name(state, shown)
    doing.save()
    repository, _, engine_tag = engine.partition(":")
    reply = doing.daemon.call(
        "POST", f"/images/{found.id}/tag", query={"repo": repository, "tag": engine_tag}, aside=True
    )
    named(state, shown, engine, found.id)
    shown_name, _, shown_tag = shown.rpartition(":")
    query = {"repo": shown_name, "tag": shown_tag}
    doing.daemon.note("POST", f"/images/{word}/tag", query=query, status=reply.status)
    doing.touch("image", shown, found.id)
    return 0
