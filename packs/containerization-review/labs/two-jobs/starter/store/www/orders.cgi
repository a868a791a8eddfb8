#!/bin/sh
# Shows all orders. A text that is sent by POST is added to them first.
if [ "$REQUEST_METHOD" = POST ]; then
    { head -c "$CONTENT_LENGTH" && echo; } >> "$ORDERS" || { echo "Status: 500 Internal Server Error"; echo; exit 1; }
fi
echo "Content-Type: text/plain"
echo
cat "$ORDERS"
