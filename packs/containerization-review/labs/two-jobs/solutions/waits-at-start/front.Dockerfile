FROM busybox:1.35
COPY front/ /app/
ENV STORE=store:9000
CMD ["sh", "-c", "until wget -q -O - http://$STORE/orders.cgi; do sleep 1; done; exec sh /app/front.sh"]
