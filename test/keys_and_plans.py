"""API keys and usage plans, made by an admin; and how requests without or beyond them are refused."""

FORBIDDEN = b'{"message":"Forbidden"}'
TOO_MANY = b'{"message":"Too Many Requests"}'
EXCEEDED = b'{"message":"Limit Exceeded"}'


def put_plan(admin, name, **limits):
    answer = admin.request("PUT", f"/plans?name={name}", limits)
    assert answer.status == 200, answer
    return answer.json()


def make_key(admin, name="a test", **more):
    answer = admin.post("/keys", {"name": name, **more})
    assert answer.status == 201, answer
    return answer.json()


def with_key(server, key):
    return server.new_client(headers={"x-api-key": key})
