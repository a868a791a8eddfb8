#!/bin/sh
# Prints the sign at the ticket window. Its settings come from the environment.
if [ -z "$TICKET_TOKEN" ]; then
    echo "TICKET_TOKEN is not set." >&2
    exit 3
fi
if [ -z "$HARBOUR" ] || [ -z "$MINUTES" ]; then
    echo "HARBOUR and MINUTES must be set." >&2
    exit 4
fi
echo "Ferry from $HARBOUR, every $MINUTES minutes"
