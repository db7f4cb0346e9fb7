"""A FastCGI client: what nginx says to a server, said without nginx and as exactly.

One request at a time on one kept connection, so that a server does the same work each time: no
two runs differ by how requests happened to meet.
"""

import socket
import struct

BEGIN, END, PARAMETERS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7
RESPONDER, KEEP = 1, 1


def record(kind, content=b""):
    """One record of request 1, padded to eight bytes as nginx pads it."""
    padding = -len(content) % 8
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), padding, 0) + content + bytes(padding)


def length(text):
    return bytes([len(text)]) if len(text) < 128 else struct.pack("!I", len(text) | 1 << 31)


def encoded(parameters, body=b""):
    """The bytes of a whole request, as nginx writes them: in one piece."""
    block = b"".join(
        length(name) + length(value) + name + value
        for name, value in ((n.encode(), v.encode()) for n, v in parameters))
    return (
        record(BEGIN, struct.pack("!HB5x", RESPONDER, KEEP)) + record(PARAMETERS, block)
        + record(PARAMETERS) + (record(STDIN, body) if body else b"") + record(STDIN))


class Connection:
    """A kept connection to a server's socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        self.socket.connect(path)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def request(self, method, path, parameters=(), body=b""):
        """Sends one request and gives the whole answer, head and body, as bytes."""
        self.socket.sendall(encoded(
            [("REQUEST_METHOD", method), ("REQUEST_URI", path), *parameters], body))
        answer = b""
        while True:
            version, kind, _, size, padding, _ = struct.unpack("!BBHHBB", self.read(8))
            if version != 1:
                raise ValueError("no FastCGI record")
            content = self.read(size)
            self.read(padding)
            if kind == STDOUT:
                answer += content
            elif kind == END:
                return answer

    def read(self, count):
        while len(self.buffer) < count:
            received = self.socket.recv(65536)
            if not received:
                raise ConnectionError("the server closed the connection")
            self.buffer += received
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken


def status(answer):
    """The status of an answer; without a Status line it is 200."""
    for line in answer.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.lower().startswith(b"status:"):
            return int(line.split()[1])
    return 200
