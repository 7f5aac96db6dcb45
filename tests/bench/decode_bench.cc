#include <benchmark/benchmark.h>

#include "unit/wal/message_builder.h"
#include "wal/confirm.h"
#include "wal/replication_message.h"

/// What one core decodes: from the bytes of CopyData to a message whose order has been checked. `items_per_second` is
/// row changes a second; the budget is a million.
namespace crossfade::wal {
namespace {

constexpr std::size_t kRowsPerTransaction = 100;

/// A row of ten columns as exercises have them.
test::Row exercise(bool toasted) {
  return {{'t', "123456789"},
          {'t', "4711"},
          {'t', "Romanian deadlift, two kettlebells"},
          {'t', "3"},
          {'t', "12"},
          {'n'},
          {'t', "2026-11-21 07:38:31.123456+00"},
          toasted ? test::Cell{'u'} : test::Cell{'t', "controlled descent, hips back, pause below the knee"},
          {'t', "t"},
          {'t', "0b9f1e3c-7a53-4f0e-9a51-0f4d4d1c2b3a"}};
}

std::vector<std::string> transaction(const std::string& change) {
  const std::string header = test::Bytes('w').int64(1).int64(2).int64(3);
  std::vector<std::string> messages = {header + test::begin(10, 7)};
  messages.insert(messages.end(), kRowsPerTransaction, header + change);
  messages.push_back(header + test::commit(10, 20));
  return messages;
}

void decode_all(benchmark::State& state, const std::string& change) {
  const auto messages = transaction(change);
  Message message;
  Progress progress(Lsn{1});
  std::int64_t bytes = 0;
  for (const auto& text : messages) bytes += static_cast<std::int64_t>(text.size());
  for (auto _ : state) {
    for (const auto& text : messages) {
      decode(read_replication_message(text).data, message);
      progress.take(message);
    }
    benchmark::DoNotOptimize(message);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRowsPerTransaction));
  state.SetBytesProcessed(state.iterations() * bytes);
}

void insert_of_ten_columns(benchmark::State& state) { decode_all(state, test::insert(5, exercise(false))); }
void update_of_ten_columns(benchmark::State& state) { decode_all(state, test::update(5, exercise(true))); }
void update_under_full_identity(benchmark::State& state) {
  decode_all(state, test::update(5, 'O', exercise(false), exercise(true)));
}
void delete_by_key(benchmark::State& state) {
  decode_all(state,
             test::remove(5, 'K', {{'t', "123456789"}, {'n'}, {'n'}, {'n'}, {'n'}, {'n'}, {'n'}, {'n'}, {'n'}, {'n'}}));
}

BENCHMARK(insert_of_ten_columns);
BENCHMARK(update_of_ten_columns);
BENCHMARK(update_under_full_identity);
BENCHMARK(delete_by_key);

}  // namespace
}  // namespace crossfade::wal
