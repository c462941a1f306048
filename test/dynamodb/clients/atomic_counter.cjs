// A scenario with the package dynamodb-atomic-counter and the AWS SDK for JavaScript v2 below it. Prints what it found as JSON.
// Usage: node atomic_counter.cjs PACKAGES ENDPOINT TABLE, where TABLE has the key `id` (text).
const { createRequire } = require("node:module");

const [packages, endpoint, table] = process.argv.slice(2);
const fromPackages = createRequire(`${packages}/`);
const AWS = fromPackages("aws-sdk");
AWS.config.update({ endpoint, region: "us-east-1", accessKeyId: "any", secretAccessKey: "any", sslEnabled: endpoint.startsWith("https") });
const counters = fromPackages("dynamodb-atomic-counter");

const promised = (call) => new Promise((resolve, reject) => call((error, data) => (error ? reject(error) : resolve(data))));
const increment = (id, more) => new Promise((resolve, reject) => counters.increment(id, { tableName: table, ...more }).then(resolve, reject));
const lastValue = (id, more) => new Promise((resolve, reject) => counters.getLastValue(id, { tableName: table, ...more }).then(resolve, reject));

async function main() {
  const found = {};
  const id = `counter-${process.pid}-${Date.now()}`;
  found.unknown = await lastValue(id);
  found.first = [await increment(id), await increment(id), await increment(id)];
  found.ten = await increment(id, { increment: 10 });
  found.down = await increment(id, { increment: -3 });
  found.last = await lastValue(id);
  const other = `${id}-many`;
  const given = await Promise.all([...Array(50).keys()].map(() => increment(other)));
  found.given = given.sort((a, b) => a - b);
  found.named = await increment(`${id}-named`, { countAttribute: "n" });
  found.noTable = await increment(id, { tableName: "quipu_test_nobody" }).then(() => "none", (error) => error.code);
  const db = new AWS.DynamoDB();
  const item = await promised((done) => db.getItem({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true }, done));
  found.item = item.Item.lastValue;
  found.deleted = await promised((done) => db.deleteItem({ TableName: table, Key: { id: { S: id } }, ReturnValues: "ALL_OLD" }, done))
    .then((answer) => answer.Attributes.lastValue.N);
  found.again = await increment(id);
  console.log(JSON.stringify(found));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
