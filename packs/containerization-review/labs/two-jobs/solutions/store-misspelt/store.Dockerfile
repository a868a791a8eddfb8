FROM busybox:1.35
COPY stores/ /app/
ENV STORE_LISTEN=0.0.0.0 STORE_DATA=/data
CMD ["sh", "/app/store.sh"]
