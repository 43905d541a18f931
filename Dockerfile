FROM node:24-slim AS installed
WORKDIR /latchkey
COPY package.json package-lock.json .npmrc ./
COPY packages packages
COPY services services
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /latchkey
COPY --from=installed /latchkey ./
COPY migrations migrations
USER node
ENTRYPOINT ["node"]
CMD ["services/reconciler/src/main.ts"]
