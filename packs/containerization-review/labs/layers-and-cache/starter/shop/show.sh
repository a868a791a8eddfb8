#!/bin/sh
# Shows today's slogan, and what is in stock.
cat shop/slogan.txt index.txt
