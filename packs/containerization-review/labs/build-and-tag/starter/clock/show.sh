cat edition
cat tides.txt
