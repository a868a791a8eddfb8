#!/bin/sh
# Makes index.txt of parts.txt: the parts in order.
sort parts.txt > index.txt
