#include "sync/refresh/locked_rows.h"

#include <embedded_sql.h>
#include <fmt/format.h>

#include <iterator>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/text/sql_text.h"
#include "pg/row.h"
#include "pg/savepoint.h"
#include "sync/refresh/key_forms.h"
#include "sync/refresh/references.h"

namespace crossfade::sync {
namespace {

namespace queries = sql::queries;

constexpr std::string_view kLockNotAvailable = "55P03";

Failure locked() {
  Failure::Facts facts;
  facts.sqlstate = kLockNotAvailable;
  facts.message = "a row of it is locked";
  return Failure(std::move(facts));
}

}  // namespace

asio::awaitable<std::vector<Refused>> take_locked(pg::Connection& connection, const Refresh& refresh, std::vector<Key>& keys) {
  std::unordered_set<Key> held;
  References references(refresh, connection);
  for (const auto& form : by_form(keys)) {
    auto behind = co_await references.behind_locked(form);
    held.insert(std::make_move_iterator(behind.begin()), std::make_move_iterator(behind.end()));
    const auto target = form.front().target();
    const auto selection = co_await refresh.select_here(connection, form, Refresh::Brought::kKeys);
    if (!selection) continue;
    auto sql = refresh.statements(target).locked(selection->filters.front());
    const auto tried = co_await pg::try_in_savepoint(connection, std::move(sql), selection->parameters);
    // Who cannot be asked is found by trying.
    if (tried.refused) continue;
    for (const auto row : pg::rows(tried.result)) {
      if (row.is_null("locked")) {
        held.insert(form.begin(), form.end());
      } else {
        held.emplace(target, form.front().locator(), parse_array(row.text("locked")));
      }
    }
  }
  std::vector<Refused> refused;
  std::erase_if(keys, [&](const Key& key) {
    if (!held.contains(key)) return false;
    refused.push_back({key, locked()});
    return true;
  });
  co_return refused;
}

asio::awaitable<void> name_holders(pg::Connection& connection, const mapping::Model& model, std::vector<Refused>& refused) {
  std::map<TargetId, std::string> holders;
  const std::string who(queries::row_lock_holders);
  for (auto& [key, failure] : refused) {
    if (failure.sqlstate() != kLockNotAvailable) continue;
    if (!holders.contains(key.target())) {
      pg::Parameters table = {model.targets[key.target()].table.quoted()};
      const auto rows = co_await connection.query(who, table);
      holders[key.target()] = rows.is_null(0, 0) ? std::string{} : std::string(rows.text(0, 0));
    }
    auto facts = failure.facts();
    facts.detail = holders[key.target()];
    failure = Failure(std::move(facts));
  }
}

}  // namespace crossfade::sync
