# nginx with the configuration that config.json comes to, as an image. From the repository's root:
#   docker build -f docker/nginx.Dockerfile -t pygmy/nginx .
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
    nginx-light libfcgi0ldbl libcurl4 libsqlite3-0 && rm -rf /var/lib/apt/lists/*
# One number in all images, for they share the folder of sockets.
RUN groupadd --gid 8080 pygmy \
    && useradd --uid 8080 --gid 8080 --home-dir /var/lib/pygmy --shell /usr/sbin/nologin pygmy \
    && for folder in /var/lib/pygmy /run/pygmy /var/log/pygmy; do \
        install -d -o pygmy -g pygmy -m 750 "$folder"; done
COPY --from=programs /out/pygmy /usr/bin/
COPY nginx/html /usr/share/pygmy/html
COPY docker/config.json /etc/pygmy/
USER pygmy
VOLUME ["/run/pygmy"]
EXPOSE 8080
ENTRYPOINT ["/bin/sh", "-c", "pygmy nginx --config /etc/pygmy/config.json >/tmp/nginx.conf && exec nginx -c /tmp/nginx.conf -e stderr -g 'daemon off;'"]
# Finish what is under way, as nginx has it.
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["pygmy", "health", "--config", "/etc/pygmy/config.json"]
