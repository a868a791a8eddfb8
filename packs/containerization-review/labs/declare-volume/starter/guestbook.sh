#!/bin/sh
# Adds a note to the guest book, if there is one in NOTE, and shows the book.
if [ $# -ne 0 ]; then
    echo "guestbook.sh takes no arguments; write the note in the variable NOTE." >&2
    exit 2
fi
if [ -n "$NOTE" ]; then
    printf '%s\n' "$NOTE" >> /data/book.txt || exit 1
fi
cat /data/book.txt
