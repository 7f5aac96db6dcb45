#include "base/error/failure.h"
#include "fuzz/target.h"
#include "unit/wal/message_builder.h"
#include "wal/pgoutput.h"
#include "wal/replication_message.h"

/// Any bytes give a message or a Failure that says something; nothing else is thrown, nothing is read past the end.
namespace crossfade::fuzz {
namespace {

/// True if `view` lies within `bytes`.
bool within(std::string_view view, std::string_view bytes) {
  return view.empty() || (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
}

void check(bool holds) {
  if (!holds) std::abort();
}

void try_decode(std::string_view bytes) {
  // Used again and again, as the stream does: what one message left must not show through the next.
  static wal::Message message;
  try {
    wal::decode(bytes, message);
    const bool has_new_row = message.kind == wal::MessageKind::kInsert || message.kind == wal::MessageKind::kUpdate;
    if (has_new_row) {
      for (const auto& column : message.new_tuple) check(within(column.text, bytes));
    }
    if (message.kind == wal::MessageKind::kMessage)
      check(within(message.prefix, bytes) && within(message.content, bytes));
  } catch (const Failure& failure) {
    check(*failure.what() != '\0' && !failure.advice().empty());
  }
}

void try_frame(std::string_view bytes) {
  try {
    const auto message = wal::read_replication_message(bytes);
    check(within(message.data, bytes));
    try_decode(message.data);
  } catch (const Failure& failure) {
    check(*failure.what() != '\0');
  }
}

}  // namespace

void run_once(std::string_view bytes) {
  try_decode(bytes);
  try_frame(bytes);
}

std::vector<std::string> seeds() {
  auto all = wal::test::one_of_each();
  const std::string header = wal::test::Bytes('w').int64(1).int64(2).int64(3);
  for (const auto& message : wal::test::one_of_each()) all.push_back(header + message);
  all.push_back(wal::test::Bytes('k').int64(1).int64(2).byte(1));
  return all;
}

}  // namespace crossfade::fuzz
