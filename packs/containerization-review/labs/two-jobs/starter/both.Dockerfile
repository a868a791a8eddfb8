FROM busybox:1.35
COPY front/ /app/front/
COPY store/ /app/store/
COPY start.sh /app/
EXPOSE 8080
CMD ["sh", "/app/start.sh"]
