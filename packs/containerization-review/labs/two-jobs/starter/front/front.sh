#!/bin/sh
# Serves the box office on port 8080: what has been ordered, and a way to order. It keeps nothing itself, but asks the
# store, whose host and port the variable STORE holds.
export STORE="${STORE:-localhost:9000}"
cd "$(dirname "$0")" || exit 1
trap 'kill $!; exit 0' TERM
httpd -f -p 8080 -h www -c "$PWD/httpd.conf" &
wait
