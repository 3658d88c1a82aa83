# The image of usher: the program, the libraries that it is linked to, a CA bundle. No shell, no package manager.
#
#   docker build --build-arg USHER_COMMIT="$(git rev-parse HEAD)" --tag usher .
#
# Nothing in here names an architecture. `make image` builds it, runs it and holds its size.

FROM docker.io/library/rust:1.95.0-slim-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# hadolint ignore=DL3008
RUN if ! command -v make >/dev/null || ! command -v c++ >/dev/null; then \
        apt-get update && apt-get install --yes --no-install-recommends g++ make perl && rm -rf /var/lib/apt/lists/*; \
    fi
# Writes the list of dependencies into the program, where scanners of images find it.
RUN cargo install --locked --version 0.7.7 cargo-auditable

# Relocations of a few bits instead of 24 bytes each. glibc reads them from 2.36 on, which is the version here and in the image:
# docs/decisions/0038-the-image-is-small.md.
ENV RUSTFLAGS="-C link-arg=-Wl,-z,pack-relative-relocs"

# The dependencies alone: this layer is made anew only when they change.
WORKDIR /src
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && touch src/lib.rs && echo 'fn main() {}' | tee src/main.rs build.rs >/dev/null \
    && cargo auditable build --profile dist --locked \
    && cargo clean --profile dist --package usher

COPY build.rs ./
COPY proto proto
COPY assets assets
COPY templates templates
COPY src src
ARG USHER_COMMIT=unknown
RUN cargo auditable build --profile dist --locked --bin usher

COPY deploy/image/rootfs.sh ./
RUN ./rootfs.sh target/dist/usher /rootfs

FROM scratch
ARG USHER_COMMIT=unknown
ARG VERSION=0.1.0
ARG CREATED=""
LABEL org.opencontainers.image.title="usher" \
      org.opencontainers.image.description="Event-driven user management for Atlassian products" \
      org.opencontainers.image.source="https://github.com/usher/usher" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$USHER_COMMIT" \
      org.opencontainers.image.created="$CREATED"
COPY --from=build /rootfs/ /
COPY --from=build --chown=65532:65532 /rootfs/data /data
# Each thread that allocates would get a heap of its own: with two, a restore of a million users takes a tenth less memory.
ENV PATH=/usr/local/bin MALLOC_ARENA_MAX=2
USER 65532:65532
WORKDIR /data
EXPOSE 8080 8081
ENTRYPOINT ["/usr/local/bin/usher"]
CMD ["serve", "--config", "/etc/usher/usher.yaml"]
