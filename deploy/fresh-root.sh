#!/usr/bin/env bash
# Proves that a bare Debian 12 becomes a working Drydock: makes a new root with only python3, python3-venv, make, git and
# ca-certificates in it, enters it with mounts and processes of its own, and runs there, from a clone of HEAD, `make up`,
# `make demo` and `make test`, cold and then warm. Prints each command's last lines and how long it took.
#
#     deploy/fresh-root.sh [--keep] [--once] [--into DIR | --again DIR] [COMMAND…]
#
#   --keep      leave the root where it is, and say where
#   --again DIR use a root that was kept, with its clone brought to HEAD; it stays
#   --once      no second, warm pass
#   --into DIR  make the root in DIR (default: a new folder under TMPDIR)
#   COMMAND…    what to run instead of: up demo test
#
# Needs root and mmdebstrap. Where packages come from is this machine's own configuration of apt, pip and npm, which is
# copied in, with its certificate authorities: no address stands in here. The root is entered by pivot_root, not chroot:
# inside a chroot the kernel lets nobody make user namespaces, and the sandbox engine lives on them.
set -euo pipefail

PACKAGES=python3,python3-venv,make,git,ca-certificates
SUITE=bookworm
LAST_LINES=12

keep=no passes="cold warm" into="" again=""
while [ $# -gt 0 ]; do
    case "$1" in
        --keep) keep=yes ;;
        --once) passes=${passes%% *} ;;
        --into) into=$2; shift ;;
        --again) again=$2 keep=yes passes=warm; shift ;;
        --help) sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//; p}' "$0"; exit 0 ;;
        -*) echo "There is no $1: see deploy/fresh-root.sh --help." >&2; exit 1 ;;
        *) break ;;
    esac
    shift
done
commands=("${@:-up demo test}")
read -ra commands <<<"${commands[*]}"

say() { printf '%s\n' "$*"; }
[ "$(id -u)" = 0 ] || { say "Making a root needs root: run this as root, or with sudo." >&2; exit 1; }
command -v mmdebstrap >/dev/null || { say "mmdebstrap is missing: run apt-get install mmdebstrap." >&2; exit 1; }

repository=$(cd "$(dirname "$0")/.." && git rev-parse --show-toplevel)
work=${again:-$(mktemp -d "${into:-${TMPDIR:-/tmp}}/drydock-fresh-XXXXXX")}
root=$work/root
# A name of its own: control groups and sockets are named after where the clone lies.
clone=/root/$(basename "$work")

finish() {
    if [ "$keep" = yes ]; then
        say "The root stays; for another run in it: deploy/fresh-root.sh --again $work"
    else
        rm -rf --one-file-system "$work"
    fi
}
trap finish EXIT

# ── A new root ────────────────────────────────────────────────────────────────────────────────────────────────────
make_root() {
    say "Making a new root in $root"
    sources=()
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ -s "$file" ] && sources+=("$file")
    done
    options=()
    while read -r setting; do options+=("--aptopt=$setting"); done < <(
        apt-config dump --no-empty --format '%F "%v";%n' Acquire 2>/dev/null | grep -E '::[A-Za-z-]+ "' || true)
    mmdebstrap --quiet --variant=minbase --include="$PACKAGES" "${options[@]}" "$SUITE" "$root" "${sources[@]}"
}
began=$SECONDS
[ -n "$again" ] || make_root

# ── This machine's ways to packages ──────────────────────────────────────────────────────────────────────────────
copy() { # copies a file or folder to the same place in the root
    [ -e "$1" ] || return 0
    mkdir -p "$root$(dirname "$1")"
    rm -rf "${root:?}$1"
    cp --recursive --dereference --no-target-directory "$1" "$root$1"
}
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
for place in sources.list sources.list.d auth.conf auth.conf.d keyrings trusted.gpg trusted.gpg.d preferences.d; do
    copy "/etc/apt/$place"
done
printf '%s;\n' "${options[@]#--aptopt=}" | sed 's/;;$/;/' >"$root/etc/apt/apt.conf.d/90this-machine"
for file in /etc/resolv.conf /etc/hosts /usr/local/share/ca-certificates; do copy "$file"; done

shared=() # folders of this machine that pip's configuration names; files are copied
if command -v pip >/dev/null; then
    while read -r file; do copy "$file"; done < <(
        pip config debug 2>/dev/null | sed -n 's/^ *\(.*\), exists: True$/\1/p')
    while read -r place; do
        place=${place%/simple} # an index on disk has its files beside it
        if [ -d "$place" ]; then shared+=("$place"); else copy "$place"; fi
    done < <(
        pip config list 2>/dev/null | grep -oE '(file://)?/[^ '\'']+' | sed 's,^file://,,' | sort -u)
fi
variables=("HOME=/root" "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "LANG=C.UTF-8" "TERM=dumb")
if command -v npm >/dev/null; then
    for which in userconfig globalconfig; do
        file=$(npm config get "$which" 2>/dev/null)
        copy "$file"
        [ -e "$file" ] && variables+=("npm_config_$which=$file")
    done
fi
while IFS= read -r -d '' variable; do
    case "${variable,,}" in
        pip_*=* | npm_config_*=* | http_proxy=* | https_proxy=* | no_proxy=* | *ca_bundle=* | ssl_cert_*=* | node_extra_ca_certs=*)
            variables+=("$variable") ;;
    esac
done < <(env --null)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
variables+=("DRYDOCK_PORT=$port")

[ -d "$root$clone" ] || git clone --quiet "$repository" "$root$clone"
git -C "$root$clone" fetch --quiet "$repository" HEAD
git -C "$root$clone" reset --quiet --hard FETCH_HEAD
say "The root is ready after $((SECONDS - began)) s: $(du -sm "$root" | cut -f1) MiB, $(chroot "$root" dpkg-query -W | wc -l) packages, HEAD $(git -C "$root$clone" log -1 --format='%h %s')"

# ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────────
cat >"$root/enter" <<'ENTER'
#!/usr/bin/env bash
# Runs as the first process of the new root.
set -u
clone=$1 passes=$2 last_lines=$3
shift 3
update-ca-certificates >/dev/null 2>&1
cd "$clone" || exit 1
worst=0
summary=()
for pass in $passes; do
    for command in "$@"; do
        printf '\n── make %s, %s ──\n' "$command" "$pass"
        began=$(date +%s)
        make "$command" </dev/null >"/var/log/make-$command-$pass.log" 2>&1
        code=$?
        seconds=$(($(date +%s) - began))
        tail -n "$last_lines" "/var/log/make-$command-$pass.log"
        summary+=("$(printf '%-6s %-5s %5d s   %s' "$command" "$pass" "$seconds" "$([ $code = 0 ] && echo passed || echo "FAILED ($code)")")")
        [ $code = 0 ] || worst=1
    done
done
printf '\n'
make down
printf '\n── in all ──\n'
printf '%s\n' "${summary[@]}"
exit $worst
ENTER
chmod +x "$root/enter"

export ROOT=$root
code=0
# shellcheck disable=SC2016 # expanded inside
unshare --mount --pid --fork --kill-child --propagation private bash -euc '
    mount --bind "$ROOT" "$ROOT"
    mount -t proc proc "$ROOT/proc"
    mount -t sysfs sysfs "$ROOT/sys"
    mount --rbind /sys/fs/cgroup "$ROOT/sys/fs/cgroup"
    mount --rbind /dev "$ROOT/dev"
    mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
    for folder in $1; do
        mkdir -p "$ROOT$folder"
        mount --bind "$folder" "$ROOT$folder"
    done
    shift
    mkdir -p "$ROOT/old"
    cd "$ROOT"
    pivot_root . old
    umount --lazy /old
    exec env --ignore-environment "$@"
' enter "${shared[*]}" "${variables[@]}" bash /enter "$clone" "$passes" "$LAST_LINES" "${commands[@]}" </dev/null || code=$?

mkdir -p "$repository/var/log"
cp "$root"/var/log/make-*.log "$repository/var/log/" 2>/dev/null || true
say "The whole output of each command is in var/log/make-*.log."
exit "$code"
