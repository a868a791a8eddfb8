FROM busybox:1.35
COPY store/ /app/
ENV STORE_DATA=/data
CMD ["sh", "/app/store.sh"]
