#include "remote/dynamo.h"

#include <poll.h>

#include "base/text.h"
#include "remote/dynamo_link.h"

namespace quipu::remote {

namespace {

using dynamo::DynamoLink;
using dynamo::Refusal;
using dynamo::Target;

constexpr unsigned links_max = 64;
constexpr std::chrono::seconds table_made_max{60};
constexpr std::chrono::milliseconds prepare_call_max{10'000};
constexpr int poll_ms = 200;

Result<Target> read_endpoint(const DynamoSettings& settings) {
  Target target{.table = settings.table,
                .region = settings.region,
                .credential = {settings.access_key_id, settings.secret_access_key, settings.session_token}};
  std::string_view rest = settings.endpoint;
  if (rest.empty()) {
    if (settings.access_key_id.empty() || settings.secret_access_key.empty())
      return fail(ErrorCode::invalid_argument,
                  "the store dynamo on AWS needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, "
                  "if the credential is a temporary one)");
    target.host = fmt::format("dynamodb.{}.amazonaws.com", settings.region);
    target.tls = true;
    target.port = 443;
    return target;
  }
  const auto wrong = [&] {
    return fail(ErrorCode::invalid_argument,
                "dynamo-endpoint: expected http://HOST[:PORT] or https://HOST[:PORT], not {:?}", settings.endpoint);
  };
  target.tls = rest.starts_with("https://");
  if (!target.tls && !rest.starts_with("http://")) return wrong();
  rest.remove_prefix(target.tls ? 8 : 7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  target.port = target.tls ? 443 : 80;
  const auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && !rest.ends_with(']')) {
    const auto port = parse_int64(rest.substr(colon + 1));
    if (!port || *port < 1 || *port > 65'535) return wrong();
    target.port = static_cast<std::uint16_t>(*port);
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty() || rest.find_first_of("/?#@ ") != std::string_view::npos) return wrong();
  target.host = rest;
  return target;
}

std::string durability(const Target& target, std::string_view server) {
  if (target.host.ends_with(".amazonaws.com"))
    return "an acknowledged increment is on disks in several availability zones of the region";
  if (server.contains("quipu"))
    return "an acknowledged increment is synced to that server's disk, and survives a power cut";
  if (server.contains("Jetty"))
    return "none: this is DynamoDB Local, which is for tests; it keeps counters in memory, or in a file that it does "
           "not wait for";
  return "what this store's own settings promise: it is not Amazon's, and does not tell";
}

class Dynamo final : public Remote {
 public:
  explicit Dynamo(Target target) : target_{std::move(target)} {}

  std::string_view name() const override { return "dynamo"; }
  std::string address() const override { return fmt::format("{} table {}", target_.url(), target_.table); }
  unsigned links() const override { return links_max; }
  std::unique_ptr<Link> make_link() const override { return std::make_unique<DynamoLink>(target_, lanes_); }
  Result<StoreReport> prepare() const override;

 private:
  Result<> make_table(DynamoLink& link, StoreReport& report) const;

  const Target target_;
  mutable Lanes lanes_;
};

Error told(const http::ClientResponse& response) {
  return {ErrorCode::unavailable, dynamo::describe(response, dynamo::read_refusal(response.body))};
}

// Quipu's answers do not name it; but no other has both of these.
bool is_quipu(const Target& target) {
  auto client = http::Client::connect(target.host, target.port, {.tls = target.tls, .call_timeout = prepare_call_max});
  if (!client) return false;
  const auto health = client->request(http::Method::get, "/healthz");
  const auto counter = client->request(http::Method::post, "/counter/increment");
  return health && health->status == 200 && counter && counter->body.contains("\"counter_not_specified\"");
}

std::string server_of(const Target& target, const http::ClientResponse& response) {
  const std::string header{response.header("Server").value_or("")};
  if (target.host.ends_with(".amazonaws.com")) return "Amazon DynamoDB";
  if (header.empty() && is_quipu(target)) return "quipu";
  if (header.contains("Jetty")) return fmt::format("DynamoDB Local ({})", header);
  return header.empty() ? "a store that speaks DynamoDB's protocol" : header;
}

Result<StoreReport> Dynamo::prepare() const {
  StoreReport report;
  DynamoLink link{target_, lanes_, {.call = prepare_call_max}};
  QUIPU_CHECK(link.open());
  const MonotonicTime end = std::chrono::steady_clock::now() + table_made_max;
  bool made = false;
  for (;;) {
    QUIPU_TRY(const auto response, link.send("DescribeTable", dynamo::table_body(target_.table)));
    if (response.status != 200) {
      if (made || dynamo::read_refusal(response.body).type != "ResourceNotFoundException")
        return std::unexpected(told(response));
      made = true;
      QUIPU_CHECK(make_table(link, report));
      continue;
    }
    QUIPU_TRY(const auto table, dynamo::read_table(response.body, "Table"));
    if (!table.has_key)
      return fail(ErrorCode::conflict, "the table {} has another key: counters need the string `id`, and no sort key",
                  target_.table);
    report.server = server_of(target_, response);
    if (table.status == "ACTIVE" || table.status == "UPDATING") break;
    if (std::chrono::steady_clock::now() > end)
      return fail(ErrorCode::unavailable, "the table {} is still {}", target_.table, table.status);
    ::poll(nullptr, 0, poll_ms);
  }
  report.durability = durability(target_, report.server);
  if (!made)
    report.warnings.push_back(
        "the markers of Idempotency-Keys go after a day only if time to live is on for the attribute `ttl`");
  if (made) {
    QUIPU_TRY(const auto response, link.send("UpdateTimeToLive", dynamo::time_to_live_body(target_.table)));
    if (response.status != 200)
      report.warnings.push_back(fmt::format("time to live could not be turned on: {}", told(response).message));
  }
  return report;
}

Result<> Dynamo::make_table(DynamoLink& link, StoreReport& report) const {
  QUIPU_TRY(const auto response, link.send("CreateTable", dynamo::create_table_body(target_.table)));
  if (response.status == 200) {
    report.made.push_back(fmt::format("table {}", target_.table));
    return {};
  }
  if (dynamo::read_refusal(response.body).type == "ResourceInUseException") return {};  // somebody was faster
  return std::unexpected(told(response));
}

}  // namespace

Result<std::unique_ptr<Remote>> make_dynamo(const DynamoSettings& settings) {
  if (settings.table.empty()) return fail(ErrorCode::invalid_argument, "the store dynamo needs TABLE_NAME");
  QUIPU_TRY(Target target, read_endpoint(settings));
  return std::make_unique<Dynamo>(std::move(target));
}

}  // namespace quipu::remote
