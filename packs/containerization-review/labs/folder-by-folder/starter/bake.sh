#!/bin/sh
# Bakes bread.txt of recipe.txt: both in the folder that it is started in.
if [ ! -f recipe.txt ]; then
    echo "There is no recipe.txt in $(pwd)." >&2
    exit 1
fi
echo "Bread with $(cat recipe.txt)" > bread.txt
