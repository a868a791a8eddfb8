#!/bin/sh
# Opens the desk: waits until somebody has put the float into /desk/float.txt, then starts the till.
trap '' QUIT
if [ ! -s /desk/float.txt ]; then
    echo "Waiting for the float."
fi
until [ -s /desk/float.txt ]; do
    sleep 0.2
done
exec python /app/till.py
