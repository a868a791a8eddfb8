#!/bin/sh
# Shows all orders. A text that is sent by POST is passed on to the store first.
ask() {
    wget -q -O - "$@" "http://$STORE/orders.cgi" 2>&1
}
if [ "$REQUEST_METHOD" = POST ]; then
    status="201 Created"
    answer=$(ask --post-data "$(head -c "$CONTENT_LENGTH")")
else
    status="200 OK"
    answer=$(ask)
fi || {
    status="503 Service Unavailable"
    answer="There is no answer from the store at $STORE. $answer"
}
echo "Status: $status"
echo "Content-Type: text/plain"
echo
echo "Box office"
echo "$answer"
