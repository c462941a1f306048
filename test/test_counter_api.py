"""Every row of the counter API, one behaviour each. Runs against any server (--url)."""

import json
import threading

import pytest

from quipu_client import query

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)


def error_code(answer):
    assert answer.headers["content-type"].startswith("application/json"), answer
    return answer.json()["error_code"]


# --- increment


def test_a_new_counter_starts_at_one(client, counter):
    answer = client.increment(counter)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == f'{{"counter":"{counter}","new_value":1}}'


def test_every_increment_adds_one(client, counter):
    assert [client.next_value(counter) for _ in range(5)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("by", [2, 1000, -1, -7, INT64_MAX, INT64_MIN])
def test_by_adds_any_number_but_zero(client, counter, by):
    assert client.next_value(counter, by=by) == by


def test_by_reserves_the_last_n_numbers_up_to_the_new_value(client, counter):
    assert client.next_value(counter, by=10) == 10
    assert client.next_value(counter, by=5) == 15


@pytest.mark.parametrize("by", ["0", "1.5", "abc", "", "+", "--1", "1e3", "0x10", " 1", "1%20",
                                str(INT64_MAX + 1), str(INT64_MIN - 1), "99999999999999999999999"])
def test_a_bad_by_is_refused_and_nothing_changes(client, counter, by):
    answer = client.post(f"/counter/increment?{query(counter=counter)}&by={by.replace(' ', '%20')}")
    assert answer.status == 400, answer
    assert "by" in answer.json()["error_description"]
    assert client.value(counter) == 0


@pytest.mark.parametrize("bound", ["max", "min"])
@pytest.mark.parametrize("value", ["", "ten", "1.0", str(INT64_MAX + 1)])
def test_a_bad_bound_is_refused(client, counter, bound, value):
    answer = client.post(f"/counter/increment?{query(counter=counter)}&{bound}={value}")
    assert answer.status == 400
    assert bound in answer.json()["error_description"]


def test_up_to_the_maximum_it_counts(client, counter):
    assert [client.next_value(counter, max=3) for _ in range(3)] == [1, 2, 3]


def test_above_the_maximum_it_is_409_and_nothing_changes(client, counter):
    client.next_value(counter, by=3)
    answer = client.increment(counter, max=3)
    assert answer.status == 409
    assert answer.text == f'{{"error_code":"limit_reached","counter":"{counter}","value":3,"max":3}}'
    assert client.value(counter) == 3


def test_a_step_over_the_maximum_is_not_cut_short(client, counter):
    answer = client.increment(counter, by=4, max=3)
    assert answer.status == 409
    assert answer.text == f'{{"error_code":"limit_reached","counter":"{counter}","value":0,"max":3}}'
    assert client.value(counter) == 0


def test_below_the_minimum_it_is_409_and_nothing_changes(client, counter):
    client.next_value(counter, by=2)
    answer = client.increment(counter, by=-3, min=0)
    assert answer.status == 409
    assert answer.text == f'{{"error_code":"limit_reached","counter":"{counter}","value":2,"min":0}}'
    assert client.value(counter) == 2


def test_both_bounds_may_be_given(client, counter):
    assert client.next_value(counter, by=5, min=0, max=5) == 5
    assert client.increment(counter, by=1, min=0, max=5).status == 409
    assert client.next_value(counter, by=-5, min=0, max=5) == 0
    assert client.increment(counter, by=-1, min=0, max=5).status == 409


def test_past_the_largest_number_it_is_409_and_the_value_stays(client, counter):
    client.set(counter, INT64_MAX)
    answer = client.increment(counter)
    assert answer.status == 409
    assert error_code(answer) == "limit_reached"
    assert answer.json()["value"] == INT64_MAX
    assert client.value(counter) == INT64_MAX
    assert client.next_value(counter, by=-1) == INT64_MAX - 1


def test_past_the_smallest_number_it_is_409_and_the_value_stays(client, counter):
    client.set(counter, INT64_MIN)
    answer = client.increment(counter, by=-1)
    assert answer.status == 409
    assert error_code(answer) == "limit_reached"
    assert answer.json()["value"] == INT64_MIN
    assert client.value(counter) == INT64_MIN
    assert client.next_value(counter) == INT64_MIN + 1


def test_overflow_is_seen_for_large_steps_too(client, counter):
    client.set(counter, 2)
    assert client.increment(counter, by=INT64_MAX).status == 409
    client.set(counter, -2)
    assert client.increment(counter, by=INT64_MIN).status == 409
    assert client.value(counter) == -2


def test_concurrent_increments_give_every_number_once(server, counter):
    seen, threads = [], []

    def count():
        connection = server.new_client()
        seen.extend(connection.next_value(counter) for _ in range(50))
        connection.close()

    for _ in range(8):
        threads.append(threading.Thread(target=count))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 401))


# --- arrays


def test_an_array_is_answered_in_its_order(client, counter):
    a, b = counter + "-a", counter + "-b"
    client.next_value(b, by=10)
    answer = client.increment_many([{"counter": b, "by": 5}, {"counter": a}])
    assert answer.status == 200
    assert answer.text == f'[{{"counter":"{b}","new_value":15}},{{"counter":"{a}","new_value":1}}]'


def test_a_counter_repeated_in_an_array_counts_each_time(client, counter):
    answer = client.increment_many([{"counter": counter}, {"counter": counter, "by": 2}, {"counter": counter}])
    assert [each["new_value"] for each in answer.json()] == [1, 3, 4]


def test_an_array_of_one_is_answered_by_an_array(client, counter):
    assert client.increment_many([{"counter": counter}]).json() == [{"counter": counter, "new_value": 1}]


def test_an_array_is_all_or_nothing(client, counter):
    a, b, c = (f"{counter}-{letter}" for letter in "abc")
    client.next_value(b, by=9)
    answer = client.increment_many([{"counter": a}, {"counter": b, "by": 2, "max": 10}, {"counter": c}])
    assert answer.status == 409
    assert answer.json() == {"error_code": "limit_reached", "counter": b, "value": 9, "max": 10, "index": 1}
    assert [client.value(each) for each in (a, b, c)] == [0, 9, 0]


def test_a_bound_in_an_array_sees_the_increments_before_it(client, counter):
    answer = client.increment_many([{"counter": counter, "by": 3}, {"counter": counter, "by": -4, "min": 0}])
    assert answer.status == 409
    assert answer.json()["index"] == 1
    assert client.value(counter) == 0
    assert client.increment_many([{"counter": counter, "by": 3}, {"counter": counter, "by": -3, "min": 0}]).status == 200


def test_overflow_in_an_array_changes_nothing(client, counter):
    client.set(counter, INT64_MAX - 1)
    answer = client.increment_many([{"counter": counter}, {"counter": counter}])
    assert answer.status == 409
    assert client.value(counter) == INT64_MAX - 1


def test_an_array_may_hold_a_thousand(client, counter):
    answer = client.increment_many([{"counter": counter}] * 1000)
    assert answer.status == 200
    assert answer.json()[-1]["new_value"] == 1000


def test_an_array_of_a_thousand_and_one_is_refused(client, counter):
    answer = client.increment_many([{"counter": counter}] * 1001)
    assert answer.status in (400, 413), answer
    assert "1000" in answer.json()["error_description"].replace(",", "")
    assert client.value(counter) == 0


@pytest.mark.parametrize("body", ["[]", "{}", "[1]", "null", "x", "", "[{}]", '[{"counter":""}]', '[{"counter":5}]',
                                  '[{"counter":"a","by":0}]', '[{"counter":"a","by":1.5}]', '[{"counter":"a","by":"1"}]',
                                  '[{"counter":"a","by":9223372036854775808}]', '[{"counter":"a","max":"x"}]',
                                  '[{"counter":"a","colour":1}]', '[{"counter":"a","counter":"b"}]',
                                  '[{"counter":"a"},]', '[{"counter":"a"}', '[{"counter":"a"}] x',
                                  '[{"by":1}]', '[' * 100 + ']' * 100])
def test_a_body_that_is_no_array_of_increments_is_refused(client, body):
    answer = client.post("/counter/increment", body, headers={"Content-Type": "application/json"})
    assert answer.status == 400, answer
    assert error_code(answer)


def test_a_body_that_is_not_utf8_is_refused(client):
    answer = client.post("/counter/increment", b'[{"counter":"\xff\xfe"}]', headers={"Content-Type": "application/json"})
    assert answer.status == 400


def test_an_array_may_name_a_counter_with_json_escapes(client, counter):
    body = '[{"counter":"%s\\u00e9\\n"}]' % counter
    assert client.post("/counter/increment", body).status == 200
    assert client.value(counter + "é\n") == 1


# --- GET


def test_a_counter_never_touched_is_zero(client, counter):
    answer = client.read(counter)
    assert answer.status == 200
    assert answer.text == f'{{"counter":"{counter}","value":0}}'


def test_a_read_sees_the_last_increment(client, counter):
    client.next_value(counter, by=41)
    client.next_value(counter)
    assert client.read(counter).text == f'{{"counter":"{counter}","value":42}}'


def test_a_read_does_not_make_a_counter(client, counter):
    client.read(counter)
    assert client.get("/counters?" + query(prefix=counter)).json()["counters"] == []


def test_head_answers_like_get_without_a_body(client, counter):
    answer = client.request("HEAD", "/counter?" + query(counter=counter))
    assert answer.status == 200
    assert answer.body == b""


# --- PUT


@pytest.mark.parametrize("value", [0, 1, -5, INT64_MAX, INT64_MIN])
def test_put_sets_a_counter(client, counter, value):
    answer = client.set(counter, value)
    assert answer.status == 200
    assert answer.text == f'{{"counter":"{counter}","value":{value}}}'
    assert client.value(counter) == value


def test_after_a_reset_it_counts_from_there(client, counter):
    client.next_value(counter, by=9)
    client.set(counter, 100)
    assert client.next_value(counter) == 101


def test_put_with_the_expected_value_sets(client, counter):
    client.next_value(counter, by=5)
    assert client.set(counter, 7, expected=5).status == 200
    assert client.value(counter) == 7


def test_put_with_another_expected_value_is_409_and_says_the_value(client, counter):
    client.next_value(counter, by=5)
    answer = client.set(counter, 7, expected=4)
    assert answer.status == 409
    assert error_code(answer)
    assert answer.json()["value"] == 5
    assert client.value(counter) == 5


def test_put_on_a_counter_never_touched_expects_zero(client, counter):
    assert client.set(counter, 7, expected=1).status == 409
    assert client.set(counter, 7, expected=0).status == 200


@pytest.mark.parametrize("body", ["", "7", "[]", "{}", '{"value":"7"}', '{"value":7.5}', '{"value":null}', '{"value":7',
                                  '{"value":9223372036854775808}', '{"value":1,"value":2}', '{"value":1,"colour":2}',
                                  '{"value":1,"expected":"2"}', '{"expected":1}', '{"value":1} x', '{"value":01}',
                                  "{'value':1}", "value=7"])
def test_a_bad_put_body_is_refused_and_nothing_changes(client, counter, body):
    answer = client.put("/counter?" + query(counter=counter), body, headers={"Content-Type": "application/json"})
    assert answer.status == 400, answer
    assert error_code(answer)
    assert client.value(counter) == 0


# --- DELETE


def test_delete_is_204_without_a_body(client, counter):
    client.next_value(counter)
    answer = client.erase(counter)
    assert answer.status == 204
    assert answer.body == b""


def test_a_deleted_counter_was_never_touched(client, counter):
    client.next_value(counter, by=9)
    client.erase(counter)
    assert client.value(counter) == 0
    assert client.next_value(counter) == 1


def test_deleting_what_is_not_there_is_204_too(client, counter):
    assert client.erase(counter).status == 204


def test_a_connection_goes_on_after_204(client, counter):
    client.erase(counter)
    assert client.next_value(counter) == 1


# --- list


@pytest.fixture
def five(client, counter):
    names = [f"{counter}/{letter}" for letter in "abcde"]
    client.increment_many([{"counter": name, "by": i + 1} for i, name in enumerate(reversed(names))])
    return names


def listed(answer):
    assert answer.status == 200, answer
    return [each["counter"] for each in answer.json()["counters"]]


def test_a_list_is_sorted_and_has_values(client, counter, five):
    answer = client.get("/counters?" + query(prefix=counter))
    assert answer.json() == {"counters": [{"counter": name, "value": 5 - i} for i, name in enumerate(five)],
                             "next": None}


def test_a_prefix_selects(client, counter, five):
    assert listed(client.get("/counters?" + query(prefix=counter + "/c"))) == five[2:3]
    assert listed(client.get("/counters?" + query(prefix=counter + "/x"))) == []


def test_pages_go_on_where_the_last_one_ended(client, counter, five):
    names, after = [], None
    for _ in range(10):
        page = client.get("/counters?" + query(prefix=counter, limit=2, **({"after": after} if after else {}))).json()
        assert len(page["counters"]) <= 2
        names += [each["counter"] for each in page["counters"]]
        after = page["next"]
        if after is None:
            break
    assert names == five


def test_after_need_not_be_a_counter(client, counter, five):
    assert listed(client.get("/counters?" + query(prefix=counter, after=counter + "/bb"))) == five[2:]


def test_a_list_is_sorted_by_bytes(client, counter):
    names = [counter + tail for tail in ("", "\x01", "Z", "a", "é", "日本", "😀")]
    client.increment_many([{"counter": name} for name in reversed(names)])
    assert listed(client.get("/counters?" + query(prefix=counter))) == sorted(names, key=str.encode)


def test_without_parameters_there_is_a_first_page(client, five):
    assert client.get("/counters").status == 200


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1001", "1.5"])
def test_a_bad_limit_is_refused(client, limit):
    answer = client.get(f"/counters?limit={limit}")
    assert answer.status == 400
    assert "limit" in answer.json()["error_description"]


def test_a_page_may_hold_a_thousand(client, counter):
    client.increment_many([{"counter": f"{counter}-{i:04}"} for i in range(1000)])
    client.next_value(f"{counter}-1000")
    page = client.get("/counters?" + query(prefix=counter, limit=1000)).json()
    assert len(page["counters"]) == 1000
    assert page["next"] == f"{counter}-0999"


# --- names


@pytest.mark.parametrize("name", ["a", "a b", "a+b", "a%b", "a&b=c", "a/b", "ä", "日本語", "😀", "\n\t", '"\\', "\x00x", "?#"])
def test_a_name_is_any_utf8_percent_decoded(client, counter, name):
    name = counter + name
    assert client.increment(name).json() == {"counter": name, "new_value": 1}
    assert client.read(name).json() == {"counter": name, "value": 1}
    assert listed(client.get("/counters?" + query(prefix=name))) == [name]


def test_letters_need_no_percent_encoding_and_get_none(client, counter):
    encoded = "".join(f"%{byte:02x}" for byte in counter.encode())
    assert client.post(f"/counter/increment?counter={encoded}").json()["counter"] == counter
    assert client.value(counter) == 1


def test_names_differ_by_case(client, counter):
    client.next_value(counter + "A")
    assert client.value(counter + "a") == 0


@pytest.mark.parametrize("size", [1, 1023, 1024])
def test_a_name_may_have_1_to_1024_bytes(client, size):
    name = ("n" * size) if size > 1 else "\x7f"
    before = client.value(name)
    assert client.next_value(name) == before + 1


@pytest.mark.parametrize("name", ["n" * 1025, "é" * 513, "n" * 4000])
def test_a_longer_name_is_refused(client, name):
    for answer in (client.increment(name), client.read(name), client.set(name, 1), client.erase(name),
                   client.increment_many([{"counter": name}]), client.get("/counter/watch?" + query(counter=name))):
        assert answer.status == 400, answer
        assert "1024" in answer.json()["error_description"].replace(",", "")


@pytest.mark.parametrize("name", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"a\x80"])
def test_a_name_that_is_not_utf8_is_refused(client, name):
    for answer in (client.increment(name), client.read(name), client.erase(name)):
        assert answer.status == 400, answer
        assert "UTF-8" in answer.json()["error_description"]


@pytest.mark.parametrize("encoded", ["%", "%4", "%zz", "a%2"])
def test_a_broken_percent_encoding_is_refused(client, encoded):
    assert client.post(f"/counter/increment?counter={encoded}").status == 400


@pytest.mark.parametrize("target", ["/counter/increment", "/counter/increment?", "/counter/increment?counter=",
                                    "/counter/increment?counter", "/counter/increment?by=2"])
def test_no_or_an_empty_name_is_answered_as_in_the_contract(client, target):
    answer = client.post(target)
    assert answer.status == 400
    assert answer.text == '{"error_code":"counter_not_specified"}'


@pytest.mark.parametrize("method,target", [("GET", "/counter"), ("GET", "/counter?counter="), ("DELETE", "/counter"),
                                           ("GET", "/counter/watch"), ("PUT", "/counter")])
def test_no_name_is_answered_alike_everywhere(client, method, target):
    answer = client.request(method, target, body={"value": 1} if method == "PUT" else None)
    assert answer.status == 400
    assert answer.text == '{"error_code":"counter_not_specified"}'


# --- what is not there


@pytest.mark.parametrize("target", ["/counter/", "/counter/increment/", "/counter/decrement", "/Counter", "/counterx",
                                    "/counters/x", "/favicon.ico", "//counter", "/counter%2fincrement", "/./counter"])
def test_another_path_is_404_as_in_the_contract(client, target):
    answer = client.get(target)
    assert answer.status == 404
    assert answer.text == '{"error_code":"404_not_found"}'


@pytest.mark.parametrize("method,path,allowed", [
    ("GET", "/counter/increment", {"POST"}),
    ("PUT", "/counter/increment", {"POST"}),
    ("POST", "/counter", {"GET", "PUT", "DELETE"}),
    ("POST", "/counters", {"GET"}),
    ("DELETE", "/counters", {"GET"}),
    ("POST", "/counter/watch", {"GET"}),
    ("PATCH", "/counter", {"GET", "PUT", "DELETE"}),
    ("POST", "/healthz", {"GET"}),
    ("DELETE", "/metrics", {"GET"}),
])
def test_another_method_is_405_and_names_those_that_are_allowed(client, method, path, allowed):
    answer = client.request(method, path + "?counter=x")
    assert answer.status == 405
    assert error_code(answer)
    named = {each.strip() for each in answer.headers["allow"].split(",")}
    assert named - {"HEAD", "OPTIONS"} == allowed


@pytest.mark.parametrize("method,target", [
    ("POST", "/counter/increment?counter=x&colour=red"),
    ("POST", "/counter/increment?counter=x&BY=1"),
    ("GET", "/counter?counter=x&by=1"),
    ("DELETE", "/counter?counter=x&max=1"),
    ("PUT", "/counter?counter=x&value=1"),
    ("GET", "/counters?counter=x"),
    ("GET", "/counter/watch?counter=x&limit=1"),
])
def test_an_unknown_parameter_is_refused_by_name(client, method, target):
    answer = client.request(method, target, body={"value": 1} if method == "PUT" else None)
    assert answer.status == 400, answer
    assert target.split("&")[-1].split("?")[-1].split("=")[0] in answer.json()["error_description"]


@pytest.mark.parametrize("target", ["/counter/increment?counter=x&counter=x", "/counter/increment?counter=x&counter=y",
                                    "/counter/increment?counter=x&by=1&by=1", "/counter/increment?counter=x&max=5&max=6"])
def test_a_parameter_given_twice_is_refused(client, target):
    answer = client.post(target)
    assert answer.status == 400, answer
    assert error_code(answer)


def test_every_answer_has_a_length_and_a_type(client, counter):
    for answer in (client.increment(counter), client.read(counter), client.get("/nothing"), client.get("/counters"),
                   client.post("/counter/increment?counter=")):
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert answer.headers["content-type"].startswith("application/json")
        json.loads(answer.body)


def test_a_body_beside_a_named_counter_is_ignored(client, counter):
    answer = client.post(f"/counter/increment?counter={counter}", "anything")
    assert (answer.status, answer.json()["new_value"]) == (200, 1)
