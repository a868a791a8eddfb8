FROM busybox:1.35
# The image of the store, and of nothing else.
