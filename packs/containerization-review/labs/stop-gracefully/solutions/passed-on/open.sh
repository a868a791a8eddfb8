#!/bin/sh
# Opens the desk: waits until somebody has put the float into /desk/float.txt, then starts the till.
till=
close() {
    if [ -z "$till" ]; then
        exit 0
    fi
    kill -QUIT "$till"
}
trap close TERM
if [ ! -s /desk/float.txt ]; then
    echo "Waiting for the float."
fi
until [ -s /desk/float.txt ]; do
    sleep 0.2
done
python /app/till.py &
till=$!
wait "$till"
wait "$till"
