FROM busybox:1.35
WORKDIR /srv/front
COPY front .
ENV STORE=store:9000
EXPOSE 8080
CMD ["sh", "front.sh"]
