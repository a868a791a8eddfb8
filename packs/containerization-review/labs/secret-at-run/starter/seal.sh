#!/bin/sh
# Seals the text in TEXT with the key of the office: sh seal.sh [--key KEY]
# The key is taken from --key, from the variable SIGNING_KEY, or from the file that SIGNING_KEY_FILE names.
key=$SIGNING_KEY
if [ "$1" = --key ]; then
    key=$2
elif [ $# -ne 0 ]; then
    echo "seal.sh knows no other argument than --key KEY." >&2
    exit 2
fi
if [ -n "$DEBUG" ]; then
    echo "Report for the support"
    echo "command: $(tr '\0' ' ' < /proc/$$/cmdline)"
    env
fi
if [ -z "$key" ] && [ -n "$SIGNING_KEY_FILE" ]; then
    key=$(cat "$SIGNING_KEY_FILE")
fi
if [ -z "$key" ]; then
    echo "There is no key, neither in --key nor in SIGNING_KEY nor in the file that SIGNING_KEY_FILE names." >&2
    exit 3
fi
seal=$(printf '%s %s' "$key" "$TEXT" | sha256sum | cut -c 1-16)
echo "$TEXT"
echo "Seal $seal, by the key that ends in ${key#"${key%????}"}"
