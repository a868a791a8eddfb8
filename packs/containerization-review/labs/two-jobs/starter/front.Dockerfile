FROM busybox:1.35
# The image of the box office, and of nothing else.
