"""Usage plans: what a key may ask, exactly, whatever happens to the process."""

import concurrent.futures
import json
import re
import threading
import time

import pytest

from keys_and_plans import EXCEEDED, FORBIDDEN, TOO_MANY, make_key, put_plan, with_key
from quipu_server import run_quipu

DEFAULT = {"name": "default", "rate": 1000, "burst": 500, "quota": {"limit": 1_000_000, "period": "day"}}


def admin_of(server):
    key = re.search(r"QUIPU_API_KEY=(\S+)", server.all_output()).group(1)
    return server.new_client(headers={"x-api-key": key})


def month(limit):
    """A day would be over at midnight, in the middle of a test."""
    return {"limit": limit, "period": "month"}


def crowd(server, key, clients, requests):
    """All answers to POST /local/{id} of so many clients at once."""
    start = threading.Barrier(clients)

    def one(_):
        client = with_key(server, key)
        start.wait()
        return [client.post("/local/crowd") for _ in range(requests)]

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return [answer for answers in pool.map(one, range(clients)) for answer in answers]


def statuses(answers):
    counted = {}
    for answer in answers:
        counted[answer.status] = counted.get(answer.status, 0) + 1
    return counted


# --- what is refused, and how


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"x-api-key": ""}, {"Authorization": "Bearer wrong"}])
def test_the_contracts_route_refuses_without_a_key(keyed_server, headers):
    answer = keyed_server.new_client(headers=headers).post("/local/a")
    assert (answer.status, answer.body) == (403, FORBIDDEN)
    assert answer.headers["content-type"] == "application/json"


def test_other_routes_keep_their_401(keyed_server):
    answer = keyed_server.new_client().increment("a")
    assert (answer.status, answer.json()["error_code"]) == (401, "unauthorized")


def test_exactly_the_burst_goes_through_a_crowd(keyed_server, admin, plan):
    put_plan(admin, plan, rate=0.001, burst=5)
    answers = crowd(keyed_server, make_key(admin, plan=plan)["key"], clients=16, requests=10)
    assert statuses(answers) == {200: 5, 429: 155}
    for refused in (answer for answer in answers if answer.status == 429):
        assert refused.body == TOO_MANY
        assert refused.headers["content-type"] == "application/json"
        assert 990 <= int(refused.headers["retry-after"]) <= 1000


def test_a_rate_gives_more_as_time_goes_on(keyed_server, admin, plan):
    put_plan(admin, plan, rate=5, burst=1)
    client = with_key(keyed_server, make_key(admin, plan=plan)["key"])
    granted, refused = 0, []
    start = time.monotonic()
    while granted < 5 and time.monotonic() < start + 60:
        answer = client.get("/counter?counter=rate")  # for which no disk is waited for, so that many come in between
        if answer.status == 200:
            granted += 1
        else:
            refused.append(answer)
    assert granted == 5 and time.monotonic() - start >= 4 / 5
    assert len(refused) > 5 and {answer.status for answer in refused} == {429}
    assert refused[0].headers["retry-after"] == "1"


@pytest.mark.parametrize("clients", [1, 16])
def test_a_small_quota_is_exact(keyed_server, admin, plan, clients):
    put_plan(admin, plan, quota=month(10))
    answers = crowd(keyed_server, make_key(admin, plan=plan)["key"], clients, requests=30)
    assert statuses(answers) == {200: 10, 429: 30 * clients - 10}
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.body == EXCEEDED
    assert 1 <= int(refused.headers["retry-after"]) <= 31 * 86_400


def test_a_large_quota_is_exact_while_nothing_crashes(keyed_server, admin, plan):
    put_plan(admin, plan, quota=month(2000))
    answers = crowd(keyed_server, make_key(admin, plan=plan)["key"], clients=4, requests=700)
    assert statuses(answers) == {200: 2000, 429: 800}


def test_a_small_quota_is_exact_across_kills(fresh_server):
    server = fresh_server(dev=False).start()
    admin = admin_of(server)
    put_plan(admin, "ten", quota=month(10))
    key = make_key(admin, plan="ten")["key"]
    granted = 0
    for part in (4, 5, 20):
        client = with_key(server, key)
        granted += sum(client.post("/local/a").status == 200 for _ in range(part))
        server.restart("kill")
    assert granted == 10
    assert with_key(server, key).post("/local/a").body == EXCEEDED


def test_a_large_quota_is_never_exceeded_across_kills(fresh_server):
    server = fresh_server(dev=False).start()
    admin = admin_of(server)
    put_plan(admin, "large", quota=month(5000))
    key = make_key(admin, plan="large")["key"]
    granted = 0
    for _ in range(6):
        granted += statuses(crowd(server, key, clients=4, requests=250)).get(200, 0)
        server.restart("kill")
    assert granted > 5000 - 6 * 150, "a crash loses what was at hand, and no more"
    last = statuses(crowd(server, key, clients=2, requests=400))
    granted += last.get(200, 0)
    assert granted <= 5000
    assert last[429] > 0


def test_a_clean_stop_loses_nothing_of_a_quota(fresh_server):
    server = fresh_server(dev=False).start()
    admin = admin_of(server)
    put_plan(admin, "large", quota=month(5000))
    made = make_key(admin, plan="large")
    client = with_key(server, made["key"])
    for _ in range(7):
        assert client.post("/local/a").status == 200
    server.restart()
    usage = admin_of(server).get("/plans/usage?name=large").json()
    assert usage["keys"] == [{"id": made["id"], "name": "a test", "used": 7, "left": 4993}]


# --- all routes that need a key, and other protocols


def test_all_routes_count_and_health_does_not(keyed_server, admin, plan):
    put_plan(admin, plan, quota=month(3))
    client = with_key(keyed_server, make_key(admin, plan=plan)["key"])
    for _ in range(5):
        assert client.get("/healthz").status == 200
    assert client.increment("a").status == 200
    assert client.get("/metrics").status == 200
    assert client.get("/counters").status == 200
    for target in ("/counters", "/metrics", "/counter?counter=a"):
        answer = client.get(target)
        assert (answer.status, answer.body) == (429, EXCEEDED)


def test_dynamodbs_clients_are_throttled_in_its_words(keyed_server, admin, plan):
    boto3 = pytest.importorskip("boto3")
    from botocore.config import Config
    from botocore.exceptions import ClientError

    put_plan(admin, plan, rate=0.001, burst=2)
    made = make_key(admin, plan=plan)
    dynamodb = boto3.client("dynamodb", endpoint_url=keyed_server.url, region_name="us-east-1",
                            aws_access_key_id=made["aws_access_key_id"],
                            aws_secret_access_key=made["aws_secret_access_key"],
                            config=Config(retries={"total_max_attempts": 1}))
    dynamodb.list_tables()
    assert with_key(keyed_server, made["key"]).post("/local/a").status == 200
    with pytest.raises(ClientError) as caught:
        dynamodb.list_tables()
    assert caught.value.response["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    put_plan(admin, plan, quota=month(1))
    with pytest.raises(ClientError) as caught:
        for _ in range(2):
            dynamodb.list_tables()
    assert caught.value.response["Error"]["Code"] == "ThrottlingException"
    assert "quota" in caught.value.response["Error"]["Message"]


def test_throttled_requests_are_counted_by_plan_and_reason(keyed_server, admin, plan):
    put_plan(admin, plan, rate=0.001, burst=1)
    client = with_key(keyed_server, make_key(admin, plan=plan)["key"])

    def figure(name, labels):
        found = re.search(rf"^{name}{{{re.escape(labels)}}} (\d+)$", admin.get("/metrics").text, re.MULTILINE)
        return int(found.group(1))

    store = 'store="local",reason="throttled"'
    before = figure("quipu_counter_refusals_total", store)
    for _ in range(4):
        client.post("/local/a")
    assert figure("quipu_throttled_total", f'plan="{plan}",reason="rate"') == 3
    assert figure("quipu_throttled_total", f'plan="{plan}",reason="quota"') == 0
    assert figure("quipu_counter_refusals_total", store) == before + 3


# --- plans and keys


def test_the_default_plan_is_the_contracts(fresh_server):
    admin = admin_of(fresh_server(dev=False).start())
    assert admin.get("/plans").json() == {"plans": [{**DEFAULT, "keys": 0}]}
    assert make_key(admin)["plan"] == "default"
    assert make_key(admin, plan=None)["plan"] is None
    assert make_key(admin, role="admin")["plan"] is None
    assert make_key(admin, role="admin", plan="default")["plan"] == "default"
    assert admin.get("/plans").json() == {"plans": [{**DEFAULT, "keys": 2}]}


def test_plans_and_attachments_survive_a_crash(fresh_server):
    server = fresh_server(dev=False).start()
    admin = admin_of(server)
    made = put_plan(admin, "kept", rate=2.5, burst=7, quota={"limit": 9, "period": "month"})
    assert made == {"name": "kept", "rate": 2.5, "burst": 7, "quota": {"limit": 9, "period": "month"}, "keys": 0}
    put_plan(admin, "default", rate=5)
    key = make_key(admin, plan="kept")
    server.restart("kill")
    plans = {each["name"]: each for each in admin_of(server).get("/plans").json()["plans"]}
    assert plans == {"kept": {**made, "keys": 1}, "default": {"name": "default", "rate": 5, "burst": 5, "keys": 0}}
    entry = next(each for each in admin_of(server).get("/keys").json()["keys"] if each["id"] == key["id"])
    assert entry["plan"] == "kept"


def test_a_changed_plan_takes_effect_at_once(keyed_server, admin, plan):
    put_plan(admin, plan, rate=0.001, burst=2)
    client = with_key(keyed_server, make_key(admin, plan=plan)["key"])
    assert [client.post("/local/a").status for _ in range(3)] == [200, 200, 429]
    put_plan(admin, plan)
    assert [client.post("/local/a").status for _ in range(3)] == [200] * 3
    put_plan(admin, plan, quota=month(2))
    assert [client.post("/local/a").status for _ in range(3)] == [200, 200, 429]
    put_plan(admin, plan, quota=month(3))
    assert [client.post("/local/a").status for _ in range(2)] == [200, 429]


def test_attaching_takes_effect_at_once(keyed_server, admin, plan):
    put_plan(admin, plan, rate=0.001, burst=1)
    made = make_key(admin, plan=plan)
    client = with_key(keyed_server, made["key"])
    assert [client.post("/local/a").status for _ in range(2)] == [200, 429]
    answer = admin.request("PUT", f"/keys?id={made['id']}", {"plan": None})
    assert (answer.status, answer.json()["plan"]) == (200, None)
    assert [client.post("/local/a").status for _ in range(2)] == [200, 200]
    assert admin.request("PUT", f"/keys?id={made['id']}", {"plan": plan}).json()["plan"] == plan
    assert client.post("/local/a").status in (200, 429)
    assert client.post("/local/a").status == 429


def test_what_a_key_used_goes_with_it_to_another_plan(keyed_server, admin, plan):
    put_plan(admin, plan, quota=month(5))
    put_plan(admin, plan + ".more", quota=month(7))
    made = make_key(admin, plan=plan)
    client = with_key(keyed_server, made["key"])
    assert [client.post("/local/a").status for _ in range(6)] == [200] * 5 + [429]
    admin.request("PUT", f"/keys?id={made['id']}", {"plan": plan + ".more"})
    assert [client.post("/local/a").status for _ in range(3)] == [200, 200, 429]


def test_a_revoked_key_is_refused_on_a_connection_that_used_it(keyed_server, admin):
    made = make_key(admin)
    client = with_key(keyed_server, made["key"])
    assert client.post("/local/a").status == 200
    assert admin.delete(f"/keys?id={made['id']}").status == 204
    answer = client.post("/local/a")
    assert (answer.status, answer.body) == (403, FORBIDDEN)


def test_a_connection_may_change_its_key(keyed_server, admin, plan):
    put_plan(admin, plan, rate=0.001, burst=1)
    client = keyed_server.new_client()
    one, other = (make_key(admin, plan=plan)["key"] for _ in range(2))
    seen = [client.request("POST", "/local/a", headers={"x-api-key": key}).status
            for key in (one, other, one, "wrong", other, keyed_server.admin_key)]
    assert seen == [200, 200, 429, 403, 429, 200]


def test_deleting_a_plan(keyed_server, admin, plan):
    put_plan(admin, plan, rate=1)
    made = make_key(admin, plan=plan)
    assert admin.delete(f"/plans?name={plan}").status == 409, "a key has it"
    admin.request("PUT", f"/keys?id={made['id']}", {"plan": "default"})
    assert admin.delete(f"/plans?name={plan}").status == 204
    assert admin.delete(f"/plans?name={plan}").status == 404
    assert plan not in admin.get("/plans").text
    assert admin.delete("/plans?name=default").status == 409


@pytest.mark.parametrize("method,target,body,status", [
    ("PUT", "/plans?name=a", {"burst": 5}, 400), ("PUT", "/plans?name=a", {"rate": 0}, 400),
    ("PUT", "/plans?name=a", {"rate": 0.0001}, 400), ("PUT", "/plans?name=a", {"rate": "5"}, 400),
    ("PUT", "/plans?name=a", {"rate": 1, "burst": 0}, 400), ("PUT", "/plans?name=a", {"quota": {"limit": 5}}, 400),
    ("PUT", "/plans?name=a", {"quota": {"limit": 0, "period": "day"}}, 400), ("PUT", "/plans?name=a", {"colour": 1}, 400),
    ("PUT", "/plans?name=a", {"quota": {"limit": 5, "period": "hour"}}, 400), ("PUT", "/plans?name=a", "x", 400),
    ("PUT", "/plans?name=a", '{"rate":1,"rate":2}', 400), ("PUT", "/plans?name=a", '{"burst":1,"rate":1,"burst":1}', 400),
    ("PUT", "/plans?name=a", '{"quota":{"limit":5,"period":"day"},"quota":{"limit":6,"period":"day"}}', 400),
    ("PUT", "/plans?name=a", '{"quota":{"limit":5,"limit":6,"period":"day"}}', 400),
    ("PUT", "/plans?name=a", '{"quota":{"limit":5,"period":"day","period":"day"}}', 400),
    ("PUT", "/plans", {}, 400), ("PUT", "/plans?name=none", {}, 400), ("PUT", "/plans?name=a%20b", {}, 400),
    ("DELETE", "/plans", None, 400), ("GET", "/plans/usage", None, 400), ("GET", "/plans/usage?name=nothing", None, 404),
    ("POST", "/keys", {"name": "n", "plan": "nothing"}, 404), ("POST", "/keys", {"name": "n", "plan": 5}, 400),
    ("POST", "/keys", '{"name":"n","name":"m"}', 400), ("POST", "/keys", '{"name":"n","role":"client","role":"admin"}', 400),
    ("POST", "/keys", '{"name":"n","plan":null,"plan":"default"}', 400), ("PUT", "/keys?id=x", '{"plan":null,"plan":"default"}', 400),
    ("PUT", "/keys?id=nothing", {"plan": "default"}, 404), ("PUT", "/keys?id=x", {}, 400), ("PUT", "/keys", {"plan": None}, 400),
])
def test_bad_requests_are_refused(admin, method, target, body, status):
    answer = admin.request(method, target, body)
    assert (answer.status, bool(answer.json()["error_code"])) == (status, True), answer


@pytest.mark.parametrize("method,target", [("GET", "/plans"), ("PUT", "/plans?name=a"), ("DELETE", "/plans?name=a"),
                                           ("GET", "/plans/usage?name=default"), ("PUT", "/keys?id=a")])
def test_only_admins_manage_plans(keyed_server, admin, method, target):
    assert keyed_server.new_client().request(method, target).status == 401
    assert with_key(keyed_server, make_key(admin)["key"]).request(method, target).status == 403


def test_a_flood_of_bad_keys_does_not_stop_the_good_ones(keyed_server, admin):
    key = make_key(admin, plan=None)["key"]
    stop = threading.Event()
    refused = []

    def flood(number):
        client = keyed_server.new_client(headers={"x-api-key": f"qk_{number:064x}"})
        count = 0
        while not stop.is_set():
            assert client.post("/local/flooded").status == 403
            count += 1
        refused.append(count)

    flooders = [threading.Thread(target=flood, args=(number,)) for number in range(8)]
    for each in flooders:
        each.start()
    try:
        assert statuses(crowd(keyed_server, key, clients=2, requests=200)) == {200: 400}
    finally:
        stop.set()
        for each in flooders:
            each.join()
    assert len(refused) == 8 and min(refused) > 0


# --- the command line and the settings


def quipu(server, *arguments):
    return run_quipu(*arguments, "--url", server.url, env={"QUIPU_API_KEY": server.admin_key})


def test_the_command_line_manages_plans(keyed_server, admin, plan):
    made = quipu(keyed_server, "plan", "create", plan, "--rate", "50", "--burst", "100", "--quota", "5000/month")
    assert (made.returncode, made.stdout) == (0, f"{plan}\trate=50 burst=100 quota=5000/month\t0\n"), made.stderr
    made = quipu(keyed_server, "plan", "create", plan, "--quota", "10/week")
    assert made.stdout == f"{plan}\tquota=10/week\t0\n"

    key = quipu(keyed_server, "key", "create", plan + "-key", "--plan", plan).stdout.strip()
    line = next(line for line in quipu(keyed_server, "key", "list").stdout.split("\n") if plan + "-key" in line)
    key_id, role, of_plan, name = line.split("\t")
    assert (role, of_plan, name) == ("client", plan, plan + "-key")
    for _ in range(3):
        assert with_key(keyed_server, key).post("/local/a").status == 200

    shown = quipu(keyed_server, "plan", "usage", plan)
    assert shown.returncode == 0, shown.stderr
    assert re.match(r"10 a week; the next one starts at \d{4}-\d\d-\d\d 00:00 UTC\n", shown.stdout)
    assert f"{key_id}\t3 used\t7 left\t{plan}-key\n" in shown.stdout

    assert quipu(keyed_server, "plan", "attach", "none", key_id).returncode == 0
    assert f"{key_id}\tclient\tnone\t" in quipu(keyed_server, "key", "list").stdout
    assert f"{plan}\tquota=10/week\t0\n" in quipu(keyed_server, "plan", "list").stdout
    assert quipu(keyed_server, "plan", "delete", plan).returncode == 0
    assert plan not in quipu(keyed_server, "plan", "list").stdout
    refused = quipu(keyed_server, "plan", "delete", "default")
    assert refused.returncode == 1 and "default" in refused.stderr


# A burst of 0 was left out, and with it the plan had another limit than was asked for; 010 was a burst of 8.
@pytest.mark.parametrize("limit", [["--rate", "10", "--burst", "0"], ["--rate", "10", "--burst", "010"], ["--rate", "10", "--burst", ""],
                                   ["--rate", "10", "--burst", "99999999999999999999"], ["--rate", ""], ["--rate", "010"],
                                   ["--quota", ""], ["--quota", "010/day"], ["--burst", "5"]], ids=" ".join)
def test_the_command_line_refuses_limits_that_the_api_would_not_take(keyed_server, admin, plan, limit):
    done = quipu(keyed_server, "plan", "create", plan, *limit)
    assert (done.returncode, done.stdout) == (1, "")
    assert limit[-2][2:] in done.stderr
    assert plan not in admin.get("/plans").text


def test_the_settings_win_over_what_is_stored(fresh_server):
    server = fresh_server(dev=False).start()
    put_plan(admin_of(server), "default", rate=5)
    put_plan(admin_of(server), "other", rate=7)
    server.env = {"QUIPU_PLANS": "default rate=9 burst=10; partner quota=5/week"}
    server.restart()
    plans = {each.pop("name"): each for each in admin_of(server).get("/plans").json()["plans"]}
    assert plans == {"default": {"rate": 9, "burst": 10, "keys": 0}, "other": {"rate": 7, "burst": 7, "keys": 0},
                     "partner": {"quota": {"limit": 5, "period": "week"}, "keys": 0}}


def test_plans_in_the_settings_file(fresh_server, tmp_path):
    file = tmp_path / "plans.yaml"
    file.write_text("plans: |\n  default  rate=9 burst=10 quota=1000000/day\n  partner  rate=0.5\n")
    admin = admin_of(fresh_server(dev=False, flags=["--config", str(file)]).start())
    assert [each["name"] for each in admin.get("/plans").json()["plans"]] == ["default", "partner"]


def test_wrong_plans_in_the_settings_are_refused_at_the_start(tmp_path):
    done = run_quipu("serve", "--data", tmp_path / "data", "--plans", "shop rate=x")
    assert done.returncode == 1
    assert "plans" in done.stderr and "shop" in done.stderr


def test_with_dev_there_are_no_plans(client):
    assert client.post("/local/no-plans").status == 200
    assert json.loads(client.get("/plans").body)["plans"]
