# The dyno as an image: built with the tools, run without them, as a user without rights.
#   docker build -t blacksky-md .
#   docker run -m 512m -e DATABASE_URL=postgres://… -e ADMIN_TOKEN=… -e PORT=8080 -p 8080:8080 blacksky-md
# Any image with Node 24, npm and a shell will do as a base, for example one of your own registry.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build:bot && npm prune --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY plugins ./plugins
COPY package.json LICENSE ./
# By number, so that no image needs to know the name; it owns nothing and needs to write nothing but /tmp.
USER 10001:10001
EXPOSE 8080
# Not through npm: a signal must reach the supervisor itself, and npm would cost memory.
CMD ["node", "--max-old-space-size=64", "--max-semi-space-size=1", "dist/main.js"]
