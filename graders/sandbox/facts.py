"""Turns what the engine says of an image into `ImageFacts`."""

from collections.abc import Mapping, Sequence
from typing import Any

from graders.sandbox.base import Healthcheck, HistoryEntry, ImageFacts

JOB_LABEL = "drydock.job"
"""On everything a job makes, to be read by people; never trusted, since an image's labels end up on containers."""

_CONFIG_ONLY = ("ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL")
_LAYERLESS = frozenset((*_CONFIG_ONLY, "STOPSIGNAL", "USER", "VOLUME"))


def image_facts(inspected: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> ImageFacts:
    """Facts from the replies of `GET /images/{id}/json` and `GET /images/{id}/history`."""
    config = inspected.get("Config") or {}
    layers = tuple((inspected.get("RootFS") or {}).get("Layers") or ())
    labels = {name: value for name, value in (config.get("Labels") or {}).items() if name != JOB_LABEL}
    return ImageFacts(
        image_id=inspected["Id"],
        size_bytes=int(inspected.get("Size") or 0),
        entrypoint=_words(config.get("Entrypoint")),
        cmd=_words(config.get("Cmd")),
        env=_environment(config.get("Env")),
        workdir=config.get("WorkingDir") or "",
        user=config.get("User") or "",
        exposed_ports=tuple(sorted(config.get("ExposedPorts") or (), key=_port_order)),
        volumes=tuple(sorted(config.get("Volumes") or ())),
        labels=labels,
        stop_signal=config.get("StopSignal") or "",
        shell=_words(config.get("Shell")),
        healthcheck=_healthcheck(config.get("Healthcheck")),
        history=_history(history, layers=len(layers)),
        layer_ids=layers,
        onbuild=_words(config.get("OnBuild")) or (),
    )


def _words(value: object) -> tuple[str, ...] | None:
    return tuple(str(word) for word in value) if isinstance(value, list) else None


def _environment(lines: Sequence[str] | None) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in lines or ())}


def _port_order(port: str) -> tuple[int, str]:
    number, _, protocol = port.partition("/")
    return (int(number) if number.isdigit() else 0, protocol)


def _healthcheck(value: Mapping[str, Any] | None) -> Healthcheck | None:
    if not value or not value.get("Test"):
        return None
    return Healthcheck(
        test=tuple(value["Test"]),
        interval_seconds=_seconds(value.get("Interval")),
        timeout_seconds=_seconds(value.get("Timeout")),
        retries=value.get("Retries") or None,
    )


def _seconds(nanoseconds: int | None) -> float | None:
    return nanoseconds / 1e9 if nanoseconds else None


def _history(rows: Sequence[Mapping[str, Any]], *, layers: int) -> tuple[HistoryEntry, ...]:
    """Oldest first.

    The engine's reply does not say which rows have a layer, so the instruction does: those that only change the config
    have none. A row without size whose instruction may or may not have made one (WORKDIR on a folder that is there)
    gives way until the rows with a layer are as many as the layers.
    """
    ordered = list(reversed(rows))
    empty = [_instruction(str(row.get("CreatedBy") or "")) in _LAYERLESS and not row.get("Size") for row in ordered]
    surplus = empty.count(False) - layers
    for position, row in enumerate(ordered):
        if surplus > 0 and not empty[position] and not row.get("Size"):
            empty[position] = True
            surplus -= 1
    return tuple(
        HistoryEntry(
            created_by=str(row.get("CreatedBy") or ""),
            size_bytes=int(row.get("Size") or 0),
            empty_layer=no_layer,
        )
        for row, no_layer in zip(ordered, empty, strict=True)
    )


def _instruction(created_by: str) -> str:
    """`ENV` of `ENV A=1`, and of the classic builder's `/bin/sh -c #(nop)  ENV A=1`."""
    words = created_by.partition("#(nop)")[2].split() or created_by.split()
    return words[0].upper() if words else ""
