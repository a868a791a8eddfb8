#!/bin/sh
# Announces the next stop.
usage() {
    echo "Usage: announce.sh [--loud] STOP" >&2
    exit 2
}

loud=no
if [ "$1" = --loud ]; then
    loud=yes
    shift
fi
[ $# -eq 1 ] || usage
case "$1" in
    -*) usage ;;
esac
if [ "$loud" = yes ]; then
    echo "Next stop: $1" | tr a-z A-Z
else
    echo "Next stop: $1"
fi
