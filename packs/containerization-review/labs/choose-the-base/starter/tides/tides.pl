#!/usr/bin/perl
# Says when the water is highest: each line of levels.txt, beside this program, has a time and a level in cm.
use strict;
use warnings;

my ($folder) = $0 =~ m{^(.*)/};
open(my $levels, '<', "$folder/levels.txt") or die "There is no levels.txt beside the program.\n";
my ($when, $highest) = ('', -1);
while (my $line = <$levels>) {
    my ($time, $level) = split ' ', $line;
    ($when, $highest) = ($time, $level) if defined $level && $level > $highest;
}
print "High water at $when: $highest cm\n";
