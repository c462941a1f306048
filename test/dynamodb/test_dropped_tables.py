"""What others are doing with a table while it is dropped: each of them sees it as it was, or that it has gone."""

import threading

import pytest

from dynamodb_client import S, refusal_of
from quipu_server import wait_until

ITEMS = 2_000
READERS = 64


def filled(db, make_table, items):
    table = make_table("h:S")
    for start in range(0, items, 25):
        db("BatchWriteItem", RequestItems={table: [{"PutRequest": {"Item": {"h": S(str(i))}}} for i in range(start, start + 25)]})
    return table


@pytest.mark.only_quipu
def test_a_scan_never_sees_half_of_a_table(db, make_table):
    """Its rows go one after the other, and a scan may have to wait for its turn."""
    for _ in range(3):
        table = filled(db, make_table, ITEMS)
        answers = []

        def scan_until_it_has_gone():
            own = db.another()
            while True:
                answer = own.call("Scan", {"TableName": table, "Select": "COUNT"})
                if answer.status != 200:
                    break
                answers.append(answer.json()["Count"])
            answers.append(refusal_of(answer).type)
            own.close()

        readers = [threading.Thread(target=scan_until_it_has_gone) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        wait_until(lambda: len(answers) > READERS, 30)
        db("DeleteTable", TableName=table)
        for reader in readers:
            reader.join(60)
        assert set(answers) == {ITEMS, "ResourceNotFoundException"}


@pytest.mark.differs_in_dynamodb_local("it has no backups")
def test_a_backup_that_was_promised_is_made(db, make_table):
    """Whoever comes first: a table that is dropped at the same moment, or its backup."""
    for _ in range(20):
        table = filled(db, make_table, 25)
        dropper = threading.Thread(target=lambda own=db.another(): own.call("DeleteTable", {"TableName": table}))
        dropper.start()
        answer = db.call("CreateBackup", {"TableName": table, "BackupName": "promised"})
        dropper.join()
        if answer.status != 200:
            assert refusal_of(answer).type == "TableNotFoundException"
            continue
        arn = answer.json()["BackupDetails"]["BackupArn"]
        wait_until(lambda: db("DescribeBackup", BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "AVAILABLE",
                   20)
        db("DeleteBackup", BackupArn=arn)
