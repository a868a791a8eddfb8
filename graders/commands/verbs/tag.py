"""`docker tag`: a further name for an image, or a name that moves to another one."""

from graders.commands.doing import Doing, carries
from graders.commands.image_names import found_image, give_name, new_names, problem_of
from graders.commands.model import Command, CommandRefused


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
    (shown,) = new_names(state, [name])
    shown_name, _, shown_tag = shown.rpartition(":")
    query = {"repo": shown_name, "tag": shown_tag}
    try:
        found = found_image(state, word)
    except CommandRefused:
        doing.daemon.note("POST", f"/images/{word}/tag", query=query, status=404)
        raise
    status = give_name(doing, shown, found.id)
    doing.daemon.note("POST", f"/images/{word}/tag", query=query, status=status)
    doing.touch("image", shown, found.id)
    return 0
