#!/bin/sh
# Shows the texts of all rooms, one after the other, and then the log of the ship.
find tour -name '*.txt' | sort | while read -r room; do
    echo "== $room"
    cat "$room"
done
echo "== The log of the ship"
cat tour/ship.log
