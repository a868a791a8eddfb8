#!/bin/sh
# Writes the settings of this container from its environment, and becomes the board.
printf 'title=%s\nnotes=/notes\n' "${TITLE:-Notice board}" > /tmp/settings || exit 1
exec sh /app/board.sh /tmp/settings
