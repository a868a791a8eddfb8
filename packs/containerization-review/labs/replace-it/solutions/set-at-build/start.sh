#!/bin/sh
# Completes the settings, and becomes the board.
{ cat /app/settings && echo "notes=/notes"; } > /tmp/settings || exit 1
exec sh /app/board.sh /tmp/settings
