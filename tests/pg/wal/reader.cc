#include "pg/wal/reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <thread>

namespace crossfade::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using wal::MessageKind;

std::string show(const wal::Tuple& tuple) {
  std::vector<std::string> values;
  for (const auto& column : tuple) {
    switch (column.kind) {
      case wal::TupleColumn::Kind::kNull:
        values.emplace_back("null");
        break;
      case wal::TupleColumn::Kind::kUnchanged:
        values.emplace_back("~");
        break;
      case wal::TupleColumn::Kind::kText:
      case wal::TupleColumn::Kind::kBinary:
        values.emplace_back(column.text.size() > 40 ? fmt::format("{} bytes", column.text.size())
                                                    : std::string(column.text));
        break;
    }
  }
  return fmt::format("({})", fmt::join(values, ", "));
}

std::string show(const wal::Relation& relation) {
  std::vector<std::string> columns;
  for (const auto& column : relation.columns) columns.push_back(column.name + (column.in_identity ? "*" : ""));
  return fmt::format("relation {}.{}({})", relation.schema, relation.name, fmt::join(columns, ", "));
}

}  // namespace

Reader::Reader(Database& database, std::string publication, Lsn start) {
  wal::Stream::Options options;
  options.endpoint.conninfo = database.conninfo();
  options.slot = database.name();
  options.publication = std::move(publication);
  options.start = start;
  const auto open = [&]() -> asio::awaitable<void> { stream_.emplace(co_await wal::Stream::start(options)); };
  run(io_, open());
}

bool Reader::next() {
  const auto step = [&]() -> asio::awaitable<bool> { return stream_->next(pg::Clock::now() + 100ms); };
  return run(io_, step());
}

std::vector<std::string> Reader::transaction(bool with_relations) {
  std::vector<std::string> lines;
  bool began = false;
  for (const auto limit = pg::Clock::now() + 20s; pg::Clock::now() < limit;) {
    if (!next()) continue;
    const auto& message = stream_->message();
    switch (message.kind) {
      case MessageKind::kBegin:
        began = true;
        continue;
      case MessageKind::kCommit:
        // Before 15 the server tells of transactions that have nothing to tell.
        if (!lines.empty()) return lines;
        began = false;
        continue;
      case MessageKind::kRelation:
        names_.insert_or_assign(message.relation.oid, message.relation.name);
        if (with_relations) lines.push_back(show(message.relation));
        continue;
      case MessageKind::kType:
        if (with_relations) lines.emplace_back("type");
        continue;
      case MessageKind::kOrigin:
        lines.emplace_back("origin");
        continue;
      case MessageKind::kInsert:
      case MessageKind::kUpdate:
      case MessageKind::kDelete:
      case MessageKind::kTruncate:
      case MessageKind::kMessage:
        if (began) lines.push_back(describe(message));
        continue;
    }
  }
  throw std::runtime_error("no transaction came");
}

std::string Reader::lone_message() {
  for (const auto limit = pg::Clock::now() + 20s; pg::Clock::now() < limit;) {
    if (next()) return describe(stream_->message());
  }
  throw std::runtime_error("no message came");
}

bool Reader::receives(const std::string& position) {
  const auto wanted = parse_lsn(position).value();
  for (const auto limit = pg::Clock::now() + 20s; stream_->received() < wanted; next()) {
    if (pg::Clock::now() > limit) return false;
    stream_->ask_for_position();
  }
  return true;
}

void Reader::tick_for(std::chrono::milliseconds duration) {
  const auto step = [&]() -> asio::awaitable<void> { return stream_->tick(); };
  for (const auto limit = pg::Clock::now() + duration; pg::Clock::now() < limit;) {
    run(io_, step());
    std::this_thread::sleep_for(5ms);
  }
}

void Reader::stop() {
  const auto step = [&]() -> asio::awaitable<void> { return stream_->stop(); };
  run(io_, step());
  stream_.reset();
}

std::string Reader::describe(const wal::Message& message) const {
  const auto name = [&](std::uint32_t oid) { return names_.at(oid); };
  const auto old = fmt::format("{}{}", static_cast<char>(message.old), show(message.old_tuple));
  switch (message.kind) {
    case MessageKind::kInsert:
      return fmt::format("insert {}{}", name(message.relation_oid), show(message.new_tuple));
    case MessageKind::kUpdate:
      if (message.old == wal::Message::Old::kNone) {
        return fmt::format("update {}{}", name(message.relation_oid), show(message.new_tuple));
      }
      return fmt::format("update {} {} → {}", name(message.relation_oid), old, show(message.new_tuple));
    case MessageKind::kDelete:
      return fmt::format("delete {} {}", name(message.relation_oid), old);
    case MessageKind::kTruncate: {
      std::vector<std::string> tables;
      for (const auto oid : message.truncated) tables.push_back(name(oid));
      return fmt::format("truncate {}", fmt::join(tables, ", "));
    }
    case MessageKind::kMessage:
      return fmt::format("{}message {}: {}", message.transactional ? "" : "lone ", message.prefix, message.content);
    case MessageKind::kBegin:
    case MessageKind::kCommit:
    case MessageKind::kOrigin:
    case MessageKind::kRelation:
    case MessageKind::kType:
      break;
  }
  return "";
}

}  // namespace crossfade::test
