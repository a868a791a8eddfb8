#!/bin/sh
# Prints the fares that are in force. It is started in the folder above data.
echo "Fares in $(cat data/currency.txt)"
while IFS=, read -r route fare; do
    echo "$route: $fare"
done < data/fares.csv
