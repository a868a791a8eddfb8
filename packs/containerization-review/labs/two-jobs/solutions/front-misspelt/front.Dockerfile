FROM busybox:1.35
COPY office/ /app/
ENV STORE=store:9000
CMD ["sh", "/app/front.sh"]
