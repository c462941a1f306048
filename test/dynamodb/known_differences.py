"""How DynamoDB Local (2.5.2) words its refusals, where it does so unlike the service. The tests and the differential tester
read this one list, so that a difference is written down once; whatever is not in it is a fault, ours or a newly found one.

Each line: what the service says, what the emulator says (patterns on the whole message, the type is the same).
"""

import re

ANY = r"[\s\S]*"
BAD_NAME = r"Invalid table/index name\.  Table/index names must be between 3 and 255 characters long, .*"
TABLES = "|".join([
    "Two keys can not have the same name", ".* Key not specified in Attribute Definitions.*",
    "The number of attributes in key schema must match .*", "Invalid key order.*", "Too many hash keys specified.*",
    "Member must satisfy enum value set: .*", "No Hash Key specified.*", "No Attribute Schema Defined", "No defined key schema.*",
    "No provisioned throughput specified for the table", "Table read and write throughput must be at least 1, and cannot be null",
    "Local Secondary indices are not allowed on hash tables.*", "Cannot have more than 5 local secondary indexes per table",
    "GlobalSecondaryIndex count exceeds the per-table limit", ".* must have different names",
    "Projection type must be INCLUDE, ALL, or KEYS_ONLY", "If Projection type INCLUDE is specified, .*",
    "Cannot have two attributes with the same name", "No attributes should be specified to be projected unless .*",
    "Limit in ListTables must be <= 100", "GSI list is empty/invalid", "Global Secondary Index hash key not specified.*",
    "Two global secondary indices have the same name", "Local [Ss]econdary .*",
])
CONSTRAINT = r"\d+ validation errors? detected: " + ANY
EXPRESSION = r"Invalid \w+Expression: .*|Value provided in ExpressionAttribute.*|ExpressionAttribute.*|Invalid operator used in .*"
KEY = ("The number of conditions on the keys is invalid|One of the required keys was not given a value|Invalid attribute value type|"
       "One or more parameter values were invalid: Type mismatch for (key|Index Key).*|One or more parameter values are not valid. (A value "
       "specified for a secondary index key is not supported. )?The AttributeValue for a key attribute cannot contain an empty .*")
# Of several faults in what an update finds in an item, either may be told.
UPDATE = ("The document path provided in the update expression is invalid for update|An operand in the update expression has an "
          "incorrect data type|The provided expression refers to an attribute that does not exist in the item|Number (over|under)flow.*|"
          "DynamoDB only supports precision up to 38 digits|Type mismatch for attribute to update")
# Of several faults in the parameters before expressions, either may be told.
OLD_CONDITIONS = (r"One or more parameter values were invalid: (ComparisonOperator .* is not valid for|Value or AttributeValueList must|"
                  r"Invalid number of argument\(s\)|AttributeValues inside) .*")
LIMITS_TURNED = "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
NO_VALUE = ("One or more parameter values were invalid: (An (string|number) set  may not be empty|Binary sets .*|Input collection .*)|"
            "Input collection contains duplicates|DynamoDB only supports precision up to 38 digits|"
            "A value provided cannot be converted into a number|Number (over|under)flow.*")
PATTERNS = [
    (r"ExpressionAttribute(Names|Values) can only be specified when using expressions.*", EXPRESSION),  # which is told first
    (r"Invalid \w+: Incorrect operand type for operator or function; operator or function: attribute_type, operand type: \{.*\}",
     r"Invalid \w+: Incorrect operand type for operator or function; operator or function: attribute_type, operand type: \{.*\}"),
    (r"One or more parameter values were invalid: (Global secondary index|Secondary index|ComparisonOperator|AttributeValues) .*",
     KEY + "|Invalid operator used in .*|One or more parameter values were invalid: Condition parameter type does not match schema type|The BETWEEN condition was "
     "provided a range where the lower bound is greater than the upper bound"),
    (EXPRESSION, NO_VALUE),
    (OLD_CONDITIONS + "|" + LIMITS_TURNED, KEY + "|One or more parameter values were invalid: Condition parameter type does not match schema type"),
    (EXPRESSION, KEY + "|Return values set to invalid value"),  # the service looks at expressions first
    (UPDATE, UPDATE),
    (r"One or more parameter values were invalid: AttributeValues inside AttributeValueList must be of same type",
     r"The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"),
    (r"One or more parameter values were invalid: AttributeValues inside AttributeValueList must be of same type",
     r"One or more parameter values were invalid: ComparisonOperator \w+ is not valid for \w+ AttributeValue type"),
    (OLD_CONDITIONS + "|" + LIMITS_TURNED, OLD_CONDITIONS + "|" + LIMITS_TURNED + "|" + NO_VALUE),
    (r"One or more parameter values are not valid\. A value specified for a secondary index key is not supported\. .*", KEY),
    (r"Invalid \w+: Two document paths (overlap|conflict) with each other; .*",  # which two of three
     r"Invalid \w+: Two document paths (overlap|conflict) with each other; .*"),
    (r"Requested resource not found.*", "Cannot do operations on a non-existent table"),
    (r"Table already exists: .*", "Cannot create preexisting table"),
    (r"The parameter 'TableName' is required but was not present in the request", BAD_NAME),
    (r"TableName must be at least 3 characters long and at most 255 characters long", BAD_NAME),
    (CONSTRAINT, BAD_NAME),
    (r"The parameter cannot be converted to a numeric value.*", "A value provided cannot be converted into a number"),
    (r"Attempting to store more than 38 significant digits in a Number", "DynamoDB only supports precision up to 38 digits"),
    (r"One or more parameter values were invalid: Input collection (.*) contains duplicates\.",
     r"One or more parameter values were invalid: Input collection (.*) contains duplicates"),
    (r"One or more parameter values were invalid: Input collection .*of type BS contains duplicates\.",
     r"One or more parameter values were invalid: Input collection of type BS contains duplicates\."),
    (r"One or more parameter values were invalid: Missing the key \S+ in the item",
     "One of the required keys was not given a value"),
    (r"One or more parameter values were invalid: Type mismatch for key \S+ expected: \S+ actual: \S+",
     "One or more parameter values were invalid: Type mismatch for key.*|Invalid attribute value type"),
    (r"Query condition missed key schema element: \S+", "Query condition missed key schema element"),
    (r"The provided starting key is invalid.*", "Exclusive Start Key must have same size as table's key schema"),
    (r"The provided key element does not match the schema", "Type mismatch for attribute to update"),
    (r"The provided starting key is outside query boundaries based on provided conditions",
     "The provided starting key does not match the range key predicate"),
    (r"Consistent reads are not supported on global secondary indexes",
     r"Consistent read cannot be true when (querying|scanning) a GSI"),
    (r"The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
     "If segment is specified, total segment must also be specified"),
    (r"The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
     "If total segments is specified, a particular segment must also be specified for this request"),
    (r"The Segment parameter is zero-based .*|" + CONSTRAINT, r"1 validation error detected: Value '\S+' at 'segment' .*"),
    (r"One or more parameter values were invalid: .*|Invalid KeySchema: .*|Both the Hash Key and the Range Key .*|" + CONSTRAINT,
     TABLES),
    (CONSTRAINT, r"Value .* at '.*' failed to satisfy constraint: .*|Member must have length .*"),
    (CONSTRAINT, "Limit must be greater than or equal to 1|Select must be ALL_ATTRIBUTES, .*|Return values set to invalid value"),
    (r"One or more parameter values were invalid: Type mismatch for Index Key .*",
     r"One or more parameter values were invalid: Type mismatch for Index Key.*|Invalid attribute value type"),
    (r"One or more parameter values were invalid: (ADD|DELETE) action .* is not supported for the type \S+",
     r"One or more parameter values were invalid: (ADD|DELETE) action .* is not supported for the type \S+"),
    (r"One or more parameter values were invalid: ADD action is not supported for the type \S+",
     r"One or more parameter values were invalid: ADD action is not supported for the type \S+"),
    (CONSTRAINT, "Cannot have null key for GetItem, DeleteItem, or UpdateItem|Item to put in PutItem cannot be null"),
    (CONSTRAINT, "Comparison type does not exist in DynamoDB"),
    (r"One or more parameter values were invalid: .* has exceeded the .*size limit.*", "Hash primary key values must be under 2048 bytes.*"),
    (r"Number overflow\. .*", "DynamoDB only supports precision up to 38 digits"),  # of a sum
    # It shows the numbers as they were written, we as they are.
    (r"(Invalid \w+: The BETWEEN operator requires (upper|same)) .*",
     r"(Invalid \w+: The BETWEEN operator requires (upper|same)) .*"),
    (r"ReturnValues can only be ALL_OLD or NONE", "Return values set to invalid value"),
    (r"The provided key element does not match the schema",
     r"The number of conditions on the keys is invalid|One of the required keys was not given a value|"
     r"One or more parameter values were invalid: Type mismatch for key|Invalid attribute value type"),
]
COMPILED = [(re.compile(service), re.compile(local)) for service, local in PATTERNS]


VALUE_OF_EXPRESSION = re.compile(r"ExpressionAttributeValues contains invalid value: (.*)( for key :\w+)")


def same_message(service, local):
    ours, theirs = (VALUE_OF_EXPRESSION.fullmatch(each) for each in (service, local))
    if ours and theirs and ours[2] == theirs[2]:
        service, local = ours[1], theirs[1]
    return service == local or any(ours.fullmatch(service) and theirs.fullmatch(local) for ours, theirs in COMPILED)


TYPES = {"DuplicateItem": "DuplicateItemException"}


def same_refusal(service, local):
    """Two (type, message, status)."""
    return tuple(service) == tuple(local) or (
        service[0] == TYPES.get(local[0], local[0]) and service[2] == local[2] and same_message(service[1], local[1]))
