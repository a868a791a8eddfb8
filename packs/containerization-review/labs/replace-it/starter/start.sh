#!/bin/sh
# Written for a machine that is set up once and then runs for years.
mkdir /app/state || exit 1
echo "title=Town hall" >> /app/state/settings
echo "notes=/app/state" >> /app/state/settings
sh /app/board.sh /app/state/settings
