# syntax=docker/dockerfile:1
# One image, three commands: api, worker, and migrate (once per release). Anything else ends with 78.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
COPY web ./web
RUN npm run build

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
# As scripts/allocator.mjs says.
ENV MALLOC_MMAP_THRESHOLD_=131072
ENV MALLOC_TRIM_THRESHOLD_=8388608
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY migrations ./migrations
COPY package.json LICENSE ./
# The number of the image's account "node": Kubernetes cannot tell from a name that it is not root.
USER 1000:1000
EXPOSE 3000 9464
STOPSIGNAL SIGTERM
# Node is process 1 and handles its signals itself. Nothing is written below /app: the root file system may be read-only.
ENTRYPOINT ["node", "--enable-source-maps", "dist/stoa.js"]
CMD ["api"]
