"""What can be wrong with a template: how it is written, or what it asks of the value it is given."""


class TemplateFault(Exception):
    """A template cannot be read or carried out; the message is worded as Go's text/template words it."""


class UnreadableTemplate(TemplateFault):
    """It is not written as a template is."""


class FailedTemplate(TemplateFault):
    """It is a template, and what it asks for is not there or cannot be done."""
