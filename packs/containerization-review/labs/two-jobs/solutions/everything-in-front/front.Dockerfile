FROM busybox:1.35
COPY . /app/
ENV STORE=store:9000
CMD ["sh", "/app/front/front.sh"]
