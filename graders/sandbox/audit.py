"""Finds out by trying, and not by reading settings, which protections of a sandbox engine hold.

Each attempt is bounded, runs through the same hardened way as a submission does, and is removed afterwards. An audit
holds the engine's turn, so it waits for a job in progress and no job begins meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graders.sandbox.connection import Address
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.protections import network, packages, privileges, resources
from graders.sandbox.protections.bench import Bench, Bounds, Protection, open_canary

PROTECTIONS: dict[str, Protection] = {
    protection.id: protection
    for protection in (
        *network.PROTECTIONS,
        *packages.PROTECTIONS,
        *privileges.PROTECTIONS,
        *resources.PROTECTIONS,
    )
}
"""Every protection by id, in the order in which they are tried."""

DEFAULT_BOUNDS = Bounds()


@dataclass(frozen=True, kw_only=True)
class ProtectionResult:
    """How one attempt went."""

    id: str
    title: str
    required: bool
    holds: bool
    seen: str
    """A sentence for the operator."""

    def __str__(self) -> str:
        return f"{self.title}: {'yes' if self.holds else 'no'}. {self.seen}"


def audit(
    engine_url: str, only: Iterable[str] | None = None, *, bounds: Bounds = DEFAULT_BOUNDS
) -> list[ProtectionResult]:
    """Try every protection, or those named, on the engine.

    Raises SandboxUnavailable when the engine does not answer, KeyError for a protection that does not exist.
    """
    return _audit(DockerSandbox(engine_url), list(PROTECTIONS) if only is None else list(only), bounds)


def required_failures(sandbox: DockerSandbox) -> list[str]:
    """Which required protections do not hold on this engine, a sentence each; none means that grading may begin.

    Raises SandboxUnavailable when the engine does not answer.
    """
    required = [protection.id for protection in PROTECTIONS.values() if protection.required]
    return [str(result) for result in failures(_audit(sandbox, required, DEFAULT_BOUNDS))]


def failures(results: Iterable[ProtectionResult]) -> list[ProtectionResult]:
    """The required ones that do not hold."""
    return [result for result in results if result.required and not result.holds]


def table(results: Sequence[ProtectionResult]) -> str:
    """The results for a terminal, one line each."""
    rows = [("holds", "needed", "protection", "seen")]
    rows += [
        (
            "yes" if result.holds else "NO",
            "required" if result.required else "advised",
            f"{result.title} ({result.id})",
            result.seen,
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])) for row in rows
    )


def _audit(sandbox: DockerSandbox, names: Sequence[str], bounds: Bounds) -> list[ProtectionResult]:
    chosen = [PROTECTIONS[name] for name in names]
    image = sandbox.probe_image()
    address = Address(sandbox.url)
    client = address.client()
    results = []
    try:
        with sandbox.job("sandbox-audit") as job:
            for protection in chosen:
                with open_canary() as canary:
                    bench = Bench(address=address, client=client, job=job, image=image, bounds=bounds, canary=canary)
                    finding = protection.probe(bench)
                results.append(
                    ProtectionResult(
                        id=protection.id,
                        title=protection.title,
                        required=protection.required,
                        holds=finding.holds,
                        seen=finding.seen,
                    )
                )
    finally:
        client.close()
    return results
