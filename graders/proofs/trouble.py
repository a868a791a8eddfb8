"""What keeps a proof from telling anything."""


class CannotTell(Exception):
    """The proof could not be carried out as it is written; the message says why, in a sentence for its author."""
