# Built with all dependencies, run with the production ones.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY console ./console
COPY docs/openapi.json ./docs/
COPY scripts/build-console.mjs ./scripts/
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
LABEL org.opencontainers.image.title="Rekey"
WORKDIR /app
# Only used without DATABASE_URL: the volume of the embedded database.
RUN mkdir /data && chown node:node /data
# The command line in the container uses the socket: docker compose exec rekey-1 node dist/cli.js client list
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 REKEY_DATA_DIR=/data REKEY_ADMIN_SOCKET=/tmp/rekey.sock
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/console/dist ./console/dist
# The program and its packages belong to root, so that the process cannot change them.
USER node
VOLUME ["/data"]
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1 and drains on SIGTERM itself; npm in between would swallow the signal.
STOPSIGNAL SIGTERM
CMD ["node", "dist/main.js"]
