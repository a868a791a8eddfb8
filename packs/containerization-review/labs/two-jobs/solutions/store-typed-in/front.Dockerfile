FROM busybox:1.35
COPY front/ /app/
CMD ["env", "STORE=store:9000", "sh", "/app/front.sh"]
