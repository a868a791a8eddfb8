FROM busybox:1.35
WORKDIR /srv/store
COPY store .
ENV STORE_LISTEN=0.0.0.0 STORE_DATA=/data
EXPOSE 9000
VOLUME /data
CMD ["sh", "store.sh"]
