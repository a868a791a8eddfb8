#!/bin/sh
# Serves the notice board on port 8080: sh board.sh SETTINGS
# SETTINGS is a file with two lines, each of them once: title=… and notes=FOLDER.
if [ ! -r "$1" ]; then
    echo "There is no file of settings: ${1:-none was named}." >&2
    exit 3
fi
for name in title notes; do
    if [ "$(grep -c "^$name=." "$1")" -ne 1 ]; then
        echo "$1 must have exactly one line that begins with $name= and has a value." >&2
        exit 4
    fi
done
TITLE=$(sed -n 's/^title=//p' "$1")
NOTES=$(sed -n 's/^notes=//p' "$1")/notes.txt
export TITLE NOTES
mkdir -p "${NOTES%/*}" && touch "$NOTES" || exit 5
trap 'kill $!; exit 0' TERM
httpd -f -p 8080 -h /app/www -c /app/httpd.conf &
wait
