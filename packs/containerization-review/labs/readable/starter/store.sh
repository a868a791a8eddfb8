#!/bin/sh
# Greets, and says what is on each shelf.
echo "$GREETING"
for shelf in /store/*; do
    echo "${shelf##*/} $(cat "$shelf/amount")"
done
