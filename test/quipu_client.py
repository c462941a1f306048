"""A small HTTP client for the tests: http.client for what is well-formed, raw sockets for what is not."""

import http.client
import json
import select
import socket
import ssl
import urllib.parse


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:500]!r}>"


class Client:
    """One keep-alive connection; opened when needed, also after the server closed it between two requests."""

    def __init__(self, url, headers=None, timeout_s=20, context=None):
        self.url = url.rstrip("/")
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.port, self.scheme = parts.hostname, parts.port, parts.scheme
        self.headers = dict(headers or {})
        self.timeout_s = timeout_s
        self.context = context
        self._connection = None

    def another(self, **changes):
        """A client with a connection of its own, for another thread."""
        settings = {"headers": self.headers, "timeout_s": self.timeout_s, "context": self.context}
        return Client(self.url, **{**settings, **changes})

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    def _open(self):
        if self.scheme == "https":
            context = self.context or ssl.create_default_context()
            return http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout_s, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)

    def _was_closed(self):
        """Nobody has asked anything, so what can be read is the connection's end: it was idle for too long."""
        sock = self._connection.sock
        return sock is not None and bool(select.select([sock], [], [], 0)[0])

    def request(self, method, target, body=None, headers=None):
        """`body`: bytes or text as they are, anything else as JSON. Asks once, and never again by itself."""
        sent = {**self.headers, **(headers or {})}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        if self._connection and self._was_closed():
            self.close()
        if self._connection is None:
            self._connection = self._open()
        try:
            self._connection.request(method, target, body=body, headers=sent)
            response = self._connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except Exception:
            self.close()
            raise
        if response.will_close:
            self.close()
        return answer

    def get(self, target, **more):
        return self.request("GET", target, **more)

    def post(self, target, body=None, **more):
        return self.request("POST", target, body, **more)

    def put(self, target, body=None, **more):
        return self.request("PUT", target, body, **more)

    def delete(self, target, **more):
        return self.request("DELETE", target, **more)

    # The counter API. `key` is an idempotency key.

    def increment(self, counter, key=None, **parameters):
        target = "/counter/increment?" + query(counter=counter, **parameters)
        return self.post(target, headers={"Idempotency-Key": key} if key else None)

    def increment_many(self, increments, key=None):
        return self.post("/counter/increment", increments, headers={"Idempotency-Key": key} if key else None)

    def next_value(self, counter, **parameters):
        answer = self.increment(counter, **parameters)
        assert answer.status == 200, answer
        return answer.json()["new_value"]

    def read(self, counter):
        return self.get("/counter?" + query(counter=counter))

    def value(self, counter):
        answer = self.read(counter)
        assert answer.status == 200, answer
        return answer.json()["value"]

    def set(self, counter, value, key=None, **more):
        headers = {"Idempotency-Key": key} if key else None
        return self.put("/counter?" + query(counter=counter), {"value": value, **more}, headers=headers)

    def erase(self, counter, key=None):
        return self.delete("/counter?" + query(counter=counter), headers={"Idempotency-Key": key} if key else None)

    # Raw bytes.

    def raw(self, timeout_s=None):
        return RawConnection(self.host, self.port, timeout_s or self.timeout_s)

    def exchange_raw(self, request, timeout_s=None):
        """Sends bytes on a new connection and reads everything until the server closes it or one answer is whole."""
        with self.raw(timeout_s) as connection:
            connection.send(request)
            return connection.read_answer()


class RawConnection:
    def __init__(self, host, port, timeout_s):
        self.socket = socket.create_connection((host, port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.received += data
        return bool(data)

    def read_until(self, mark):
        """Everything up to and including `mark`; what comes after it stays for the next call."""
        while mark not in self.received:
            if not self._more():
                raise EOFError(f"closed before {mark!r}: {self.received[-300:]!r}")
        end = self.received.index(mark) + len(mark)
        found, self.received = self.received[:end], self.received[end:]
        return found

    def read_head(self):
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = dict(line.split(":", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), {k.lower(): v.strip() for k, v in headers.items()}

    def read_answer(self):
        status, headers = self.read_head()
        size = int(headers.get("content-length", 0))
        while len(self.received) < size:
            if not self._more():
                raise EOFError("closed within a body")
        body, self.received = self.received[:size], self.received[size:]
        return Answer(status, headers, body)

    def is_closed_by_server(self):
        """Waits for the end, and takes what comes before it."""
        try:
            while self._more():
                pass
            return True
        except socket.timeout:
            return False


def query(**parameters):
    """Percent-encodes; a value may be bytes."""
    return "&".join(f"{name}={urllib.parse.quote(value if isinstance(value, bytes) else str(value), safe='')}"
                    for name, value in parameters.items())
