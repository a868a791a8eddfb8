#!/bin/sh
# Adds a line to the board: its one argument, letter by letter.
if [ $# -ne 1 ]; then
    echo "add.sh takes one line as its one argument, and was given $# arguments." >&2
    exit 1
fi
printf '%s\n' "$1" >> board.txt
