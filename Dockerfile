FROM node:24-slim AS installed
WORKDIR /latchkey
COPY package.json package-lock.json .npmrc ./
COPY packages packages
COPY services services
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
# Without a limit Node lets its heap grow to twice what it needs, and glibc keeps what each of its arenas once held.
ENV NODE_ENV=production NODE_OPTIONS="--max-old-space-size=256 --max-semi-space-size=16" MALLOC_ARENA_MAX=2
WORKDIR /latchkey
COPY --from=installed /latchkey ./
COPY migrations migrations
USER node
ENTRYPOINT ["node"]
CMD ["services/reconciler/src/main.ts"]
