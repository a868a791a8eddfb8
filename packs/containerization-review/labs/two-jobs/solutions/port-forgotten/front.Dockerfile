FROM busybox:1.35
COPY front/ /app/
ENV STORE=store
CMD ["sh", "/app/front.sh"]
