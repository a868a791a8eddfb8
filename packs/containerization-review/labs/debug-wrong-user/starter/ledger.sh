#!/bin/sh
# Adds the text of the variable ENTRY, if there is one, to the ledger, and shows the ledger.
# A new ledger is written beside the old one and takes its place, so that nobody ever sees half of it.
set -e
if [ -n "$ENTRY" ]; then
    cp /ledger/ledger.txt /ledger/ledger.new
    echo "$ENTRY" >> /ledger/ledger.new
    mv /ledger/ledger.new /ledger/ledger.txt
fi
cat /ledger/ledger.txt
