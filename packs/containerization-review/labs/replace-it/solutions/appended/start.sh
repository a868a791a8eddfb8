#!/bin/sh
# Writes the settings of this container from its environment, and becomes the board.
echo "title=$TITLE" >> /tmp/settings
echo "notes=/notes" >> /tmp/settings
exec sh /app/board.sh /tmp/settings
