"""Random requests to Quipu and to DynamoDB Local get the same answers. DIFFERENTIAL_OPERATIONS (5000) and DIFFERENTIAL_SEED (1) say
how many and which; differential.py has more to say, and looks for more than one difference."""

import json
import os

import pytest

import differential
from dynamodb_local import DynamoDBLocal, NotInstalled

OPERATIONS = int(os.environ.get("DIFFERENTIAL_OPERATIONS", "5000"))
SEED = int(os.environ.get("DIFFERENTIAL_SEED", "1"))  # the same requests in every run: what fails, failed before


@pytest.fixture(scope="module")
def oracle():
    try:
        local = DynamoDBLocal().start()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    yield local
    local.stop()


@pytest.mark.only_quipu
def test_quipu_answers_as_dynamodb_local_does(service_url, oracle):
    reports = differential.compare(service_url, oracle.url, OPERATIONS, SEED, differences_max=5)
    assert not reports, "\n".join([f"seed {SEED}", *(json.dumps(each, indent=1, ensure_ascii=False) for each in reports)])


def test_the_tester_finds_what_differs(oracle, monkeypatch):
    """A server that words one refusal otherwise is found out, with the shortest way to it."""
    pair = differential.Pair(oracle.url, oracle.url)

    def ask_once(operation, members, how):
        theirs = pair.oracle.gather(operation, members, how) if how != "one" else pair.oracle.call(operation, members)
        ours = theirs._replace(message="The conditional request succeeded") if "conditional request" in theirs.message else theirs
        return differential.difference(operation, members, how, ours, theirs), ours, theirs

    monkeypatch.setenv("DIFFERENTIAL_SELF_CHECK", "1")
    monkeypatch.setattr(pair, "differ", ask_once)
    run = differential.Run(pair, seed=1)
    found = run.run(2000)
    assert found
    report = differential.report(run, found, 1)
    run.start_anew()
    assert "succeeded" in report["difference"]
    assert report["sequence"][0]["operation"] == "CreateTable"
    assert len(report["sequence"]) <= 3
