#!/bin/sh
# Writes the settings if there are none yet, and becomes the board.
if [ ! -e /notes/settings ]; then
    printf 'title=%s\nnotes=/notes\n' "$TITLE" > /notes/settings || exit 1
fi
exec sh /app/board.sh /notes/settings
