"""What a shell does and this console does not: each refused with a sentence of its own that says what to do."""

from graders.commands.model import CommandRefused

_SYNTAX_EXIT = 2

REFUSALS: dict[str, str] = {
    "redirection": "files are not written or read with `>` or `<` here. Leave it out: all output is shown, and"
    " `docker cp` moves files.",
    "streams": "streams are put together by `2>&1` alone here, behind the command: `docker logs web 2>&1 | grep x`.",
    "heredoc": "`<<` is not read here. Write the text into a file of the lab's folder.",
    "background": "`&` does not run anything in the background here. Use `docker run -d`, or `&&` between commands.",
    "variable": "variables are not set or read here. Write the value itself; `$(docker ps -q)` and `$PWD` do work. For"
    " a dollar sign that the container is to see, put the word in single quotes.",
    "arithmetic": "`$((…))` is not worked out here. Write the number itself.",
    "subshell": "parentheses group no commands here. Write the commands one after another, parted by `;` or `&&`.",
    "parenthesis": "a `$(` was opened and never closed. Add the `)`.",
    "glob": "`*`, `?` and `[` stand for no file names here. Write the names themselves, or put the word in quotes if"
    " it is to be taken as it is.",
    "braces": "`{a,b}` is not written out here. Write each word itself, or put the word in quotes if it is to be taken"
    " as it is.",
    "home": "`~` names no folder here. Write paths from the lab's folder, such as `./app`.",
    "exclamation": "`!` repeats or negates nothing here. Take an earlier line with the arrow keys, or put the word in"
    " quotes.",
    "nested": "`$(…)` may stand in `$(…)` once, and no deeper. Do it in two lines.",
    "single-quote": "a quotation mark ' was opened and never closed. Add the closing one.",
    "double-quote": 'a quotation mark " was opened and never closed. Add the closing one.',
    "backtick": "a ` was opened and never closed. Add the closing one, or write `$(…)`.",
    "ends-in-backslash": "the line ends in `\\`, which says that it goes on. Add the rest, or leave the `\\` out.",
    "character": "the line holds a character that no command can hold. Type the line again.",
    "dash": "the word begins with a long dash, as word processors make it. Type `-` or `--` on your keyboard.",
    "curly-quote": "the line holds curly quotation marks, as word processors make them. Type ' or \" on your keyboard.",
    "odd-space": "the line holds a space that is no ordinary one, as it comes from copied text. Type the space again.",
    "keyword": "loops, conditions and functions are not carried out here. Write the commands one after another.",
    "syntax": "something is missing beside `{sign}`. Put a command on each side of it.",
    "too-long": "the line is longer than the {most} bytes that this console reads. Part it into several lines.",
    "too-slow": "the line has taken too long already, so the rest of it was not carried out. Part it into several"
    " lines.",
    "too-much-substituted": "`$(…)` gave more than the {most} bytes that a command may hold. Ask for less.",
    "too-many-words": "the command has more than {most} words. Part it into several commands.",
    "too-many-commands": "the line holds more than {most} commands. Part it into several lines.",
}
"""By the code that a refusal carries."""

_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
_QUOTES = frozenset("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb")
_SPACES = frozenset(
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u3000"
)


def refused(code: str, **values: object) -> CommandRefused:
    """Make the refusal of this code."""
    words = REFUSALS[code].format(**values) if values else REFUSALS[code]
    return CommandRefused(f"console: {words}", code=code, exit_code=_SYNTAX_EXIT)


def unlike_the_key(char: str, *, first: bool) -> None:
    """Refuse what looks like a key's character and is none: it comes with text that was copied from a document."""
    if char.isascii():
        return
    if first and char in _DASHES:
        raise refused("dash")
    if char in _QUOTES:
        raise refused("curly-quote")
    if char in _SPACES:
        raise refused("odd-space")
