#!/bin/sh
# Starts the store in the background and the box office in the foreground.
sh /app/store/store.sh &
exec sh /app/front/front.sh
