#include "wal/confirm.h"

#include <fmt/format.h>

#include "base/error/failure.h"

namespace crossfade::wal {
namespace {

void require(bool in_order, std::string_view otherwise) {
  if (in_order) return;
  Failure::Facts facts;
  facts.message = fmt::format("the server's messages are out of order: {}", otherwise);
  facts.advice = "check that the server's version is supported; if it is, report this as a defect";
  throw Failure(std::move(facts));
}

}  // namespace

void Progress::take(const Message& message) {
  switch (message.kind) {
    case MessageKind::kBegin:
      require(!open_, "a transaction begins before the last one has ended");
      before_open_ = received();
      announced_ = message.commit_lsn;
      open_ = true;
      return;
    case MessageKind::kCommit:
      require(open_ && message.commit_lsn == announced_, "a commit is not that of the transaction that began");
      open_ = false;
      // Behind the record, not at it: confirmed at its beginning, the transaction would come again.
      data_position_ = std::max(data_position_, message.end_lsn);
      return;
    case MessageKind::kInsert:
    case MessageKind::kUpdate:
    case MessageKind::kDelete:
    case MessageKind::kTruncate:
      require(open_, "a change belongs to no transaction");
      return;
    case MessageKind::kMessage:
      require(open_ || !message.transactional, "a transactional message belongs to no transaction");
      return;
    case MessageKind::kOrigin:
    case MessageKind::kRelation:
    case MessageKind::kType:
      return;
  }
}

}  // namespace crossfade::wal
