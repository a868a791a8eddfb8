FROM busybox:1.35
COPY front/ /app/
ENV STORE=store:9000
CMD ["sh", "/app/front.sh"]
