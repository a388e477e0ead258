# Build: docker build -t switchback .
# Run:   docker run -p 8765:8765 -v switchback-data:/data -v ./switchback.yaml:/etc/switchback/switchback.yaml:ro switchback

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY bin ./bin
COPY tools ./tools
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY config ./config
RUN npm run build -- binary

FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin switchback \
  && install -d -o switchback -g switchback /data /etc/switchback
COPY --from=build /app/dist/switchback /usr/local/bin/switchback
COPY LICENSE /usr/share/doc/switchback/LICENSE
USER switchback
WORKDIR /data
ENV SWITCHBACK_HOME=/data BUN_CONFIG_MAX_HTTP_REQUESTS=65336
EXPOSE 8765
STOPSIGNAL SIGTERM
# Outside loopback the gateway refuses to start without an API key in its config: that is meant.
ENTRYPOINT ["switchback"]
CMD ["serve", "--config", "/etc/switchback/switchback.yaml", "--bind", "0.0.0.0:8765"]
