"""The check `final_image_without`: the image has none of what a running program does not need."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, model_validator

from graders.actions import DEFAULT
from graders.archive.limits import in_words
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.image.categories import CATEGORIES, NOT_COUNTED, Category
from graders.image.leftovers import Leftover, leftovers
from graders.image.patterns import Patterns
from graders.image.seen import shown_path
from graders.observations import Observations, Wants
from graders.sandbox.base import MIB
from graders.spec import Identifier, Texts
from graders.visible import listed

_NAMED = 3
_FOUND = 200
_WORDS: dict[str, str] = {
    "build-files": "files of the build itself",
    "compilers": "compilers and build tools",
    "credentials": "files with credentials",
    "editors": "editors and their traces",
    "package-caches": "caches of package managers",
    "package-managers": "package managers",
    "tests": "tests",
    "version-control": "the version control's own files",
}


def _one_category(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Categories = Annotated[tuple[Category, ...], BeforeValidator(_one_category, json_schema_input_type=str | list[str])]


@register("final_image_without")
class FinalImageWithout(Check):
    """The image, as it is in the end, has nothing of these `categories`, and nothing that fits these `patterns`.

    Only what was added to the base counts, unless `of_base` is set. `graders/image/categories.py` lists what belongs
    to a category: `build-files` (a Dockerfile, compose files), `compilers` (gcc, make, cargo, javac), `credentials`
    (.env, .netrc, id_rsa), `editors` (vim, nano, *.swp, .idea/), `package-caches` (lists and archives of apt, apk, pip,
    npm, go and others), `package-managers`, `tests` (tests/, test_*.py, *.spec.js; not those of installed packages),
    `version-control` (.git, .svn, .hg).
    """

    categories: Categories = ()
    """One or several of these names."""
    patterns: Texts = ()
    """Patterns of its own: `/src` from the root, `*.o`, `notes.txt` or `drafts/` anywhere, `**` across folders."""
    but: Texts = ()
    """Patterns of what is allowed all the same."""
    of_base: bool = False
    """Whether what the base image brought counts, too."""
    build: Identifier = DEFAULT
    """Which build's image."""

    why: ClassVar[str] = (
        "What only the build needed makes an image slower to fetch, and hands tools to whoever breaks into it."
    )
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("patterns", "but"),)
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="Only what was built is taken along.",
                check={"categories": ["compilers", "version-control", "tests", "package-caches"], "patterns": "/src"},
                dockerfile=(
                    "FROM busybox:1.35 AS maker\nRUN mkdir -p /src/.git /src/tests && echo > /src/tests/test_a.py && "
                    "echo built > /src/app\nFROM busybox:1.35\nCOPY --from=maker /src/app /app\n"
                ),
            ),
            Sample(
                about="What the base brought, what installed packages bring, and what is allowed.",
                check={"categories": ["editors", "tests"], "but": "/keep"},
                dockerfile=(
                    "FROM busybox:1.35\nRUN mkdir -p /usr/lib/python3/site-packages/x/tests /keep/tests && "
                    "touch /usr/lib/python3/site-packages/x/tests/test_x.py\n"
                ),
            ),
            Sample(
                about="Deleted in the end is enough here.",
                check={"categories": "package-caches"},
                dockerfile=(
                    "FROM busybox:1.35\nRUN mkdir -p /root/.cache/pip && echo > /root/.cache/pip/x\n"
                    "RUN rm -rf /root/.cache\n"
                ),
            ),
        ),
        wrong=(
            Sample(
                about="The lists of apt are left behind.",
                check={"categories": ["compilers", "package-caches"]},
                dockerfile=(
                    "FROM busybox:1.35\nRUN mkdir -p /var/lib/apt/lists/partial && touch /var/lib/apt/lists/lock\n"
                    "RUN echo x > /var/lib/apt/lists/deb.example_dists_InRelease\n"
                ),
                says=("caches of package managers: /var/lib/apt/lists/deb.example_dists_InRelease (RUN on line 3)"),
                line=3,
            ),
            Sample(
                about="The project's history and tests come along.",
                check={"categories": ["version-control", "tests"]},
                dockerfile="FROM busybox:1.35\nCOPY . /app\n",
                files={".gitattributes": "", "test_app.py": "", "app.py": ""},
                says="tests: /app/test_app.py (COPY on line 2)",
                line=2,
            ),
            Sample(
                about="Tests beside a program in the folder of sources.",
                check={"categories": "tests"},
                dockerfile="FROM busybox:1.35\nWORKDIR /usr/src/app\nCOPY . .\n",
                files={"tests/test_app.py": "", "app.py": ""},
                says="tests: /usr/src/app/tests (COPY on line 3)",
                line=3,
            ),
            Sample(
                about="A compiler, and a file of this lab's own.",
                check={"categories": "compilers", "patterns": ["/src", "*.o"]},
                dockerfile=(
                    "FROM busybox:1.35\nRUN mkdir -p /usr/bin /src/a && ln -s /bin/sh /usr/bin/gcc\n"
                    "RUN head -c 1500000 /dev/zero > /src/a/x.o\n"
                ),
                says="what this lab does not want: /src (RUN on line 2, 1.4 MiB)",
                line=2,
            ),
            Sample(
                about="The base's own, when asked.",
                check={"patterns": "bin/vi", "of_base": True},
                says="/bin/vi (the base image",
            ),
        ),
        malformed=(
            Sample(about="Nothing is asked for.", says="`categories` or `patterns`"),
            Sample(about="No such category.", check={"categories": "games"}, says="`categories`"),
            Sample(about="No pattern.", check={"patterns": "/"}, says="must hold patterns"),
        ),
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not self.categories and not self.patterns:
            raise ValueError("needs `categories` or `patterns`")
        Patterns([*self.patterns, *self.but])
        return self

    def heading(self) -> str:
        """Say what is expected."""
        return f"The image holds no {listed([*self.categories, *self.patterns], word='and no').replace('-', ' ')}"

    def wants(self) -> Wants:
        """The layers, which make the final file system."""
        return Wants(layers=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Walk through the final file system for each category."""
        layers = seen.layers[self.build]
        if layers.limit:
            return failed(f"{layers.limit} So nobody knows what it holds.")
        groups = {_WORDS[name]: (CATEGORIES[name], NOT_COUNTED.get(name, ())) for name in self.categories}
        if self.patterns:
            groups["what this lab does not want"] = (self.patterns, ())
        found: dict[str, list[Leftover]] = {}
        for words, (patterns, not_counted) in groups.items():
            but = Patterns([*self.but, *not_counted])
            walk = leftovers(layers, wanted=Patterns(patterns), but=but, of_base=self.of_base)
            if some := [each for each, _ in zip(walk, range(_FOUND), strict=False)]:
                found[words] = some
        if not found:
            return passed("The image holds none of it.")
        first = max(next(iter(found.values())), key=lambda each: each.size_bytes)
        return failed(
            f"The image holds {'; '.join(_told(words, some) for words, some in found.items())}.",
            seen="\n".join(shown_path(each.path) for some in found.values() for each in some[:10]),
            hint="Leave it behind in another stage, keep it out of the context, or remove it in the RUN that made it.",
            line=first.layer.line,
        )


def _told(words: str, found: list[Leftover]) -> str:
    ordered = sorted(found, key=lambda each: -each.size_bytes)
    named = [f"{shown_path(each.path)} ({each.layer.name}{_size(each)})" for each in ordered[:_NAMED]]
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{words}: {', '.join(named)}{more}"


def _size(found: Leftover) -> str:
    return f", {in_words(found.size_bytes)}" if found.size_bytes >= MIB // 10 else ""
