FROM busybox:1.35
COPY . /app/
ENV STORE_LISTEN=0.0.0.0 STORE_DATA=/data
CMD ["sh", "-c", "sh /app/front/front.sh & exec sh /app/store/store.sh"]
