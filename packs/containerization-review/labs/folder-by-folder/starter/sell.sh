#!/bin/sh
# Offers the bread of the oven next door.
if [ ! -f ../oven/bread.txt ]; then
    echo "I am in $(pwd), and see no bread in ../oven." >&2
    exit 1
fi
echo "Fresh today: $(cat ../oven/bread.txt)"
