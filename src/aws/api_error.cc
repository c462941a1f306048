#include "aws/api_error.h"

#include <array>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace quipu::aws {

namespace {

struct TypeFacts {
  ErrorType type;
  std::string_view name;
  int status;
  std::string_view message_name = "message";
};

constexpr std::string_view capital = "Message";

constexpr auto types = std::to_array<TypeFacts>({
    {ErrorType::validation, "com.amazon.coral.validate#ValidationException", 400},
    {ErrorType::serialization, "com.amazon.coral.service#SerializationException", 400, capital},
    {ErrorType::unknown_operation, "com.amazon.coral.service#UnknownOperationException", 400},
    {ErrorType::missing_authentication_token, "com.amazon.coral.service#MissingAuthenticationTokenException", 400},
    {ErrorType::incomplete_signature, "com.amazon.coral.service#IncompleteSignatureException", 400},
    {ErrorType::invalid_signature, "com.amazon.coral.service#InvalidSignatureException", 400},
    {ErrorType::unrecognized_client, "com.amazon.coral.service#UnrecognizedClientException", 400},
    {ErrorType::access_denied, "com.amazon.coral.service#AccessDeniedException", 400, capital},
    {ErrorType::throttling, "com.amazon.coral.availability#ThrottlingException", 400},
    {ErrorType::service_unavailable, "com.amazon.coral.service#ServiceUnavailableException", 503},
    {ErrorType::internal_failure, "com.amazon.coral.service#InternalFailure", 500},
    {ErrorType::request_too_large, "com.amazon.coral.service#RequestEntityTooLargeException", 413},
    {ErrorType::backup_in_use, "com.amazonaws.dynamodb.v20120810#BackupInUseException", 400},
    {ErrorType::backup_not_found, "com.amazonaws.dynamodb.v20120810#BackupNotFoundException", 400},
    {ErrorType::conditional_check_failed, "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", 400},
    {ErrorType::continuous_backups_unavailable,
     "com.amazonaws.dynamodb.v20120810#ContinuousBackupsUnavailableException", 400},
    {ErrorType::duplicate_item, "com.amazonaws.dynamodb.v20120810#DuplicateItemException", 400, capital},
    {ErrorType::expired_iterator, "com.amazonaws.dynamodb.v20120810#ExpiredIteratorException", 400},
    {ErrorType::idempotent_parameter_mismatch, "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
     400, capital},
    {ErrorType::internal_server_error, "com.amazonaws.dynamodb.v20120810#InternalServerError", 500},
    {ErrorType::item_collection_size_limit_exceeded,
     "com.amazonaws.dynamodb.v20120810#ItemCollectionSizeLimitExceededException", 400},
    {ErrorType::limit_exceeded, "com.amazonaws.dynamodb.v20120810#LimitExceededException", 400},
    {ErrorType::provisioned_throughput_exceeded,
     "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", 400},
    {ErrorType::request_limit_exceeded, "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded", 400},
    {ErrorType::resource_in_use, "com.amazonaws.dynamodb.v20120810#ResourceInUseException", 400},
    {ErrorType::resource_not_found, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", 400},
    {ErrorType::table_already_exists, "com.amazonaws.dynamodb.v20120810#TableAlreadyExistsException", 400},
    {ErrorType::table_in_use, "com.amazonaws.dynamodb.v20120810#TableInUseException", 400},
    {ErrorType::table_not_found, "com.amazonaws.dynamodb.v20120810#TableNotFoundException", 400},
    {ErrorType::transaction_canceled, "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", 400, capital},
    {ErrorType::transaction_conflict, "com.amazonaws.dynamodb.v20120810#TransactionConflictException", 400},
    {ErrorType::transaction_in_progress, "com.amazonaws.dynamodb.v20120810#TransactionInProgressException", 400,
     capital},
    {ErrorType::trimmed_data_access, "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException", 400},
});

constexpr bool in_order() {
  for (std::size_t i = 0; i < types.size(); ++i)
    if (types[i].type != static_cast<ErrorType>(i)) return false;
  return types.back().type == ErrorType::trimmed_data_access;
}
static_assert(in_order());

const TypeFacts& facts(ErrorType type) {
  return types[static_cast<std::size_t>(type)];
}

// A message may quote what a client sent in a header, and that may be any bytes.
std::string as_utf8(std::string_view text) {
  constexpr char32_t replacement = 0xfffd;
  std::string clean;
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(text);
    if (bytes == 0)
      append_utf8(clean, replacement);
    else
      clean += text.substr(0, bytes);
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return clean;
}

}  // namespace

std::string_view ApiError::type_name() const {
  return facts(type).name;
}

std::string_view ApiError::short_name() const {
  const std::string_view name = facts(type).name;
  return name.substr(name.find('#') + 1);
}

std::optional<ErrorType> error_type_named(std::string_view short_name) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    const ApiError error{static_cast<ErrorType>(i), {}, {}};
    if (error.short_name() == short_name) return error.type;
  }
  return std::nullopt;
}

int ApiError::status() const {
  return facts(type).status;
}

void write_body(const ApiError& error, std::string& body) {
  const TypeFacts& known = facts(error.type);
  body.assign(R"({"__type":)");
  append_json_string(body, known.name);
  if (!error.extra_json.empty()) {
    body += ',';
    body += error.extra_json;
  }
  if (!error.message.empty()) {
    body += ',';
    append_json_string(body, known.message_name);
    body += ':';
    append_json_string(body, is_valid_utf8(error.message) ? error.message : as_utf8(error.message));
  }
  body += '}';
}

std::unexpected<ApiError> item_table_not_found() {
  return refuse(ErrorType::resource_not_found, "Requested resource not found");
}

std::unexpected<ApiError> table_resource_not_found(std::string_view table) {
  return refuse(ErrorType::resource_not_found, fmt::format("Requested resource not found: Table: {} not found", table));
}

std::unexpected<ApiError> table_resource_in_use(std::string_view table) {
  return refuse(ErrorType::resource_in_use, fmt::format("Table already exists: {}", table));
}

std::unexpected<ApiError> stream_not_found(std::string_view stream_arn) {
  return refuse(ErrorType::resource_not_found,
                fmt::format("Requested resource not found: Stream: {} not found", stream_arn));
}

std::unexpected<ApiError> conditional_check_failed(std::string_view item_json) {
  return refuse(ErrorType::conditional_check_failed, "The conditional request failed",
                item_json.empty() ? std::string{} : fmt::format(R"("Item":{})", item_json));
}

std::unexpected<ApiError> transaction_canceled(std::string_view codes, std::string_view reasons_json) {
  return refuse(
      ErrorType::transaction_canceled,
      fmt::format("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes),
      fmt::format(R"("CancellationReasons":{})", reasons_json));
}

std::unexpected<ApiError> idempotent_parameter_mismatch() {
  return refuse(ErrorType::idempotent_parameter_mismatch,
                "The provided client token is in use by another request with different parameters");
}

std::unexpected<ApiError> item_too_large() {
  return validation("Item size has exceeded the maximum allowed size");
}

ApiError to_api_error(Error&& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::too_large:
    case ErrorCode::limit_reached: return {ErrorType::validation, std::move(error.message), {}};
    case ErrorCode::unauthenticated:
      return {ErrorType::unrecognized_client, "The security token included in the request is invalid.", {}};
    case ErrorCode::forbidden: return {ErrorType::access_denied, std::move(error.message), {}};
    case ErrorCode::not_found: return {ErrorType::resource_not_found, std::move(error.message), {}};
    case ErrorCode::conflict: return {ErrorType::resource_in_use, std::move(error.message), {}};
    case ErrorCode::idempotency_mismatch: return idempotent_parameter_mismatch().error();
    // Nothing happened: SDKs wait longer after this one than after other 5xx, and try again.
    case ErrorCode::unavailable: return {ErrorType::service_unavailable, std::move(error.message), {}};
    // SDKs try these again too; with the same invocation id, so an outcome that was there is found and not made twice.
    case ErrorCode::out_of_space:
    case ErrorCode::outcome_unknown:
    case ErrorCode::damaged:
    case ErrorCode::environment: return {ErrorType::internal_server_error, std::move(error.message), {}};
  }
  QUIPU_ASSERT(false, "error code {}", static_cast<int>(error.code));
  std::unreachable();
}

}  // namespace quipu::aws
