#!/bin/sh
# Reads out the menu of the folder that it is started in.
echo "Today we serve:"
cat menu.txt
