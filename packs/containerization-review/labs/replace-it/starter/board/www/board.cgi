#!/bin/sh
# Shows the board; a text that is sent by POST is pinned to it first.
if [ "$REQUEST_METHOD" = POST ]; then
    if { head -c "$CONTENT_LENGTH" && echo; } >> "$NOTES"; then
        echo "Status: 201 Created"
    else
        echo "Status: 500 Internal Server Error"
    fi
fi
echo "Content-Type: text/plain"
echo
echo "$TITLE"
cat "$NOTES"
