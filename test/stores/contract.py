"""What every store does alike, told to one store through Quipu. A store's test file has a class for it:

    class TestRedis(StoreContract):
        store = "redis"

and these fixtures: `quipu`, a server that has the store; `conditional_quipu`, one more with conditional writes up to
CONDITIONAL_MAX; `keep_text(counter, text)`, which puts into the store itself what is no number, if it can hold that.
"""

import threading
import urllib.parse
import uuid

import pytest

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
CONDITIONAL_MAX = 10
CONDITIONAL_ENVIRONMENT = {"USE_CONDITIONAL_WRITES": "true", "MAX_COUNTER_VALUE": str(CONDITIONAL_MAX)}

NAMES = ["plain", "with space", "ä", "日本", "{braces}", "a{b}c", "{}", "}{", "{", 'quo"te', "apos'trophe", "back\\slash",
         "a/b", "per%cent", "semi;colon--", "$dollar.dot", "new\nline", "*", "a:b", "UPPER", "upper", "trailing "]


def needs(ability):
    """Of a test: it is one only for stores that have this ability (conftest.py)."""
    def mark(test):
        test.needs = ability
        return test
    return mark


class StoreContract:
    store = None
    can_mark = True  # keeps idempotency keys with the effect
    can_keep_text = True  # where the number is
    has_arrays = False  # several increments in one call, all or nothing
    name_bytes_max = 1024

    @pytest.fixture
    def client(self, quipu):
        connection = quipu.new_client()
        yield connection
        connection.close()

    def post(self, client, counter, **more):
        return client.post(f"/{self.store}/{urllib.parse.quote(counter, safe='')}", **more)

    def increment(self, client, counter, **parameters):
        return client.increment(counter, store=self.store, **parameters)

    def value(self, client, counter):
        answer = client.get(f"/counter?counter={urllib.parse.quote(counter, safe='')}&store={self.store}")
        assert answer.status == 200, answer
        return answer.json()["value"]

    def set(self, client, counter, value, key=None, **more):
        headers = {"Idempotency-Key": key} if key else None
        return client.put(f"/counter?counter={urllib.parse.quote(counter, safe='')}&store={self.store}",
                          {"value": value, **more}, headers=headers)

    def erase(self, client, counter, **more):
        return client.delete(f"/counter?counter={urllib.parse.quote(counter, safe='')}&store={self.store}", **more)

    # --- POST /STORE/ID

    def test_it_counts_from_one(self, client, counter):
        for n in (1, 2, 3):
            answer = self.post(client, counter)
            assert (answer.status, answer.text) == (200, f'{{"counter":{n},"useConditionalWrites":false}}')
        assert self.value(client, counter) == 3

    def test_a_body_is_allowed_and_ignored(self, client, counter):
        assert self.post(client, counter, body="{not json").json()["counter"] == 1

    def test_exactly_the_maximum_is_counted(self, conditional_quipu, counter):
        client = conditional_quipu.new_client()
        answers = [self.post(client, counter) for _ in range(CONDITIONAL_MAX + 2)]
        assert [a.status for a in answers] == [200] * CONDITIONAL_MAX + [409] * 2
        assert answers[0].text == '{"counter":1,"useConditionalWrites":true}'
        assert answers[-1].text == ('{"error":"Counter has reached its maximum value of: 10",'
                                    '"useConditionalWrites":true}')

    def test_many_at_once_make_exactly_the_maximum(self, conditional_quipu, counter):
        answers = []

        def count():
            client = conditional_quipu.new_client()
            answers.extend(self.post(client, counter) for _ in range(3))

        threads = [threading.Thread(target=count) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        values = sorted(a.json()["counter"] for a in answers if a.status == 200)
        assert values == list(range(1, CONDITIONAL_MAX + 1))
        assert [a.status for a in answers if a.status != 200] == [409] * (24 - CONDITIONAL_MAX)

    # --- the counter API

    def test_by_any_step(self, client, counter):
        assert self.increment(client, counter, by=5).json() == {"counter": counter, "new_value": 5}
        assert self.increment(client, counter, by=-7).json()["new_value"] == -2

    def test_a_maximum_is_never_passed(self, client, counter):
        assert self.increment(client, counter, by=7, max=10).json()["new_value"] == 7
        answer = self.increment(client, counter, by=7, max=10)
        assert (answer.status, answer.json()["error_code"]) == (409, "limit_reached")
        assert (answer.json()["value"], answer.json()["max"]) == (7, 10)
        assert self.increment(client, counter, by=3, max=10).json()["new_value"] == 10
        assert self.increment(client, counter, max=10).status == 409
        assert self.value(client, counter) == 10

    def test_a_minimum_is_never_passed(self, client, counter):
        assert self.increment(client, counter, by=-7, min=-10).json()["new_value"] == -7
        answer = self.increment(client, counter, by=-7, min=-10)
        assert (answer.status, answer.json()["value"], answer.json()["min"]) == (409, -7, -10)
        assert self.increment(client, counter, by=-3, min=-10).json()["new_value"] == -10

    def test_a_maximum_below_zero_refuses_a_new_counter(self, client, counter):
        assert self.increment(client, counter, max=0).json()["value"] == 0
        assert self.increment(client, counter, max=-5).status == 409
        assert self.increment(client, counter, by=-3, min=0).status == 409
        assert self.value(client, counter) == 0

    def test_an_unknown_counter_is_zero(self, client, counter):
        assert self.value(client, counter) == 0

    def test_set_and_get(self, client, counter):
        for value in (41, 0, -3, INT64_MAX, INT64_MIN, 2**53 + 1):
            assert self.set(client, counter, value).json() == {"counter": counter, "value": value}
            assert self.value(client, counter) == value

    def test_set_with_the_expected_value(self, client, counter):
        assert self.set(client, counter, 5, expected=0).json()["value"] == 5
        answer = self.set(client, counter, 9, expected=4)
        assert (answer.status, answer.json()["error_code"]) == (409, "value_mismatch")
        assert (answer.json()["value"], answer.json()["expected"]) == (5, 4)
        assert self.set(client, counter, 9, expected=5).json()["value"] == 9
        assert self.value(client, counter) == 9

    def test_expected_values_are_compared_exactly(self, client, counter):
        """2**53 and 2**53 + 1 are one number to whoever counts in floating point."""
        self.set(client, counter, 2**53)
        assert self.set(client, counter, 1, expected=2**53 + 1).status == 409
        assert self.value(client, counter) == 2**53

    def test_delete(self, client, counter):
        self.increment(client, counter)
        assert self.erase(client, counter).status == 204
        assert self.value(client, counter) == 0
        assert self.erase(client, counter).status == 204
        assert self.increment(client, counter).json()["new_value"] == 1

    # --- 64 bits

    def test_the_largest_number_is_the_end(self, client, counter):
        assert self.increment(client, counter, by=INT64_MAX).json()["new_value"] == INT64_MAX
        answer = self.increment(client, counter)
        assert (answer.status, answer.json()["error_code"], answer.json()["value"]) == (409, "limit_reached", INT64_MAX)
        assert self.value(client, counter) == INT64_MAX
        assert self.increment(client, counter, by=-1).json()["new_value"] == INT64_MAX - 1

    def test_the_smallest_number_is_the_end(self, client, counter):
        assert self.increment(client, counter, by=INT64_MIN).json()["new_value"] == INT64_MIN
        assert self.increment(client, counter, by=-1).status == 409
        assert self.value(client, counter) == INT64_MIN

    def test_overflow_is_seen_for_large_steps_too(self, client, counter):
        self.increment(client, counter, by=2)
        assert self.increment(client, counter, by=INT64_MAX).status == 409
        assert self.increment(client, counter, by=-4).json()["new_value"] == -2
        assert self.increment(client, counter, by=INT64_MIN).status == 409
        assert self.value(client, counter) == -2

    def test_limits_are_compared_exactly(self, client, counter):
        start = 2**53
        self.increment(client, counter, by=start)
        assert self.increment(client, counter, max=start).status == 409
        assert self.increment(client, counter, max=start + 1).json()["new_value"] == start + 1
        assert self.increment(client, counter, max=start + 1).status == 409
        assert self.increment(client, counter, max=INT64_MAX).json()["new_value"] == start + 2

    def test_limits_of_another_length_are_compared_as_numbers(self, client, counter):
        self.increment(client, counter, by=9)
        assert self.increment(client, counter, max=10).json()["new_value"] == 10
        assert self.increment(client, counter, max=9).status == 409
        assert self.increment(client, counter, by=-19, min=-9).json()["new_value"] == -9
        assert self.increment(client, counter, by=-1, min=-10).json()["new_value"] == -10
        assert self.increment(client, counter, by=-1, min=-9).status == 409
        assert self.increment(client, counter, by=-1, min=5).status == 409

    # --- names

    @pytest.mark.parametrize("name", NAMES)
    def test_names(self, client, name):
        own = f"{name}-{uuid.uuid4().hex}"
        assert [self.post(client, own).json()["counter"] for _ in range(2)] == [1, 2]
        assert self.increment(client, own).json() == {"counter": own, "new_value": 3}
        assert self.value(client, own) == 3

    @pytest.mark.parametrize("name", NAMES)
    @needs("can_mark")
    def test_names_with_an_idempotency_key(self, client, name):
        own = f"{name}-{uuid.uuid4().hex}"
        key = {"Idempotency-Key": f"key-{uuid.uuid4()}"}
        answers = [self.post(client, own, headers=key).json()["counter"] for _ in range(2)]
        assert answers == [1, 1]

    def test_the_shortest_and_the_longest_name(self, client):
        for name in ("x" + uuid.uuid4().hex[:3], (uuid.uuid4().hex * 32)[: self.name_bytes_max]):
            self.erase(client, name)
            assert self.post(client, name).json()["counter"] == 1
            assert self.value(client, name) == 1

    def test_names_differ_by_case_and_by_their_end(self, client, counter):
        for name in (counter, counter.upper(), counter + " ", counter + "\n", counter + "x"):
            assert self.post(client, name).json()["counter"] == 1

    # --- idempotency

    @needs("can_mark")
    def test_a_retry_is_answered_as_before_and_counts_once(self, client, counter):
        key = {"Idempotency-Key": counter}
        first = self.post(client, counter, headers=key)
        assert self.post(client, counter).json()["counter"] == 2
        again = self.post(client, counter, headers=key)
        assert (first.status, first.body) == (again.status, again.body)
        assert self.value(client, counter) == 2

    @needs("can_mark")
    def test_a_retry_of_the_counter_api_counts_once(self, client, counter):
        first, again = (self.increment(client, counter, key=counter, by=5) for _ in range(2))
        assert (first.status, first.body) == (again.status, again.body)
        assert self.value(client, counter) == 5

    @needs("can_mark")
    def test_a_refusal_is_remembered_too(self, client, counter):
        self.increment(client, counter, by=5)
        first = self.increment(client, counter, key=counter, max=5)
        assert first.status == 409
        self.increment(client, counter, by=-5)
        again = self.increment(client, counter, key=counter, max=5)
        assert (first.status, first.body) == (again.status, again.body)
        assert self.value(client, counter) == 0

    @needs("can_mark")
    def test_a_set_and_a_delete_are_remembered(self, client, counter):
        assert self.set(client, counter, 7, key=counter).json()["value"] == 7
        self.increment(client, counter)
        assert self.set(client, counter, 7, key=counter).json()["value"] == 7
        assert self.value(client, counter) == 8
        headers = {"Idempotency-Key": counter + "-delete"}
        assert self.erase(client, counter, headers=headers).status == 204
        self.increment(client, counter)
        assert self.erase(client, counter, headers=headers).status == 204
        assert self.value(client, counter) == 1

    @needs("can_mark")
    def test_another_request_under_the_same_key_is_refused(self, client, counter):
        self.increment(client, counter, key=counter)
        for other in ({"by": 2}, {"max": 100}, {"min": 0}):
            answer = self.increment(client, counter, key=counter, **other)
            assert answer.status == 422, answer
        assert self.set(client, counter, 9, key=counter).status == 422
        assert self.value(client, counter) == 1

    @needs("can_mark")
    def test_many_retries_at_once_count_once(self, quipu, counter):
        bodies = []

        def retry():
            answer = self.post(quipu.new_client(), counter, headers={"Idempotency-Key": counter})
            bodies.append((answer.status, answer.body))

        threads = [threading.Thread(target=retry) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(bodies) == 8 and len(set(bodies)) == 1 and bodies[0][0] == 200, bodies
        assert self.value(quipu.client, counter) == 1

    # --- what is no counter

    @needs("can_keep_text")
    def test_what_is_no_number_is_not_counted(self, client, counter, keep_text):
        keep_text(counter, "three")
        assert self.post(client, counter).status == 409
        for answer in (self.increment(client, counter), self.increment(client, counter, max=10)):
            assert (answer.status, answer.json()["error_code"]) == (409, "not_a_counter")
        answer = client.get(f"/counter?counter={counter}&store={self.store}")
        assert (answer.status, answer.json()["error_code"]) == (409, "not_a_counter")
        assert self.set(client, counter, 1, expected=0).json()["error_code"] == "not_a_counter"
        assert self.set(client, counter, 1).status == 200
        assert self.increment(client, counter).json()["new_value"] == 2

    def test_an_array_is_taken_or_refused(self, client, counter):
        answer = client.post(f"/counter/increment?store={self.store}", [{"counter": counter}, {"counter": counter}])
        assert answer.status == (200 if self.has_arrays else 400), answer
