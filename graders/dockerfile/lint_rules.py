"""What hadolint's rules mean, in a learner's words: what to write instead, and why it matters.

Rules that need settings of their own (labels by a schema, trusted registries) or that no engine here lets come up are
not among them. `SC` rules are ShellCheck's, about the commands in RUN.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `words` say what to do, `why` what for."""

    words: str
    why: str


_CHANGES = "What is built today and next year should be the same: an open version changes under you."
_ASKS = "Nobody is there to answer a question while an image is built, so the build stops."
_STAYS = "What one layer holds stays in the image, even where a later line deletes it."
_LAST = "The earlier ones do nothing, and whoever reads them believes in what never happens."
_QUOTES = "A name with a space or a star in it falls apart without quotes, and the command does something else."

RULES: dict[str, Rule] = {
    "DL1000": Rule("hadolint cannot read this line.", "What tools cannot read, people misread too."),
    "DL1001": Rule(
        "Do not switch findings off with a comment; mend what they name.",
        "A finding that is switched off comes back as trouble where nobody looks for it.",
    ),
    "DL3000": Rule(
        "WORKDIR needs an absolute path, one that starts with /.",
        "A relative one hangs on every WORKDIR above it and on the base image's own.",
    ),
    "DL3001": Rule(
        "This command makes no sense while an image is built.",
        "A build has no user, no services and no hardware to look at; only files stay.",
    ),
    "DL3002": Rule(
        "The last USER is root: end with a user that has fewer rights.",
        "Whoever breaks into the program has its user's rights.",
    ),
    "DL3003": Rule(
        "Use WORKDIR to change the folder; a cd in RUN lasts for that line only.",
        "Each RUN is a shell of its own and starts in WORKDIR.",
    ),
    "DL3004": Rule(
        "Do not use sudo while building: RUN is root already, unless USER says otherwise.",
        "sudo adds a way back to root to every container.",
    ),
    "DL3006": Rule("Name the image's tag: without one it means latest, which changes under you.", _CHANGES),
    "DL3007": Rule("Do not build on latest: it changes under you. Name a version.", _CHANGES),
    "DL3008": Rule("Pin the versions of apt packages: apt-get install name=version.", _CHANGES),
    "DL3009": Rule(
        "Remove apt's lists in the same RUN (rm -rf /var/lib/apt/lists/*), or they stay in the layer.", _STAYS
    ),
    "DL3010": Rule(
        "An archive is copied here and unpacked later: ADD unpacks it as it copies.",
        "The archive itself stays in its layer, though only its files are needed.",
    ),
    "DL3011": Rule("A port is a number from 0 to 65535.", "There are no other ports."),
    "DL3012": Rule("Only one HEALTHCHECK counts: the last. Remove the others.", _LAST),
    "DL3013": Rule("Pin the versions of Python packages: pip install name==version, or a requirements file.", _CHANGES),
    "DL3014": Rule("Add -y to apt-get install: nobody is there to answer its question.", _ASKS),
    "DL3015": Rule(
        "Add --no-install-recommends to apt-get install: fewer packages, a smaller image.",
        "Recommended packages make the image larger and are rarely used in a container.",
    ),
    "DL3016": Rule("Pin the versions of npm packages: npm install name@version.", _CHANGES),
    "DL3018": Rule("Pin the versions of apk packages: apk add name=version.", _CHANGES),
    "DL3019": Rule("Add --no-cache to apk add, or its index stays in the layer.", _STAYS),
    "DL3020": Rule(
        "Use COPY for files and folders; ADD also unpacks and downloads.",
        "COPY does one thing; with ADD a reader must know what the file is to tell what happens.",
    ),
    "DL3021": Rule(
        "COPY with several sources needs a destination that ends in /.", "Several files only fit into a folder."
    ),
    "DL3022": Rule(
        "COPY --from should name a stage of this file.",
        "A number moves when a stage is added, and another image changes under you.",
    ),
    "DL3023": Rule("COPY --from cannot copy from its own stage.", "A stage is not ready while it is being built."),
    "DL3024": Rule("Two stages have the same name.", "Nobody can tell which of the two is meant."),
    "DL3025": Rule(
        'Use the exec form, ["program", "argument"]: the shell form swallows stop signals.',
        "A program behind a shell is not told to stop, and is killed after ten seconds.",
    ),
    "DL3027": Rule(
        "Use apt-get in scripts; apt is made for people at a terminal.",
        "apt's way of working may change with any release; apt-get's does not.",
    ),
    "DL3028": Rule("Pin the versions of gems: gem install name:version.", _CHANGES),
    "DL3029": Rule("Do not set --platform in FROM.", "An image for one platform runs slowly on others, or not at all."),
    "DL3030": Rule("Add -y to yum install: nobody is there to answer its question.", _ASKS),
    "DL3032": Rule("Run yum clean all in the same RUN, or its cache stays in the layer.", _STAYS),
    "DL3033": Rule("Pin the versions of yum packages: yum install name-version.", _CHANGES),
    "DL3034": Rule("Add -y to zypper: nobody is there to answer its question.", _ASKS),
    "DL3035": Rule("Do not upgrade the whole system with zypper; build on a newer base image.", _CHANGES),
    "DL3036": Rule("Run zypper clean in the same RUN, or its cache stays in the layer.", _STAYS),
    "DL3037": Rule("Pin the versions of zypper packages: zypper install name=version.", _CHANGES),
    "DL3038": Rule("Add -y to dnf install: nobody is there to answer its question.", _ASKS),
    "DL3040": Rule("Run dnf clean all in the same RUN, or its cache stays in the layer.", _STAYS),
    "DL3041": Rule("Pin the versions of dnf packages: dnf install name-version.", _CHANGES),
    "DL3042": Rule("Add --no-cache-dir to pip install, or the downloads stay in the layer.", _STAYS),
    "DL3043": Rule(
        "ONBUILD cannot hold back FROM, MAINTAINER or another ONBUILD.", "The engine refuses to build such an image."
    ),
    "DL3044": Rule(
        "An ENV cannot use a variable that the same ENV sets; write a second ENV.",
        "The value from above the line is used, which is not what it looks like.",
    ),
    "DL3045": Rule(
        "Set a WORKDIR before copying to a relative path, so that it is clear where the file goes.",
        "Without it the base image decides where the file lands.",
    ),
    "DL3046": Rule(
        "Add -l to useradd when the user's number is high.",
        "Without it the login log becomes a file as large as the number.",
    ),
    "DL3047": Rule(
        "Without a progress setting, wget fills the build log: add -q or --progress=dot:giga.",
        "What matters in a log is lost between thousands of progress lines.",
    ),
    "DL3048": Rule(
        "A label's name is made of small letters, digits, dots and hyphens, and is not of Docker's own names.",
        "Tools find labels by name, and names that break the rules clash with theirs.",
    ),
    "DL3057": Rule(
        "There is no HEALTHCHECK.",
        "Without one an engine only knows that the process is there, not that it works.",
    ),
    "DL3059": Rule(
        "Several RUN lines in a row: join them with &&, each one is a layer.",
        "Each RUN is a layer, and what one leaves behind, the next cannot take out of the image.",
    ),
    "DL3060": Rule("Run yarn cache clean in the same RUN, or the downloads stay in the layer.", _STAYS),
    "DL3061": Rule(
        "A Dockerfile begins with FROM, or with ARG lines that FROM uses.",
        "Every instruction works on an image, so one has to be named first.",
    ),
    "DL3062": Rule("Pin the versions of Go programs: go install path@version.", _CHANGES),
    "DL3063": Rule(
        "This word cannot name a stage: it has a meaning of its own.", "A stage of that name is never found."
    ),
    "DL3064": Rule(
        "A secret has no place in ARG or ENV: whoever has the image can read both.",
        "History and configuration go wherever the image goes, and a secret in them is one no more.",
    ),
    "DL3065": Rule(
        "Leave --platform=$TARGETPLATFORM out: it is what happens anyway.",
        "A flag that does nothing makes readers look for a reason.",
    ),
    "DL3066": Rule(
        "Name the user by number, as in USER 1000.",
        "A cluster that forbids root can check a number before it starts the container, but not a name.",
    ),
    "DL3067": Rule(
        "Copy what is needed from the other stage, not all of it.",
        "With everything the tools of the build come back into the image that they were kept out of.",
    ),
    "DL4000": Rule("MAINTAINER is out of date; use a LABEL.", "Engines warn about it and may stop to read it."),
    "DL4001": Rule("Use wget or curl, not both.", "Two tools for one purpose make the image larger."),
    "DL4003": Rule("Only the last CMD counts: it replaces the ones before.", _LAST),
    "DL4004": Rule("Only the last ENTRYPOINT counts: it replaces the ones before.", _LAST),
    "DL4005": Rule(
        "Use SHELL to change the default shell, not a link in its place.",
        "Programs of the base image rely on the shell that they were tested with.",
    ),
    "DL4006": Rule(
        'Set SHELL ["/bin/bash", "-o", "pipefail", "-c"] before a pipe in RUN, or its failures go unseen.',
        "Of a pipe only the last command's end counts: a failed download builds all the same.",
    ),
    "SC1091": Rule(
        "The sourced script cannot be looked at from here.", "What it does is not known to whoever checks this file."
    ),
    "SC2002": Rule(
        "There is no need for cat here: the command reads files by itself.",
        "Each process of a pipe can fail unseen, and one less is one less.",
    ),
    "SC2028": Rule(
        "echo may not understand \\n; use printf.", "Shells differ in it: dash, bash and busybox print other things."
    ),
    "SC2034": Rule("This variable is set but never used.", "Most often its name is misspelled in one of two places."),
    "SC2035": Rule(
        "Write ./* for *, so that a name that begins with a dash is no option.",
        "A file named -rf is then taken for what it says.",
    ),
    "SC2039": Rule("This is not part of the plain shell (sh).", "RUN uses /bin/sh, which is not bash in small images."),
    "SC2046": Rule("Put quotes around $(…).", _QUOTES),
    "SC2086": Rule('Put quotes around the variable: "$NAME".', _QUOTES),
    "SC2103": Rule(
        "Use ( cd … && … ) rather than going back with cd ..", "When the first cd fails, cd .. leads somewhere else."
    ),
    "SC2115": Rule(
        'Write "${NAME:?}/" so that an empty variable cannot become /.',
        "rm -rf of an empty variable and a slash deletes everything there is.",
    ),
    "SC2154": Rule(
        "This variable is used but never set.", "It is empty then, and the command does something else in silence."
    ),
    "SC2155": Rule("Set the variable first and export it after that.", "Otherwise the command's failure goes unseen."),
    "SC2164": Rule(
        "Say what happens when cd fails: cd … || exit 1.",
        "The commands after it would work in the wrong folder.",
    ),
    "SC2174": Rule(
        "With -p, -m sets the mode of the deepest folder only.", "The folders above it keep the usual mode."
    ),
    "SC3010": Rule("[[ ]] is bash's own; write [ ] for sh.", "RUN uses /bin/sh, which is not bash in small images."),
}

OFF_BY_DEFAULT = frozenset({"DL1001", "DL3057"})
"""Rules that hadolint only applies when told to."""
