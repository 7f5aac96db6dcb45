#include "sync/queue/follow.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error/failure.h"
#include "base/text/sql_text.h"

namespace crossfade::sync {
namespace {

using wal::Message;
using wal::MessageKind;
using wal::Tuple;
using wal::TupleColumn;

/// A column's value in the new row. What is out of line and untouched stands in the old row, if anywhere.
const TupleColumn& after(const Message& message, std::size_t column) {
  const auto& value = message.new_tuple.at(column);
  if (value.kind != TupleColumn::Kind::kUnchanged || message.old == Message::Old::kNone) return value;
  return message.old_tuple.at(column);
}

KeyValues values_of(const std::vector<std::size_t>& columns, const auto& column_at) {
  KeyValues values;
  values.reserve(columns.size());
  for (const auto column : columns) {
    const TupleColumn& value = column_at(column);
    switch (value.kind) {
      case TupleColumn::Kind::kNull:
        values.emplace_back(std::nullopt);
        break;
      case TupleColumn::Kind::kText:
        values.emplace_back(std::string(value.text));
        break;
      case TupleColumn::Kind::kUnchanged:
      case TupleColumn::Kind::kBinary:
        throw precondition_failure("a changed row came without the value of a column that the migration follows",
                                   "give the table `replica identity full`; `crossfade plan` names it");
    }
  }
  return values;
}

/// With the whole old row at hand, a change of columns that the target's view does not read offers nothing.
bool touches(const Message& message, const std::vector<std::size_t>& relevant, bool reads_all) {
  if (message.old != Message::Old::kFull || reads_all) return true;
  return std::any_of(relevant.begin(), relevant.end(), [&](std::size_t column) {
    const auto& now = message.new_tuple.at(column);
    const auto& before = message.old_tuple.at(column);
    if (now.kind == TupleColumn::Kind::kUnchanged) return false;
    return now.kind != before.kind || now.text != before.text;
  });
}

}  // namespace

void Follow::restart() {
  by_oid_.clear();
  partitions_.clear();
  roots_.clear();
  described_.reset();
  queue_.abandon_open();
}

Follow::Followed Follow::place_rules(const wal::Relation& relation) const {
  Followed followed;
  followed.name = relation.schema + "." + relation.name;
  followed.width = relation.columns.size();
  const auto place_of = [&](const std::string& column) -> std::optional<std::size_t> {
    for (std::size_t n = 0; n < relation.columns.size(); ++n) {
      if (relation.columns[n].name == column) return n;
    }
    return std::nullopt;
  };
  for (const auto& rule : model_.rules) {
    const auto& source = model_.sources[rule.source];
    // By what it is, not by its name: the view reads the same table, however it is called meanwhile.
    const bool is = source.oid != 0 ? source.oid == relation.oid : source.schema == relation.schema && source.name == relation.name;
    if (!is) continue;
    PlacedRule placed{rule.target, rule.locator, {}, {}};
    for (const auto& column : rule.source_columns) {
      const auto found = place_of(column);
      placed.lost = placed.lost || !found;
      if (!found) continue;
      placed.columns.push_back(*found);
      placed.identified = placed.identified && relation.columns[*found].in_identity;
    }
    for (const auto& column : rule.relevant_columns) {
      const auto found = place_of(column);
      placed.reads_all = placed.reads_all || !found;
      if (found) placed.relevant.push_back(*found);
    }
    for (const auto& column : rule.generated_columns) {
      if (const auto found = place_of(column)) placed.relevant.push_back(*found);
    }
    followed.rules.push_back(std::move(placed));
  }
  return followed;
}

const Follow::Followed& Follow::followed(std::uint32_t oid) const {
  const auto found = by_oid_.find(oid);
  if (found != by_oid_.end()) return found->second;
  Failure::Facts facts;
  facts.message = fmt::format("the server sent a change of table {} without describing it first", oid);
  facts.advice = "report this as a defect";
  throw Failure(std::move(facts));
}

/// Of a changed row; its tuples must be as wide as their table was described.
const Follow::Followed& Follow::followed(const Message& message) const {
  const auto& table = followed(message.relation_oid);
  const bool new_fits = message.kind == MessageKind::kDelete || message.new_tuple.size() == table.width;
  const bool old_fits = message.old == Message::Old::kNone || message.old_tuple.size() == table.width;
  if ((message.kind == MessageKind::kInsert || old_fits) && new_fits) return table;
  Failure::Facts facts;
  facts.message = fmt::format("the server sent a row of {} that does not fit its description", table.name);
  facts.advice = "report this as a defect";
  throw Failure(std::move(facts));
}

void Follow::describe(const wal::Relation& relation) {
  auto placed = place_rules(relation);
  if (placed.rules.empty() && described_) {
    // Its rows come in the table's name and layout, with the old values that its own identity has; the others are null then.
    auto& told = partitions_[described_->oid][relation.oid];
    told.clear();
    for (const auto& column : relation.columns) {
      if (column.in_identity) told.insert(column.name);
    }
    roots_.insert_or_assign(described_->oid, *described_);
    identify_partitions(described_->oid);
    by_oid_.insert_or_assign(relation.oid, std::move(placed));
    described_.reset();
    return;
  }
  const bool is_followed = !placed.rules.empty();
  by_oid_.insert_or_assign(relation.oid, std::move(placed));
  described_.reset();
  if (!is_followed) return;
  described_ = relation;
  if (partitions_.contains(relation.oid)) {
    roots_.insert_or_assign(relation.oid, relation);
    identify_partitions(relation.oid);
  }
}

/// A partition has a replica identity of its own, and one that is new has the default, whatever its table has.
void Follow::identify_partitions(std::uint32_t root) {
  auto& table = by_oid_.at(root);
  const auto& columns = roots_.at(root).columns;
  table.partitioned = true;
  for (auto& rule : table.rules) {
    rule.identified = std::all_of(rule.columns.begin(), rule.columns.end(), [&](std::size_t column) {
      const auto& partitions = partitions_.at(root);
      return std::all_of(partitions.begin(), partitions.end(), [&](const auto& each) { return each.second.contains(columns[column].name); });
    });
  }
}

/// Of a row whose key the log does not tell: a column has another name than the model knows. Or whose old key it does not tell: the
/// table's replica identity was changed since the migration was held against it, or a partition has come with another. Whatever the row
/// made may be left behind anywhere. A value that one partition does not tell comes as null, and so does a null of another: both are
/// taken for untold.
bool Follow::offer_all_if_untold(const Followed& table, const PlacedRule& rule, const Message& message) {
  if (rule.lost) {
    offer_all(rule);
    return true;
  }
  if (message.kind == MessageKind::kInsert || rule.identified || (!table.partitioned && message.old == Message::Old::kFull)) return false;
  const auto told = [&](std::size_t column) { return message.old_tuple.at(column).kind != TupleColumn::Kind::kNull; };
  if (table.partitioned && message.old != Message::Old::kNone && std::all_of(rule.columns.begin(), rule.columns.end(), told)) return false;
  offer_all(rule);
  return true;
}

void Follow::offer_all(const PlacedRule& rule) {
  queue_.offer(Key::every_row(rule.target));
  ++emptied_[rule.target];
}

void Follow::offer(const PlacedRule& rule, const KeyValues& values) {
  queue_.offer(Key(rule.target, rule.locator, values));
  ++offered_[rule.target];
}

/// Invariant 5: a source's replica identity contains every column its follow rules use, so the old row has them whenever
/// they changed; a row that moves offers its old and its new key.
void Follow::update(const Message& message) {
  const auto& table = followed(message);
  for (const auto& rule : table.rules) {
    // First what the log does not tell: an old value that it leaves out looks like a null.
    if (offer_all_if_untold(table, rule, message) || !touches(message, rule.relevant, rule.reads_all)) continue;
    const auto now = values_of(rule.columns, [&](std::size_t column) -> const TupleColumn& { return after(message, column); });
    offer(rule, now);
    if (message.old == Message::Old::kNone) continue;
    const auto before =
        values_of(rule.columns, [&](std::size_t column) -> const TupleColumn& { return message.old_tuple.at(column); });
    if (before != now) offer(rule, before);
  }
}

void Follow::insert(const Message& message) {
  const auto& table = followed(message);
  for (const auto& rule : table.rules) {
    if (offer_all_if_untold(table, rule, message)) continue;
    offer(rule, values_of(rule.columns, [&](std::size_t column) -> const TupleColumn& { return message.new_tuple.at(column); }));
  }
}

void Follow::remove(const Message& message) {
  const auto& table = followed(message);
  for (const auto& rule : table.rules) {
    if (offer_all_if_untold(table, rule, message)) continue;
    offer(rule, values_of(rule.columns, [&](std::size_t column) -> const TupleColumn& { return message.old_tuple.at(column); }));
  }
}

bool Follow::touch(std::string_view target, std::string_view key) {
  const auto number = model_.find_target(std::string(target));
  if (!number) return false;
  const auto columns = model_.targets[*number].locators.front().types.size();
  auto values = columns == 1 ? KeyValues{std::string(key)} : parse_array(key);
  if (values.size() != columns) return false;
  queue_.offer(Key(*number, mapping::kChunkKey, values));
  ++offered_[*number];
  ++touched_;
  return true;
}

/// False: it is not from one of the engine's own sessions, or says nothing that is understood.
bool Follow::obey(std::string_view content) {
  if (content.size() > kLongestMessage || !is_text(content)) return false;
  const auto line = [&] {
    const auto end = std::min(content.find('\n'), content.size());
    const auto first = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    return first;
  };
  // Of another migration in the same database: its own daemon looks at it.
  if (line() != model_.name) return true;
  if (secret_.empty() || line() != secret_) return false;
  const auto words = content;
  if (line() == "touch") {
    const auto target = line();
    return touch(target, content);
  }
  auto mark = parse_mark(words);
  if (mark) queue_.mark(std::move(*mark));
  return mark.has_value();
}

void Follow::take(const Message& message) {
  // The types of its columns come before a table.
  if (message.kind != MessageKind::kRelation && message.kind != MessageKind::kType) described_.reset();
  switch (message.kind) {
    case MessageKind::kBegin:
      queue_.begin(message.xid);
      return;
    case MessageKind::kCommit:
      queue_.commit(message.end_lsn);
      return;
    case MessageKind::kRelation:
      describe(message.relation);
      return;
    case MessageKind::kInsert:
      insert(message);
      return;
    case MessageKind::kUpdate:
      update(message);
      return;
    case MessageKind::kDelete:
      remove(message);
      return;
    case MessageKind::kTruncate:
      for (const auto oid : message.truncated) {
        for (const auto& rule : followed(oid).rules) offer_all(rule);
      }
      return;
    case MessageKind::kMessage:
      if (message.transactional && message.prefix == kMessagePrefix && !obey(message.content)) ++refused_messages_;
      return;
    case MessageKind::kOrigin:
    case MessageKind::kType:
      return;
  }
}

}  // namespace crossfade::sync
