#!/bin/sh
# Serves the orders on port 9000, and keeps them in a file of the folder STORE_DATA.
# It listens on the address STORE_LISTEN: 127.0.0.1 as long as the box office runs beside it.
data=${STORE_DATA:-$(dirname "$0")/data}
mkdir -p "$data" && touch "$data/orders.txt" || exit 3
export ORDERS="$data/orders.txt"
cd "$(dirname "$0")" || exit 1
trap 'kill $!; exit 0' TERM
httpd -f -p "${STORE_LISTEN:-127.0.0.1}:9000" -h www -c "$PWD/httpd.conf" &
wait
