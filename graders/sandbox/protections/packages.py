"""Tries to get further than the package registries where a way to them is open, and to use it without permission."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

from graders.sandbox.base import ContainerSpec, PackageKind, SandboxUnavailable
from graders.sandbox.packages import has_gate, way_to_packages
from graders.sandbox.protections.bench import LINK_LOCAL, Bench, Finding, Protection
from graders.sandbox.protections.network import calls, judge

_NETWORK = "packages"
_REFUSED = "403"
_NO_GATE = Finding(holds=True, seen="This engine has no way to a package registry.")


def _openable(bench: Bench) -> tuple[PackageKind | None, str]:
    """A kind of package that this machine has a registry for, or why there is none."""
    why = ""
    for kind in get_args(PackageKind):
        try:
            with way_to_packages(bench.address, [kind]):
                return kind, ""
        except SandboxUnavailable as trouble:
            why = str(trouble)
    return None, why


@contextmanager
def _open_way(bench: Bench) -> Iterator[str]:
    """Where the proxy of an open way is, as a build is told; empty where none can be opened."""
    kind, _ = _openable(bench) if has_gate(bench.address) else (None, "")
    with way_to_packages(bench.address, [kind] if kind else []) as way:
        yield way.build_args.get("HTTP_PROXY", "").removeprefix("http://")


def _others(bench: Bench) -> Finding:
    """Builds of other labs and containers, while somebody's way is open."""
    if not has_gate(bench.address):
        return _NO_GATE
    with _open_way(bench) as proxy:
        if not proxy:
            return Finding(holds=True, seen="No way to a package registry can be opened on this machine.")
        host, _, port = proxy.partition(":")
        ask = (
            f'printf "GET http://{LINK_LOCAL}/ HTTP/1.0\\r\\n\\r\\n" | busybox nc -w 3 {host} {port}; echo "asked: $?"'
        )
        built = bench.build(f"RUN {ask}").log
        bench.job.create_network(_NETWORK)
        spec = ContainerSpec(image=bench.image, args=("sh", "-c", ask), network=_NETWORK)
        ran = bench.job.run(spec).stdout.decode(errors="replace")
    for who, heard in (("a build without permission", built), ("a container", ran)):
        said = re.search(r"^asked: (\d+)$", heard, re.MULTILINE)
        if said is None:
            return Finding(holds=False, seen=f"The attempt of {who} could not be made: {heard[-200:]}")
        if said[1] == "0" or re.search(r"^HTTP/", heard, re.MULTILINE):
            return Finding(holds=False, seen=f"The proxy before the package registries let {who} in.")
    return Finding(holds=True, seen="The open way of another build let in neither a build nor a container.")


def _proxy(bench: Bench) -> Finding:
    """A build that may fetch packages, asking for what is none."""
    if not has_gate(bench.address):
        return _NO_GATE
    kind, why = _openable(bench)
    if kind is None:
        return Finding(holds=True, seen=f"No way to a package registry can be opened on this machine. {why}")
    page = f"127.0.0.1:{bench.canary.port}"
    asked = {
        "a page of this machine": f"GET http://{page}/{bench.canary.nonce} HTTP/1.0",
        "a connection to this machine": f"CONNECT {page} HTTP/1.0",
        "a page of a metadata address": f"GET http://{LINK_LOCAL}/ HTTP/1.0",
        "a connection to a metadata address": f"CONNECT {LINK_LOCAL}:443 HTTP/1.0",
    }
    script = "; ".join(
        f'echo "{number}: $(printf "{line}\\r\\n\\r\\n" | busybox nc -w 5 ${{p%:*}} ${{p##*:}} 2>&1 | head -n 1)."'
        for number, line in enumerate(asked.values())
    )
    heard = bench.build(f"RUN p=${{HTTP_PROXY#http://}}; {script}; {calls(bench)}", packages=(kind,)).log
    for number, what in enumerate(asked):
        said = re.search(rf"^{number}: (.*?)\s*\.$", heard, re.MULTILINE)
        if said is None or _REFUSED not in said[1]:
            answer = (said[1] if said else "") or "no answer"
            return Finding(holds=False, seen=f"Asked for {what}, the proxy did not refuse: {answer}.")
    beside = judge(bench, heard)
    if not beside.holds:
        return beside
    return Finding(holds=True, seen=f"With {kind} allowed, the proxy refused all else. {beside.seen}")


PROTECTIONS = (
    Protection(id="packages-proxy", title="Package builds reach registries only", required=True, probe=_proxy),
    Protection(id="packages-others", title="Nobody else uses their way", required=True, probe=_others),
)
