#!/bin/sh
# Adds the water level in LEVEL, if there is one, to the record, draws the curve anew, and shows the record.
# The record lies in the folder TIDE_DATA, the curve in the folder TIDE_CACHE.
data=${TIDE_DATA:-/app/data}
cache=${TIDE_CACHE:-$data/cache}
if [ $# -ne 0 ]; then
    echo "gauge.sh takes no arguments; write the level in the variable LEVEL." >&2
    exit 2
fi
mkdir -p "$data" "$cache" || exit 3
if [ -n "$LEVEL" ]; then
    printf '%s\n' "$LEVEL" >> "$data/levels.txt" || exit 4
fi
awk '{ line = ""; for (i = 0; i < $1 / 10; i++) line = line "~"; print line }' "$data/levels.txt" > "$cache/curve.txt" || exit 5
cat "$data/levels.txt"
