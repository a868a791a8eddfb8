"""The ledger of a session, by itself."""

from graders.commands.state import MOST_OLD_NAMES, OwnContainer, SessionState


def test_a_ledger_does_not_grow_with_what_came_and_went() -> None:
    state = SessionState()
    kept = state.engine_name("c", "web")
    state.containers.append(OwnContainer(name="web", engine_name=kept, image="busybox:1.35"))
    state.references["app:latest"] = state.engine_reference("app:latest")
    for number in range(3 * MOST_OLD_NAMES):
        last = state.engine_name("v", f"data{number}")

    assert len(state.names) <= MOST_OLD_NAMES + 3
    assert state.shown_text(f"{kept} and {state.references['app:latest']}: {last}") == (
        f"web and app:latest: data{3 * MOST_OLD_NAMES - 1}"
    )
    assert SessionState.model_validate_json(state.model_dump_json()) == state
