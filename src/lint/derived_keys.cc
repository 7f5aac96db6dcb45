#include "lint/derived_keys.h"

#include "sync/queue/follow.h"

namespace crossfade::lint {
namespace {

/// As the stream has it: without what the table computes itself.
wal::Tuple tuple_of(const SourceShape& shape, const KeyValues& values) {
  wal::Tuple tuple;
  for (std::size_t n = 0; n < values.size(); ++n) {
    if (shape.columns.at(n).generated) continue;
    tuple.push_back(values[n] ? wal::TupleColumn{wal::TupleColumn::Kind::kText, *values[n]} : wal::TupleColumn{});
  }
  return tuple;
}

}  // namespace

std::vector<Key> derived_keys(const mapping::Model& model, const ById<SourceId, SourceShape>& shapes, const std::vector<RowImages>& changed) {
  sync::KeyQueue queue;
  sync::Follow follow(model, queue);
  queue.begin(Xid{});
  for (const auto& shape : shapes) {
    wal::Message description;
    description.kind = wal::MessageKind::kRelation;
    description.relation.oid = shape.source->oid;
    description.relation.schema = shape.source->schema;
    description.relation.name = shape.source->name;
    for (const auto& column : shape.columns) {
      if (!column.generated) description.relation.columns.push_back({column.name, 0, true});
    }
    follow.take(description);
    // Else the next one, if no rule follows it, is taken for a partition of this one, which is described behind it.
    wal::Message apart;
    apart.kind = wal::MessageKind::kOrigin;
    follow.take(apart);
  }
  for (const auto& row : changed) {
    wal::Message message;
    message.relation_oid = shapes[row.source].source->oid;
    message.kind = !row.before ? wal::MessageKind::kInsert : !row.after ? wal::MessageKind::kDelete : wal::MessageKind::kUpdate;
    if (row.before) message.old = wal::Message::Old::kFull;
    if (row.before) message.old_tuple = tuple_of(shapes[row.source], *row.before);
    if (row.after) message.new_tuple = tuple_of(shapes[row.source], *row.after);
    follow.take(message);
  }
  const auto batch = queue.take_all();
  std::vector<Key> keys;
  for (const auto& transaction : batch.transactions) keys.insert(keys.end(), transaction.keys.begin(), transaction.keys.end());
  return keys;
}

}  // namespace crossfade::lint
