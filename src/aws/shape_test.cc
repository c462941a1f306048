#include "aws/shape.h"

#include <gtest/gtest.h>

#include <string>

#include "aws/json_integer.h"
#include "aws/shapes.h"

namespace quipu::aws {
namespace {

// What the service says to the request; nothing if it goes on.
std::string answer(const Shape& shape, std::string_view json) {
  JsonTree tree;
  const auto root = tree.parse(json);
  if (!root) return "not JSON: " + root.error().message;
  const auto checked = check_input(shape, **root);
  if (checked) return "";
  if (checked.error().type == ErrorType::serialization) return "S: " + checked.error().message;
  return checked.error().message;
}

TEST(ShapeTypes, ScalarsAreNotConverted) {
  const auto put = [](std::string_view name) {
    return answer(shapes::put_item, fmt::format(R"({{"TableName":{}}})", name));
  };
  EXPECT_EQ(put("23"), "S: NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(put("-2147483648"), "S: NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(put("34.56"), "S: DECIMAL_VALUE cannot be converted to String");
  EXPECT_EQ(put("1e3"), "S: DECIMAL_VALUE cannot be converted to String");
  EXPECT_EQ(put("true"), "S: TRUE_VALUE cannot be converted to String");
  EXPECT_EQ(put("false"), "S: FALSE_VALUE cannot be converted to String");
  EXPECT_EQ(put("[]"), "S: Unrecognized collection type class java.lang.String");
  EXPECT_EQ(put("{}"), "S: Start of structure or map found where not expected");

  EXPECT_EQ(answer(shapes::list_tables, R"({"Limit":"5"})"), "S: STRING_VALUE cannot be converted to Integer");
  EXPECT_EQ(answer(shapes::list_tables, R"({"Limit":false})"), "S: FALSE_VALUE cannot be converted to Integer");
  EXPECT_EQ(answer(shapes::list_tables, R"({"Limit":[]})"), "S: Unrecognized collection type class java.lang.Integer");
  EXPECT_EQ(answer(shapes::list_tables, R"({"Limit":5.5})"), "");
  EXPECT_EQ(answer(shapes::update_table, R"({"ProvisionedThroughput":{"ReadCapacityUnits":"1"}})"),
            "S: STRING_VALUE cannot be converted to Long");
  EXPECT_EQ(answer(shapes::list_backups, R"({"TimeRangeLowerBound":"2020"})"),
            "S: STRING_VALUE cannot be converted to Date");
}

TEST(ShapeTypes, BooleansMayBeWords) {
  const auto get = [](std::string_view value) {
    return answer(shapes::get_item, fmt::format(R"({{"TableName":"abc","Key":{{}},"ConsistentRead":{}}})", value));
  };
  EXPECT_EQ(get("true"), "");
  EXPECT_EQ(get("\"Yes\""), "");
  EXPECT_EQ(get("null"), "");
  EXPECT_EQ(get("\"maybe\""), "S: Unexpected token received from parser");
  EXPECT_EQ(get("1"), "S: NUMBER_VALUE cannot be converted to Boolean");
  EXPECT_EQ(get("[]"), "S: Unrecognized collection type class java.lang.Boolean");
}

TEST(ShapeTypes, ContainersAreMissedInWordsOfTheirPlace) {
  const std::string cast =
      "S: class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class "
      "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of "
      "loader 'bootstrap')";
  const std::string model = "com.amazonaws.dynamodb.v20120810.";
  EXPECT_EQ(answer(shapes::create_table, R"({"KeySchema":"x"})"), "S: Unexpected field type");
  EXPECT_EQ(answer(shapes::create_table, R"({"KeySchema":{}})"),
            "S: Start of structure or map found where not expected");
  EXPECT_EQ(answer(shapes::create_table, R"({"KeySchema":[1]})"), "S: Unexpected value type in payload");
  EXPECT_EQ(answer(shapes::create_table, R"({"KeySchema":[[]]})"),
            "S: Unrecognized collection type class " + model + "KeySchemaElement");
  EXPECT_EQ(answer(shapes::create_table, R"({"ProvisionedThroughput":5})"), "S: Unexpected field type");
  EXPECT_EQ(answer(shapes::put_item, R"({"Item":5})"), "S: Unexpected field type");
  EXPECT_EQ(answer(shapes::put_item, R"({"Item":[]})"),
            "S: Unrecognized collection type java.util.Map<java.lang.String, " + model + "AttributeValue>");
  EXPECT_EQ(answer(shapes::put_item, R"({"ExpressionAttributeNames":[]})"),
            "S: Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>");
  EXPECT_EQ(answer(shapes::batch_write_item, R"({"RequestItems":{"a":5}})"), cast);
  EXPECT_EQ(answer(shapes::batch_get_item, R"({"RequestItems":{"a":{"Keys":[true]}}})"), cast);
  EXPECT_EQ(
      answer(shapes::batch_write_item, R"({"RequestItems":[]})"),
      "S: Unrecognized collection type java.util.Map<java.lang.String, java.util.List<" + model + "WriteRequest>>");
  EXPECT_EQ(answer(shapes::put_item, "[]"), "S: ");
}

TEST(ShapeTypes, AttributeValuesAreLookedThrough) {
  const auto put = [](std::string_view value) {
    return answer(shapes::put_item, fmt::format(R"({{"TableName":"abc","Item":{{"a":{}}}}})", value));
  };
  EXPECT_EQ(put(R"({"S":1})"), "S: NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(put(R"("x")"), "S: Unexpected value type in payload");
  EXPECT_EQ(put(R"({"L":[{"M":{"b":{"N":1}}}]})"), "S: NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(put(R"({"SS":"x"})"), "S: Unexpected field type");
  EXPECT_EQ(put(R"({"SS":[1]})"), "S: NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(put(R"({"B":1})"), "S: only base-64-encoded strings are convertible to bytes");
  EXPECT_EQ(put(R"({"B":"23456"})"), "S: Base64 encoded length is expected a multiple of 4 bytes but found: 5");
  EXPECT_EQ(put(R"({"BS":["AAAA","=+/="]})"), "S: Invalid last non-pad Base64 character dectected");
  EXPECT_EQ(put(R"({"S":null,"X":5})"), "");
}

TEST(ShapeTypes, FirstWrongValueOfTheTextIsTold) {
  EXPECT_EQ(answer(shapes::scan, R"({"Limit":"5","IndexName":5})"), "S: STRING_VALUE cannot be converted to Integer");
  EXPECT_EQ(answer(shapes::scan, R"({"IndexName":5,"Limit":"5"})"), "S: NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(answer(shapes::scan, R"({"Segment":-1,"IndexName":5})"), "S: NUMBER_VALUE cannot be converted to String");
}

// As us-east-1 answered in June 2026.
TEST(ShapeConstraints, MembersAreCheckedInTheServicesOrder) {
  const std::string failed = " failed to satisfy constraint: Member must satisfy enum value set: ";
  const std::string values =
      "Value 'X' at 'returnValues'" + failed + "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]";
  const std::string capacity = "Value 'X' at 'returnConsumedCapacity'" + failed + "[INDEXES, TOTAL, NONE]";
  const std::string metrics = "Value 'X' at 'returnItemCollectionMetrics'" + failed + "[SIZE, NONE]";
  const std::string name =
      "Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1";
  EXPECT_EQ(answer(shapes::put_item, R"({"TableName":"","Item":{}})"), "1 validation error detected: " + name);
  EXPECT_EQ(answer(shapes::put_item, R"({"TableName":"","ReturnValues":"X","Item":{}})"),
            "2 validation errors detected: " + values + "; " + name);
  EXPECT_EQ(answer(shapes::put_item,
                   R"({"TableName":"abc","Item":{},"ReturnConsumedCapacity":"X","ReturnItemCollectionMetrics":"X",)"
                   R"("ReturnValues":"X"})"),
            "3 validation errors detected: " + values + "; " + capacity + "; " + metrics);
  EXPECT_EQ(
      answer(shapes::delete_item, R"({"TableName":"abc","Key":{},"ReturnConsumedCapacity":"X","ReturnValues":"X"})"),
      "2 validation errors detected: " + values + "; " + capacity);
  EXPECT_EQ(
      answer(shapes::update_item, R"({"TableName":"abc","Key":{},"ReturnConsumedCapacity":"X","ReturnValues":"X"})"),
      "2 validation errors detected: " + capacity + "; " + values);
}

TEST(ShapeConstraints, RequiredMembersMustNotBeNull) {
  const std::string null = " failed to satisfy constraint: Member must not be null";
  EXPECT_EQ(answer(shapes::put_item, R"({"Item":{}})"),
            "1 validation error detected: Value null at 'tableName'" + null);
  EXPECT_EQ(answer(shapes::get_item, R"({"TableName":"abc","Key":null})"),
            "1 validation error detected: Value null at 'key'" + null);
  EXPECT_EQ(
      answer(shapes::create_table, R"({"TableName":"abc","AttributeDefinitions":[{}],"KeySchema":[{"KeyType":"HASH",)"
                                   R"("AttributeName":"a"}]})"),
      "2 validation errors detected: Value null at 'attributeDefinitions.1.member.attributeType'" + null +
          "; Value null at 'attributeDefinitions.1.member.attributeName'" + null);
  EXPECT_EQ(answer(shapes::get_item, R"({"TableName":"abc","Key":{},"AttributesToGet":[]})"),
            "1 validation error detected: Value '[]' at 'attributesToGet' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1");
}

TEST(ShapeConstraints, NumbersAreClampedToTheirType) {
  const std::string too_high =
      "' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100";
  EXPECT_EQ(answer(shapes::list_tables, R"({"Limit":1e10})"),
            "1 validation error detected: Value '2147483647" + too_high);
  EXPECT_EQ(answer(shapes::list_tables, R"({"Limit":0})"),
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1");
}

TEST(ShapeConstraints, PatternComesBeforeLength) {
  EXPECT_EQ(answer(shapes::list_tables, R"({"ExclusiveStartTableName":"a;"})"),
            "2 validation errors detected: Value 'a;' at 'exclusiveStartTableName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; "
            "Value 'a;' at 'exclusiveStartTableName' failed to satisfy constraint: "
            "Member must have length greater than or equal to 3");
}

TEST(ShapeConstraints, NameOfATableComesBeforeTheRestOfItsOperations) {
  EXPECT_EQ(answer(shapes::create_table, R"({"BillingMode":"X"})"),
            "The parameter 'TableName' is required but was not present in the request");
  EXPECT_EQ(answer(shapes::create_table, R"({"TableName":"ab","KeySchema":[]})"),
            "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: "
            "Member must have length greater than or equal to 3");
  EXPECT_EQ(answer(shapes::describe_table, R"({"TableName":"a b c"})"),
            "1 validation error detected: Value 'a b c' at 'tableName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
  EXPECT_EQ(answer(shapes::describe_table, R"({"TableName":"arn:aws:dynamodb:eu-west-2:000000000000:table/abc"})"), "");
}

// As us-east-1 answered in June 2026.
TEST(ShapeConstraints, ValuesAreShownAsJavaShowsThem) {
  EXPECT_EQ(
      answer(shapes::create_table,
             R"({"TableName":"abc","AttributeDefinitions":[],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},)"
             R"({"AttributeName":"sk","KeyType":"RANGE"},{"KeyType":"RANGE","AttributeName":"extra"}]})"),
      "1 validation error detected: Value '[KeySchemaElement(attributeName=pk, keyType=HASH), "
      "KeySchemaElement(attributeName=sk, keyType=RANGE), KeySchemaElement(attributeName=extra, keyType=RANGE)]' "
      "at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2");
  std::string requests;
  std::string shown;
  for (int i = 0; i < 26; ++i) {
    requests += fmt::format(R"({}{{"PutRequest":{{"Item":{{"pk":{{"S":"bw-{}"}}}}}}}})", i == 0 ? "" : ",", i);
    shown += fmt::format(
        "{}WriteRequest(putRequest=PutRequest(item={{pk=AttributeValue(s=bw-{}, n=null, b=null, iNT=null, "
        "dECIMAL=null, "
        "dOUBLE=null, sS=null, nS=null, bS=null, iNTSET=null, dECIMALSET=null, dOUBLESET=null, m=null, l=null, "
        "nULL=null, bOOL=null)}}, workloadProfileName=null), deleteRequest=null)",
        i == 0 ? "" : ", ", i);
  }
  EXPECT_EQ(
      answer(shapes::batch_write_item, fmt::format(R"({{"RequestItems":{{"abc":[{}]}}}})", requests)),
      fmt::format("1 validation error detected: Value '{{abc=[{}]}}' at 'requestItems' failed to satisfy constraint: "
                  "Map value must satisfy constraint: [Member must have length less than or equal to 25, "
                  "Member must have length greater than or equal to 1]",
                  shown));
}

TEST(ShapeConstraints, WhatIsShownHasALimit) {
  std::string items;
  for (int i = 0; i < 101; ++i)
    items += fmt::format(R"({}{{"Put":{{"TableName":"abc","Item":{{"a":{{"S":"{}"}}}}}}}})", i == 0 ? "" : ",",
                         std::string(100'000, 'x'));
  const std::string said = answer(shapes::transact_write_items, fmt::format(R"({{"TransactItems":[{}]}})", items));
  EXPECT_LT(said.size(), shown_value_bytes_max * 3);
  EXPECT_TRUE(
      said.ends_with("' at 'transactItems' failed to satisfy constraint: "
                     "Member must have length less than or equal to 100"));
}

TEST(ShapeConstraints, ElementsAreNamedByTheirPlace) {
  const std::string null = " failed to satisfy constraint: Member must not be null";
  EXPECT_EQ(answer(shapes::batch_write_item, R"({"RequestItems":{"abc":[{"PutRequest":{}}]}})"),
            "1 validation error detected: Value null at 'requestItems.abc.member.1.member.putRequest.item'" + null);
  EXPECT_EQ(answer(shapes::transact_write_items, R"({"TransactItems":[{"Put":{"TableName":"abc"}}]})"),
            "1 validation error detected: Value null at 'transactItems.1.member.put.item'" + null);
  EXPECT_EQ(answer(shapes::transact_write_items, R"({"TransactItems":[]})"),
            "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1");
}

TEST(ShapeConstraints, EmptyRequestItemsAreToldInWordsOfTheirOwn) {
  EXPECT_EQ(answer(shapes::batch_get_item, R"({"RequestItems":{}})"),
            "The requestItems parameter is required for BatchGetItem");
  EXPECT_EQ(answer(shapes::batch_write_item, R"({"RequestItems":{}})"),
            "The requestItems parameter is required for BatchWriteItem");
}

TEST(ShapeConstraints, NoMoreThanTenAreTold) {
  std::string definitions;
  for (int i = 0; i < 20; ++i) definitions += i == 0 ? "{}" : ",{}";
  const std::string said =
      answer(shapes::create_table, fmt::format(R"({{"TableName":"abc","AttributeDefinitions":[{}]}})", definitions));
  EXPECT_TRUE(said.starts_with("10 validation errors detected: ")) << said;
}

TEST(ShapeConstraints, OrdinaryRequestsPass) {
  EXPECT_EQ(answer(shapes::update_item,
                   R"({"TableName":"orders","Key":{"id":{"S":"a"}},"UpdateExpression":"ADD n :one",)"
                   R"("ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValues":"UPDATED_NEW","Unknown":[1,{}]})"),
            "");
  EXPECT_EQ(
      answer(shapes::create_table,
             R"({"TableName":"abc","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"a",)"
             R"("AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],)"
             R"("GlobalSecondaryIndexes":[{"IndexName":"gsi","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],)"
             R"("Projection":{"ProjectionType":"ALL"}}]})"),
      "");
  EXPECT_EQ(answer(shapes::empty, "{}"), "");
  EXPECT_EQ(answer(shapes::list_tables, "{}"), "");
  EXPECT_EQ(answer(shapes::list_streams, R"({"TableName":"arn:aws:dynamodb:eu-west-2:000000000000:table/abc"})"), "");
}

TEST(ShapeConstraints, NamesOfTablesAreCheckedLast) {
  const std::string failed = "' at 'tableName' failed to satisfy constraint: Member must ";
  const std::string pattern = "satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
  EXPECT_EQ(answer(shapes::put_item, R"({"TableName":"bad table!@#","Item":{}})"),
            "1 validation error detected: Value 'bad table!@#" + failed + pattern);
  EXPECT_EQ(answer(shapes::put_item, fmt::format(R"({{"TableName":"{}","Item":{{}}}})", std::string(256, 'a'))),
            "1 validation error detected: Value '" + std::string(256, 'a') + failed +
                "have length less than or equal to 255");
  EXPECT_EQ(answer(shapes::put_item, R"({"TableName":"a b c"})"),
            "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(answer(shapes::transact_get_items, R"({"TransactItems":[{"Get":{"TableName":"a b c","Key":{}}}]})"),
            "1 validation error detected: Value 'a b c" + failed + pattern);
  EXPECT_EQ(answer(shapes::batch_get_item, R"({"RequestItems":{"a b c":{"Keys":[{}]}}})"),
            "1 validation error detected: Value 'a b c" + failed + pattern);
  EXPECT_EQ(answer(shapes::put_item, R"({"TableName":"arn:aws:dynamodb:us-east-1:1:table/abc","Item":{}})"), "");
}

TEST(JsonInteger, FractionsAreCutAndWhatIsTooLargeIsTheLargest) {
  JsonTree tree;
  const auto root = tree.parse("[5,5.9,-0.5,1e3,1e400,-1e400,1e-400,99999999999999999999,-9223372036854775808]");
  ASSERT_TRUE(root);
  const std::array<std::int64_t, 9> wanted{5, 5, 0, 1000, INT64_MAX, INT64_MIN, 0, INT64_MAX, INT64_MIN};
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(integer_of((*root)->elements()[i]), wanted[i]) << i;
}

}  // namespace
}  // namespace quipu::aws
