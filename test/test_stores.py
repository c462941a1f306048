"""POST /{store}/{id}, and the parameter `store` of the counter API, on our own store; and what is said of those that are off."""

import pytest

OFF = {"dynamo": "TABLE_NAME", "redis": "REDIS_URL", "momento": "momento_key_info.json",
       "docdb": "DOCUMENT_DB_CONNECTION_STRING", "tidb": "tidb_info.json"}


def test_local_counts_from_one(client, counter):
    for n in (1, 2, 3):
        answer = client.post(f"/local/{counter}")
        assert (answer.status, answer.text) == (200, f'{{"counter":{n},"useConditionalWrites":false}}')
    assert client.get(f"/counter?counter={counter}").json() == {"counter": counter, "value": 3}


def test_a_body_is_allowed_and_ignored(client, counter):
    assert client.post(f"/local/{counter}", body="{not json").json()["counter"] == 1


def test_an_id_is_decoded(client, counter):
    client.post(f"/local/{counter}%2F%C3%A4")
    assert client.get(f"/counter?counter={counter}%2F%C3%A4").json()["value"] == 1


@pytest.mark.parametrize("path", ["/local/", "/local/a/b", "/local/%ff", "/local/%2", "/local/a?x=1", "/local/" + "x" * 1025])
def test_what_is_no_id_is_refused(client, path):
    answer = client.post(path)
    assert answer.status == 400
    assert answer.json()["error"]


def test_another_verb_is_not_allowed(client, counter):
    answer = client.get(f"/local/{counter}")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_another_store_is_not_found(client, counter):
    assert client.post(f"/oracle/{counter}").json() == {"error_code": "404_not_found"}
    answer = client.post(f"/counter/increment?counter={counter}&store=oracle")
    assert (answer.status, answer.json()["error_code"]) == (404, "not_found")
    assert "local" in answer.json()["error_description"]


@pytest.mark.parametrize("store", OFF)
def test_a_store_that_is_off_says_what_to_set(own_server, client, counter, store):
    answer = client.post(f"/{store}/{counter}")
    assert answer.status == 404
    assert OFF[store] in answer.json()["error"]
    answer = client.post(f"/counter/increment?counter={counter}&store={store}")
    assert answer.status == 404
    assert OFF[store] in answer.json()["error_description"]


def test_the_counter_api_names_a_store(client, counter):
    assert client.post(f"/counter/increment?counter={counter}&store=local&by=5").json()["new_value"] == 5
    assert client.get(f"/counter?counter={counter}&store=local").json()["value"] == 5
    assert client.put(f"/counter?counter={counter}&store=local", body='{"value":9,"expected":5}').json()["value"] == 9
    assert client.delete(f"/counter?counter={counter}&store=local").status == 204


def test_lists_are_of_our_own_store(client):
    assert client.get("/counters?store=redis").status == 400


def test_conditional_writes_end_at_the_maximum(fresh_server, counter):
    server = fresh_server(env={"USE_CONDITIONAL_WRITES": "true", "MAX_COUNTER_VALUE": "3"}).start()
    client = server.new_client()
    answers = [client.post(f"/local/{counter}") for _ in range(5)]
    assert [a.status for a in answers] == [200, 200, 200, 409, 409]
    assert answers[0].text == '{"counter":1,"useConditionalWrites":true}'
    assert answers[3].text == '{"error":"Counter has reached its maximum value of: 3","useConditionalWrites":true}'


def test_settings_of_others_are_also_read_from_dotenv(fresh_server, tmp_path, counter):
    server = fresh_server(env={"MAX_COUNTER_VALUE": "2"})
    (server.directory / ".env").write_text("# of the deployment\nexport USE_CONDITIONAL_WRITES='true'\nMAX_COUNTER_VALUE=1\nOTHER=x\n")
    client = server.start().new_client()
    assert [client.post(f"/local/{counter}").status for _ in range(3)] == [200, 200, 409]  # the environment is stronger


def test_a_retry_with_its_key_is_answered_as_before(client, counter):
    headers = {"Idempotency-Key": counter}
    assert client.post(f"/local/{counter}", headers=headers).text == client.post(f"/local/{counter}", headers=headers).text
    assert client.get(f"/counter?counter={counter}").json()["value"] == 1


def test_figures_tell_of_each_store(own_server, client, counter):
    client.post(f"/local/{counter}")
    text = client.get("/metrics").text
    assert 'quipu_counter_requests_total{store="local"}' in text
    assert 'quipu_counter_values_total{store="local"}' in text
