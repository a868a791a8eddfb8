#!/bin/sh
# Adds an entry to the log book, if there is one in ENTRY, and shows the book.
if [ -n "$ENTRY" ]; then
    printf '%s\n' "$ENTRY" >> /logbook/log.txt || exit 1
fi
cat /logbook/log.txt
