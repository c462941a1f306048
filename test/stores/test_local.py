"""Our own store keeps to what it asks of others."""

import pytest

from contract import CONDITIONAL_ENVIRONMENT, StoreContract


@pytest.fixture(scope="module")
def quipu(start_quipu):
    return start_quipu()


@pytest.fixture(scope="module")
def conditional_quipu(start_quipu):
    return start_quipu(env=CONDITIONAL_ENVIRONMENT)


@pytest.fixture
def keep_text(quipu):
    def keep(counter, text):
        item = {"id": {"S": counter}, "lastValue": {"S": text}}
        answer = quipu.client.post("/", {"TableName": "AtomicCounters", "Item": item},
                                   headers={"X-Amz-Target": "DynamoDB_20120810.PutItem",
                                            "Content-Type": "application/x-amz-json-1.0"})
        assert answer.status == 200, answer
    return keep


class TestLocal(StoreContract):
    store = "local"
    has_arrays = True
