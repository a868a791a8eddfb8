"""Short names that a course cannot have, since addresses of the site's own stand in their place."""

RESERVED: frozenset[str] = frozenset({"join"})
"""A test over all addresses keeps this list whole (tests/config/test_names_in_addresses.py)."""


def why_reserved(name: str) -> str:
    """Why a course cannot be called so; empty where it can."""
    if name not in RESERVED:
        return ""
    listed = ", ".join(f"`{one}`" for one in sorted(RESERVED))
    return f"cannot be `{name}`: the site has an address of that name. Choose another one; reserved: {listed}"
