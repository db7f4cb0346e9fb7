# An order server, as an image. From the repository's root:
#   docker build -f docker/orderServer.Dockerfile -t pygmy/orderserver .
# RUNTIME names another base, where Docker Hub is not reached; PROGRAMS=given takes the programs from
# docker/programs instead of compiling them: see scripts/build-images.
ARG BUILD=docker.io/library/swift:6.2-bookworm
ARG RUNTIME=docker.io/library/debian:bookworm-slim
ARG PROGRAMS=compiled

FROM ${BUILD} AS compiled
RUN apt-get update && apt-get install -y --no-install-recommends \
    libfcgi-dev libcurl4-openssl-dev libsqlite3-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift Package.resolve[d] ./
COPY Sources Sources
COPY Tests Tests
# With Swift's libraries in the programs, so that the last image needs no toolchain. All of them at
# once: the layer is the same for every server's image, and is made once.
RUN swift build -c release --static-swift-stdlib && mkdir /out \
    && for program in frontEndServer catalogServer orderServer pygmy; do \
        strip -o "/out/$program" ".build/release/$program"; done

FROM scratch AS given
COPY docker/programs/ /out/

FROM ${PROGRAMS} AS programs

FROM ${RUNTIME}
RUN apt-get update && apt-get install -y --no-install-recommends \
    libfcgi0ldbl libcurl4 libsqlite3-0 && rm -rf /var/lib/apt/lists/*
# One number in all images, for they share the folder of sockets.
RUN groupadd --gid 8080 pygmy \
    && useradd --uid 8080 --gid 8080 --home-dir /var/lib/pygmy --shell /usr/sbin/nologin pygmy \
    && for folder in /var/lib/pygmy /run/pygmy /var/log/pygmy; do \
        install -d -o pygmy -g pygmy -m 750 "$folder"; done
COPY --from=programs /out/orderServer /out/pygmy /usr/bin/
COPY docker/config.json catalog.csv /etc/pygmy/
USER pygmy
VOLUME ["/var/lib/pygmy", "/run/pygmy"]
# Which of the kind it is: docker run -e NAME=orderServer2.
ENV NAME=orderServer1
ENTRYPOINT ["/bin/sh", "-c", "exec pygmy serve \"$NAME\" --config /etc/pygmy/config.json \"$@\"", "-"]
STOPSIGNAL SIGTERM
# By way of nginx, as everybody reaches it.
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["/bin/sh", "-c", "exec pygmy health \"$NAME\" --config /etc/pygmy/config.json"]
