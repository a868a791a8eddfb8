#!/bin/sh
# Writes the settings of this container from its environment, and becomes the board.
mkdir /tmp/board || exit 1
printf 'title=%s\nnotes=/notes\n' "$TITLE" > /tmp/board/settings
exec sh /app/board.sh /tmp/board/settings
