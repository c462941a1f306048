"""API keys: what a server without --dev asks for."""

import re

import pytest

from keys_and_plans import make_key, with_key
from quipu_server import run_quipu


PROTECTED = [("POST", "/counter/increment?counter=x"), ("POST", "/counter/increment"), ("GET", "/counter?counter=x"),
             ("PUT", "/counter?counter=x"), ("DELETE", "/counter?counter=x"), ("GET", "/counters"),
             ("GET", "/counter/watch?counter=x"), ("GET", "/keys"), ("POST", "/keys"), ("DELETE", "/keys?id=x"),
             ("GET", "/metrics")]


@pytest.mark.parametrize("method,target", PROTECTED)
def test_without_a_key_it_is_refused_in_json(keyed_server, method, target):
    answer = keyed_server.new_client().request(method, target)
    assert answer.status in (401, 403)
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["error_code"]
    assert "x-api-key" in answer.json()["error_description"]


@pytest.mark.parametrize("headers", [{"x-api-key": "wrong"}, {"x-api-key": ""}, {"Authorization": "Bearer wrong"},
                                     {"Authorization": "Basic QQ=="}, {"Authorization": "Bearer"}, {"x-api-key": "a" * 4000}])
def test_a_wrong_key_is_refused(keyed_server, headers):
    answer = keyed_server.new_client(headers=headers).increment("x")
    assert answer.status in (401, 403)
    assert answer.json()["error_code"]


def test_health_needs_no_key(keyed_server):
    client = keyed_server.new_client()
    assert client.get("/healthz").status == 200
    assert client.get("/readyz").status == 200


def test_the_first_start_shows_one_admin_key_and_no_later_one(fresh_server):
    server = fresh_server(dev=False).start()
    keys = re.findall(r"QUIPU_API_KEY=(\S+)", server.output())
    assert len(keys) == 1
    server.restart()
    assert "QUIPU_API_KEY=" not in server.output()
    assert keys[0] not in server.output()
    assert with_key(server, keys[0]).next_value("x") == 1


def test_a_key_is_long_and_random(keyed_server, admin):
    keys = {keyed_server.admin_key} | {make_key(admin)["key"] for _ in range(5)}
    assert len(keys) == 6
    assert min(map(len, keys)) >= 43, "256 random bits take 43 characters at least"


def test_x_api_key_and_bearer_both_work(keyed_server, counter):
    assert with_key(keyed_server, keyed_server.admin_key).next_value(counter) == 1
    bearer = keyed_server.new_client(headers={"Authorization": f"Bearer {keyed_server.admin_key}"})
    assert bearer.next_value(counter) == 2


def test_a_new_key_works_at_once(keyed_server, admin, counter):
    made = make_key(admin, "shop", role="client")
    assert (made["name"], made["role"]) == ("shop", "client")
    assert with_key(keyed_server, made["key"]).next_value(counter) == 1


def test_a_key_is_a_clients_if_nothing_is_said(admin):
    assert make_key(admin)["role"] == "client"


def test_a_revoked_key_is_refused_at_once(keyed_server, admin, counter):
    made = make_key(admin)
    client = with_key(keyed_server, made["key"])
    client.next_value(counter)
    answer = admin.delete(f"/keys?id={made['id']}")
    assert (answer.status, answer.body) == (204, b"")
    assert client.increment(counter).status in (401, 403)
    assert admin.value(counter) == 1


def test_revoking_what_is_not_there_is_404(admin):
    assert admin.delete("/keys?id=nothing").status == 404


def test_the_list_shows_no_keys(admin):
    made = make_key(admin, "listed")
    answer = admin.get("/keys")
    assert answer.status == 200
    entry = next(each for each in answer.json()["keys"] if each["id"] == made["id"])
    assert (entry["name"], entry["role"]) == ("listed", "client")
    assert made["key"] not in answer.text


@pytest.mark.parametrize("method,target,body", [("GET", "/keys", None), ("POST", "/keys", {"name": "n"}),
                                                ("DELETE", "/keys?id=x", None)])
def test_a_clients_key_may_not_manage_keys(keyed_server, admin, method, target, body):
    client = with_key(keyed_server, make_key(admin)["key"])
    answer = client.request(method, target, body)
    assert answer.status == 403
    assert answer.json()["error_code"]


def test_another_admin_may_manage_keys(keyed_server, admin):
    other = with_key(keyed_server, make_key(admin, role="admin")["key"])
    assert other.get("/keys").status == 200
    assert make_key(other)["key"]


def test_the_last_admin_key_cannot_be_revoked(fresh_server):
    server = fresh_server(dev=False).start()
    key = re.search(r"QUIPU_API_KEY=(\S+)", server.output()).group(1)
    admin = with_key(server, key)
    only = admin.get("/keys").json()["keys"][0]
    assert admin.delete(f"/keys?id={only['id']}").status == 409
    assert admin.get("/keys").status == 200


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"name":""}', '{"name":5}', '{"name":"n","role":"king"}',
                                  '{"name":"n","colour":1}', '{"name":"%s"}' % ("n" * 256)])
def test_a_bad_key_request_is_refused(admin, body):
    answer = admin.post("/keys", body)
    assert answer.status in (400, 413), answer
    assert answer.json()["error_code"]


def test_keys_survive_a_crash(fresh_server):
    server = fresh_server(dev=False).start()
    admin_key = re.search(r"QUIPU_API_KEY=(\S+)", server.output()).group(1)
    admin = with_key(server, admin_key)
    kept, revoked = make_key(admin, "kept"), make_key(admin, "revoked")
    admin.delete(f"/keys?id={revoked['id']}")
    server.restart("kill")
    assert with_key(server, kept["key"]).increment("x").status == 200
    assert with_key(server, revoked["key"]).increment("x").status in (401, 403)
    assert with_key(server, admin_key).get("/keys").status == 200


def test_two_callers_may_use_the_same_idempotency_key(keyed_server, admin, counter):
    one, other = (with_key(keyed_server, make_key(admin)["key"]) for _ in range(2))
    assert one.increment(counter, key=counter).json()["new_value"] == 1
    assert other.increment(counter, key=counter).json()["new_value"] == 2
    assert one.increment(counter, key=counter).json()["new_value"] == 1


def test_the_directory_and_the_log_hold_no_key(fresh_server):
    server = fresh_server(dev=False).start()
    admin_key = re.search(r"QUIPU_API_KEY=(\S+)", server.output()).group(1)
    made = make_key(with_key(server, admin_key))["key"]
    with_key(server, made).next_value("x")
    assert server.terminate() == 0
    everything = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    assert everything, "there is a directory to look at"
    for key in (admin_key, made):
        assert key.encode() not in everything
    assert made not in server.all_output()
    assert server.all_output().count(admin_key) == 1, "shown once, on purpose"


# --- the command line


def quipu_key(server, *arguments, key=None):
    return run_quipu("key", *arguments, "--url", server.url, env={"QUIPU_API_KEY": key or server.admin_key})


def test_the_command_line_makes_lists_and_revokes(keyed_server, counter):
    made = quipu_key(keyed_server, "create", "from-a-shell")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip().split("\n")[-1].split()[-1]
    assert with_key(keyed_server, key).next_value(counter) == 1

    listed = quipu_key(keyed_server, "list")
    assert listed.returncode == 0, listed.stderr
    line = next(line for line in listed.stdout.split("\n") if "from-a-shell" in line)
    assert key not in listed.stdout
    assert "client" in line

    assert quipu_key(keyed_server, "revoke", line.split("\t")[0]).returncode == 0
    assert with_key(keyed_server, key).increment(counter).status in (401, 403)
    assert "from-a-shell" not in quipu_key(keyed_server, "list").stdout


def test_the_command_line_makes_admins(keyed_server):
    made = quipu_key(keyed_server, "create", "boss", "--role", "admin")
    assert made.returncode == 0, made.stderr
    assert quipu_key(keyed_server, "list", key=made.stdout.strip()).returncode == 0


def test_the_flag_wins_over_the_environment(keyed_server, counter):
    done = run_quipu("counter", "increment", counter, "--url", keyed_server.url, "--api-key", keyed_server.admin_key,
                     env={"QUIPU_API_KEY": "wrong"})
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_without_a_key_the_command_line_says_so(keyed_server, counter):
    done = run_quipu("counter", "increment", counter, "--url", keyed_server.url)
    assert done.returncode != 0
    assert "key" in done.stderr


# With a slip in DIR it made a database of its own there, and the key opened nothing.
@pytest.mark.parametrize("command", [["list"], ["create", "x"], ["revoke", "x"]], ids=" ".join)
def test_keys_are_looked_for_only_where_a_server_has_kept_its_data(quipu_binary, tmp_path, command):
    for directory in (tmp_path, tmp_path / "nothing"):
        done = run_quipu("key", *command, "--data", directory)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"quipu: {directory} is no data directory"), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_lost_admin_key_is_replaced_while_the_server_is_stopped(fresh_server):
    server = fresh_server(dev=False).start()
    assert server.terminate() == 0
    made = run_quipu("key", "create", "again", "--role", "admin", "--data", server.data)
    assert made.returncode == 0, made.stderr
    server.start()
    assert with_key(server, made.stdout.strip()).get("/keys").status == 200
