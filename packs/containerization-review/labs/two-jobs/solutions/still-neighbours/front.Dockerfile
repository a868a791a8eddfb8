FROM busybox:1.35
COPY front/ /app/
CMD ["sh", "/app/front.sh"]
