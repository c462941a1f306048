"""As little of an HTTP client as a load needs: one keep-alive connection, one request at a time, none is sent twice."""

import socket
import urllib.parse
import uuid

# What became of a request, as the counter checker counts it.
ACKED, REFUSED, UNKNOWN = "acked", "failed", "indeterminate"


class LoadClient:
    """Increments counters of a store through POST /STORE/ID. Calling it gives (outcome, value, status). With `marked`, each
    request has an Idempotency-Key of its own."""

    def __init__(self, url, store, timeout_s=30, marked=False):
        parts = urllib.parse.urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.store = store
        self.timeout_s = timeout_s
        self.marked = marked
        self._socket = None

    def close(self):
        if self._socket:
            self._socket.close()
            self._socket = None

    def __call__(self, counter):
        try:
            status, body = self._ask(f"/{self.store}/{urllib.parse.quote(counter, safe='')}")
        except OSError:
            self.close()
            return UNKNOWN, None, None
        if status == 200:
            return ACKED, int(body[len('{"counter":') : body.index(b",")]), status
        # 500 does not tell whether it was done. All others were refused before anything happened.
        return (UNKNOWN if status >= 500 else REFUSED), None, status

    def _ask(self, target):
        if self._socket is None:
            self._socket = socket.create_connection(self.address, timeout=self.timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = b"Idempotency-Key: %b\r\n" % uuid.uuid4().hex.encode() if self.marked else b""
        self._socket.sendall(b"POST %b HTTP/1.1\r\nHost: quipu\r\n%bContent-Length: 0\r\n\r\n" % (target.encode(), key))
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head = received[:end].lower()
        at = head.find(b"content-length:")
        size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        while len(received) < end + 4 + size:
            received += self._more()
        return int(received[9:12]), received[end + 4 :]

    def _more(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("closed within an answer")
        return data
