"""What a question's author asks an engine to do, and how the key follows from what is seen."""

from graders.spec import Spec


class ProofPlan(Spec):
    """A proof. Its fields say what is done; the question says what must be seen."""
