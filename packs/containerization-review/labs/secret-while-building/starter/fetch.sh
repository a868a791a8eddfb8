#!/bin/sh
# Fetches a customer's prices from the supplier, and writes them to prices.txt: sh fetch.sh TOKEN_FILE
# A token is the customer's name, a colon and a password.
if [ ! -r "$1" ]; then
    echo "There is no file with a token: ${1:-none was named}." >&2
    exit 3
fi
token=$(cat "$1")
customer=${token%%:*}
if [ "$customer" = "$token" ]; then
    echo "$1 holds no token. A token looks like this: name:password" >&2
    exit 4
fi
if ! grep -q "^$customer " supplier.txt; then
    echo "401: the supplier knows no customer of the name $customer." >&2
    exit 5
fi
# Like many clients, this one remembers who you are, so that it need not ask again.
mkdir -p "${HOME:-/root}/.supplier" && echo "$token" > "${HOME:-/root}/.supplier/session" || exit 6
{
    echo "Prices for $customer"
    sed -n "s/^$customer //p" supplier.txt
} > prices.txt
