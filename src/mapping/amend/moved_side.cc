#include "mapping/amend/moved_side.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text/sql_text.h"

namespace crossfade::mapping {
namespace {

/// As the server prints it where it need not be quoted.
std::string printed(const std::string& name) {
  const auto plain = [](char each) { return std::islower(static_cast<unsigned char>(each)) != 0 || std::isdigit(static_cast<unsigned char>(each)) != 0 || each == '_'; };
  const bool bare = !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 && std::all_of(name.begin(), name.end(), plain);
  return bare ? name : quote_identifier(name);
}

/// Names stand in literals too: nextval('v2.a_id_seq'::regclass).
class Mover {
 public:
  Mover(const std::string& from, const std::string& to) : from_(from), to_(printed(to) + ".") {}

  std::string operator()(const std::string& text) const {
    const auto bare = printed(from_) + ".";
    const auto quoted = quote_identifier(from_) + ".";
    return bare == quoted ? replaced(text, quoted) : replaced(replaced(text, quoted), bare);
  }

 private:
  std::string replaced(const std::string& text, const std::string& from) const {
    std::string result;
    std::size_t copied = 0;
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + from.size())) {
      if (at > 0 && goes_on(text[at - 1])) continue;
      result += text.substr(copied, at - copied) + to_;
      copied = at + from.size();
    }
    return result + text.substr(copied);
  }
  static bool goes_on(char before) { return std::isalnum(static_cast<unsigned char>(before)) != 0 || before == '_' || before == '$' || before == '.' || before == '"'; }

  std::string from_, to_;
};

}  // namespace

Side moved_side(const Side& side, const std::string& from, const std::string& to) {
  const Mover moved(from, to);
  Side result;
  result.tables = side.tables;
  for (auto& [table, columns] : result.tables) {
    for (auto& column : columns) {
      column.type = moved(column.type);
      column.collation = moved(column.collation);
      column.given = moved(column.given);
      column.sequence = moved(column.sequence);
    }
  }
  for (const auto& [table, printed] : side.printed) result.printed.emplace(table, moved(printed));
  for (const auto& [name, piece] : side.pieces) {
    auto one = piece;
    for (auto* sql : {&one.create, &one.validate, &one.drop, &one.indexed_by, &one.excluded_by}) *sql = moved(*sql);
    result.pieces.emplace(moved(name), std::move(one));
  }
  for (const auto& [type, labels] : side.labels) result.labels.emplace(moved(type), labels);
  for (const auto& [name, other] : side.others) {
    auto one = other;
    for (auto* sql : {&one.text, &one.make, &one.unmake}) *sql = moved(*sql);
    result.others.emplace(moved(name), std::move(one));
  }
  for (const auto& [grant, revoke] : side.grants) result.grants.emplace(moved(grant), moved(revoke));
  return result;
}

Side together(Side first, Side second) {
  first.tables.merge(second.tables);
  first.printed.merge(second.printed);
  first.pieces.merge(second.pieces);
  first.labels.merge(second.labels);
  first.others.merge(second.others);
  first.grants.merge(second.grants);
  return first;
}

}  // namespace crossfade::mapping
