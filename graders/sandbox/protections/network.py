"""Tries to get out: from the engine itself, from a build step, and from a container."""

import re

from graders.sandbox.protections.bench import LINK_LOCAL, Bench, Finding, Protection, own_addresses

_NOWHERE = re.compile(r"unreachable|no route to host|cannot assign requested address", re.IGNORECASE)
"""What the kernel says without a network, or an address of that kind. "Connection refused" means: it arrived."""


def calls(bench: Bench) -> str:
    """A shell script that calls the canary here, and the same port at every address it should not reach."""
    addresses = " ".join(["127.0.0.1", *own_addresses(), LINK_LOCAL])
    return (
        f"for address in {addresses}; do "
        f"said=$(echo {bench.canary.nonce} | busybox nc -w 2 $address {bench.canary.port} 2>&1); "
        'echo "$address: $said."; done'
    )


def judge(bench: Bench, heard: str) -> Finding:
    """Whether what `calls` printed shows that nobody was reached."""
    if bench.canary.reached:
        return Finding(holds=False, seen="It reached a server on this machine's loopback.")
    tried = [*own_addresses(), LINK_LOCAL]
    answers = {address: _answer(heard, address) for address in tried}
    if unheard := [address for address, said in answers.items() if said is None]:
        return Finding(holds=False, seen=f"The attempt on {', '.join(unheard)} could not be made: {heard[-200:]}")
    for address, said in answers.items():
        if said is not None and not _NOWHERE.search(said):
            return Finding(holds=False, seen=f"There is a way to {address}: {said or 'it was connected'}.")
    return Finding(holds=True, seen=f"Loopback of this machine, {' and '.join(tried)}: unreachable.")


def _answer(heard: str, address: str) -> str | None:
    found = re.search(rf"^{re.escape(address)}: (.*)\.$", heard, re.MULTILINE)
    return found[1] if found else None


def _fetch(bench: Bench) -> Finding:
    """ADD from a web address is carried out by the engine itself, whatever network the build has."""
    page = f"{bench.canary.port}/{bench.canary.nonce}"
    bench.build(f"ADD http://127.0.0.1:{page} /page")
    if bench.canary.reached:
        return Finding(holds=False, seen="ADD http://127.0.0.1 fetched a page of this machine.")
    for address in own_addresses():
        host = f"[{address}]" if ":" in address else address
        built = bench.build(f"ADD http://{host}:{page} /page")
        if not _NOWHERE.search(built.error):
            return Finding(holds=False, seen=f"ADD has a way to {address}: {built.error or 'it fetched a page'}")
    return Finding(holds=True, seen="ADD http://… reached neither this machine's loopback nor its own address.")


def _build(bench: Bench) -> Finding:
    return judge(bench, bench.build(f"RUN {calls(bench)}").log)


def _run(bench: Bench) -> Finding:
    return judge(bench, bench.run(calls(bench)).stdout.decode(errors="replace"))


PROTECTIONS = (
    Protection(id="network-fetch", title="The engine fetches nothing", required=True, probe=_fetch),
    Protection(id="network-build", title="A build step has no way out", required=True, probe=_build),
    Protection(id="network-run", title="A container has no way out", required=True, probe=_run),
)
