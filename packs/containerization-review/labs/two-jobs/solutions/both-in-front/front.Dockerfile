FROM busybox:1.35
COPY . /app/
ENV STORE=localhost:9000
CMD ["sh", "-c", "sh /app/store/store.sh & exec sh /app/front/front.sh"]
