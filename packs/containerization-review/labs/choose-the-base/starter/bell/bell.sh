#!/bin/sh
# Says when the bell rings: the hours of hours.txt, which lies beside this script.
while read -r hour; do
    echo "Ding at $hour"
done < "${0%/*}/hours.txt"
