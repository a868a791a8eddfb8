#!/bin/sh
# Puts the goods of stock.txt, in the folder that it is started in, on their shelves.
if [ ! -f stock.txt ]; then
    echo "fill.sh: there is no stock.txt in $(pwd)." >&2
    exit 1
fi
while read -r goods amount; do
    if [ ! -d "/store/$goods" ]; then
        echo "fill.sh: there is no shelf /store/$goods for the $goods." >&2
        exit 1
    fi
    echo "$amount" > "/store/$goods/amount"
done < stock.txt
