#include "mapping/catalog/derive_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text/sql_text.h"
#include "embedded_sql.h"
#include "mapping/catalog/server_text.h"
#include "mapping/derive/derive.h"
#include "mapping/derive/expression.h"
#include "mapping/file/migration_file.h"
#include "mapping/file/surrogates.h"
#include "mapping/sql/scan.h"
#include "pg/row.h"

namespace crossfade::mapping {
namespace {

namespace asio = boost::asio;
namespace queries = sql::queries;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> read;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    read.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return read;
}

/// Of a name and its schema in two lines; "" of none.
std::string collation_in(const std::string& text) {
  const auto parts = lines(text);
  return parts.size() < 2 ? "" : quote_qualified(parts[0], parts[1]);
}

derive::RelationFacts relation(const pg::Row& row) {
  derive::RelationFacts made;
  made.name = {std::string(row.text("nspname")), std::string(row.text("relname"))};
  if (!row.is_null("view")) made.view = row.text("view");
  const auto names = array_in(row, "names");
  const auto types = array_in(row, "types");
  const auto required = array_in(row, "required");
  const auto varies = array_in(row, "varies");
  const auto generated = array_in(row, "generated");
  const auto loose = array_in(row, "loose");
  for (std::size_t n = 0; n < names.size(); ++n) {
    made.columns.push_back({names[n], types[n], required[n] == "t", generated[n] == "t", varies[n] == "t", collation_in(loose[n])});
  }
  for (const auto& key : array_in(row, "keys")) made.keys.push_back(lines(key));
  for (const auto& key : array_in(row, "refers")) {
    const auto parts = lines(key);
    auto& reference = made.references.emplace_back(derive::Reference{{parts.at(0), parts.at(1)}, {}});
    for (std::size_t n = 2; n + 1 < parts.size(); n += 2) reference.columns.emplace(parts[n], parts[n + 1]);
  }
  return made;
}

/// Tables that nobody but the migration's own views changes in this direction.
void settle(const DirectedMigration& directed, const Catalog& catalog, derive::Facts& facts) {
  for (const auto& [name, surrogate] : catalog.surrogates) {
    const auto ids = surrogate.ids.quoted();
    if (directed.direction == Direction::kForward) {
      facts.stands_for[ids] = surrogate.view.quoted();
    } else {
      facts.settled.insert(ids);
    }
  }
  if (directed.direction == Direction::kForward) return;
  for (const auto& [name, table] : directed.tables) facts.settled.insert(table.quoted());
}

void add_opaque(const std::vector<FunctionCatalog>& functions, derive::Facts& facts) {
  for (const auto& function : functions) {
    // What the others give is the same in a lookup as in the view.
    const bool reads_more = function.problem == "opaque" || function.problem == "volatile" || function.problem == "clock";
    if (reads_more) facts.opaque[derive::procedure_name(function.name)] = function.problem;
  }
}

/// What every partition's replica identity has.
void tell_old_values(const Catalog& catalog, derive::Facts& facts) {
  for (const auto& [written, source] : catalog.sources) {
    const auto relation = facts.relations.find(source.quoted());
    if (relation == facts.relations.end()) continue;
    for (auto& column : relation->second.columns) {
      column.old_value = !source.identities.empty() && std::all_of(source.identities.begin(), source.identities.end(), [&](const IdentityCatalog& each) {
        return each.mode == 'f' || std::find(each.columns.begin(), each.columns.end(), column.name) != each.columns.end();
      });
    }
  }
}

asio::awaitable<derive::Facts> read_facts(pg::Connection& connection, const DirectedMigration& directed, const Catalog& catalog) {
  derive::Facts facts;
  std::vector<std::optional<std::string>> views;
  for (const auto& [name, target] : catalog.targets) {
    if (target.view.kind == 'v') views.emplace_back(std::to_string(target.view.oid));
  }
  for (const auto& [name, surrogate] : catalog.surrogates) {
    if (surrogate.view.kind == 'v') views.emplace_back(std::to_string(surrogate.view.oid));
  }
  pg::Parameters parameters = {array_text(views)};
  const auto relations = co_await connection.execute(queries::derive_relations, std::move(parameters));
  for (const auto row : pg::rows(relations)) facts.add(relation(row));
  const auto functions = co_await connection.execute(queries::derive_functions);
  const auto aggregates = array_in(pg::first(functions), "aggregates");
  const auto set_returning = array_in(pg::first(functions), "set_returning");
  facts.aggregates = {aggregates.begin(), aggregates.end()};
  facts.set_returning = {set_returning.begin(), set_returning.end()};
  for (const auto& each : array_in(pg::first(functions), "loose")) facts.loose_collations.insert(collation_in(each));
  for (const auto& [name, target] : catalog.targets) add_opaque(target.functions, facts);
  for (const auto& [name, surrogate] : catalog.surrogates) add_opaque(surrogate.functions, facts);
  tell_old_values(catalog, facts);
  settle(directed, catalog, facts);
  co_return facts;
}

/// A table, or what else stands where one may, as a text has it.
struct NameInText {
  std::string schema;  ///< "" of one by itself
  std::string name;
};

/// Whatever a function's text may read: names with a schema, and those in a from clause without one. More than there are tables.
std::vector<NameInText> names_in(const std::string& body) {
  std::vector<NameInText> names;
  const auto tokens = scan(body);
  const auto is_name = [&](std::size_t n) { return n < tokens.size() && tokens[n].kind == Token::Kind::kName; };
  const auto is_dot = [&](std::size_t n) { return n < tokens.size() && tokens[n].is_sign("."); };
  bool among_tables = false;
  for (std::size_t n = 0; n < tokens.size(); ++n) {
    const bool begins = tokens[n].is_name("from") || tokens[n].is_name("join") || tokens[n].is_name("only");
    among_tables = begins || (among_tables && !tokens[n].is_name("where") && !tokens[n].is_name("select") && !tokens[n].is_sign(";"));
    if (is_name(n) && is_dot(n + 1) && is_name(n + 2)) names.push_back({tokens[n].text, tokens[n + 2].text});
    const bool follows = begins || (among_tables && tokens[n].is_sign(","));
    if (follows && is_name(n + 1) && !is_dot(n + 2)) names.push_back({"", tokens[n + 1].text});
  }
  return names;
}

/// Functions of a view that may read tables, by the server's name for them: what they were declared to be is not asked.
std::vector<std::optional<std::string>> functions_that_read(const TargetCatalog& target) {
  std::set<std::string> names;
  for (const auto& function : target.functions) {
    if (function.problem == "opaque" || function.problem == "text") names.insert(function.name);
  }
  return {names.begin(), names.end()};
}

/// What the functions of a view read is read by the view: its changes are to be followed, and the view does not say how.
asio::awaitable<void> look_into_functions(pg::Connection& connection, const std::string& name, TargetCatalog& target, std::vector<UntoldCatalog>& untold) {
  const auto functions = functions_that_read(target);
  if (functions.empty()) co_return;
  pg::Parameters named = {array_text(functions)};
  const auto bodies = co_await connection.execute(queries::derive_function_bodies, std::move(named));
  std::vector<std::optional<std::string>> of, schemas, tables;
  for (const auto row : pg::rows(bodies)) {
    const std::string function(row.text("name"));
    const auto path = array_in(row, "schemas");
    const auto add = [&](const std::string& schema, const std::string& table) {
      of.emplace_back(function);
      schemas.emplace_back(schema);
      tables.emplace_back(table);
    };
    // One that the server has read already has no text.
    add("", "");
    for (const auto& each : names_in(std::string(row.text("body")))) {
      if (!each.schema.empty()) add(each.schema, each.name);
      for (const auto& schema : path) {
        if (each.schema.empty()) add(schema, each.name);
      }
    }
  }
  pg::Parameters candidates = {array_text(of), array_text(schemas), array_text(tables)};
  const auto reads = co_await connection.execute(queries::derive_function_tables, std::move(candidates));
  for (const auto row : pg::rows(reads)) {
    const TableName table{std::string(row.text("schema")), std::string(row.text("name"))};
    const std::string function(row.text("function"));
    const auto known = std::find_if(target.reads.begin(), target.reads.end(), [&](const ReadCatalog& each) { return each.schema == table.schema && each.name == table.name; });
    if (known == target.reads.end()) {
      target.reads.push_back({table.schema, table.name, row.text("kind").at(0), true, {}, row.truth("lockable")});
    } else {
      known->whole_row = true;
    }
    untold.push_back({name, table, function + " in " + target.view.quoted(), "a function reads it",
                      fmt::format("follow: {{{}: {{view_column: \"select … where … = any($id)\"}}}}", table.name)});
  }
}

/// A column that all surrogates' views have which the target's view reads: natural keys of a changed key are found by it too.
bool known_to_surrogates(const Catalog& catalog, const TargetCatalog& target, const std::string& column) {
  return std::all_of(target.surrogates.begin(), target.surrogates.end(), [&](const std::string& name) {
    const auto* there = catalog.surrogates.at(name).view.find(column);
    const auto* wanted = target.view.find(column);
    return there != nullptr && wanted != nullptr && there->type == wanted->type;
  });
}

derive::Question question(const DirectedMigration& directed, const Catalog& catalog, const std::string& name) {
  const auto& target = catalog.targets.at(name);
  derive::Question asked;
  asked.view = target.view.quoted();
  asked.key = target.table.primary_key;
  for (const auto& column : target.table.columns) {
    if (column.required) asked.never_null.insert(column.name);
  }
  const auto& located = directed.yaml.targets().at(name).locate();
  asked.locatable = [&catalog, &target, &located, name](const std::vector<std::string>& columns) {
    const bool there = std::all_of(columns.begin(), columns.end(), [&](const auto& each) {
      return target.view.find(each) != nullptr && known_to_surrogates(catalog, target, each);
    });
    if (!there) return false;
    return (columns.size() == 1 && located.contains(columns.front())) || find_path(catalog.targets, name, columns).has_value();
  };
  return asked;
}

/// The file's word for a table; "" where it is none of the sources.
std::string written_name(const DirectedMigration& directed, const TableName& table) {
  for (const auto& [written, source] : directed.yaml.sources()) {
    if (source_table(directed.yaml, written) == table) return written;
  }
  return "";
}

/// Whether a select may give the rows that a changed row leads to by these columns: by one of them it gives more, and so does one that
/// asks for no value of the changed row.
bool goes_by(const std::string& select, const std::set<std::string>& columns) {
  const auto tokens = scan(select);
  const auto any = [&](const auto& is) { return std::any_of(tokens.begin(), tokens.end(), is); };
  if (columns.empty() || any([&](const Token& each) { return each.kind == Token::Kind::kName && columns.contains(each.text); })) return true;
  return !any([](const Token& each) { return each.kind == Token::Kind::kPlaceholder || each.kind == Token::Kind::kParameter; });
}

/// Whether one of the written rules finds the rows that the changed row of this place in the view concerns.
bool says(const std::vector<WrittenRule>& rules, const std::string& target, const std::string& source, const derive::Seen& seen) {
  return std::any_of(rules.begin(), rules.end(), [&](const WrittenRule& rule) {
    if (rule.target != target || rule.source != source) return false;
    // A select may know what the view does not say; where it does, the select goes by what the view goes by.
    if (!rule.lookup.empty()) return goes_by(rule.lookup, seen.leads);
    for (std::size_t n = 0; n < rule.locator_columns.size(); ++n) {
      const auto known = seen.known.find(rule.locator_columns[n]);
      if (known == seen.known.end() || known->second != rule.source_columns[n]) return false;
    }
    return true;
  });
}

void take(const DirectedMigration& directed, const std::string& target, const derive::Answer& answer, Catalog& catalog) {
  const auto written = catalog.rules;
  const auto has = [&](const std::string& source) {
    return std::any_of(written.begin(), written.end(), [&](const WrittenRule& rule) { return rule.target == target && rule.source == source; });
  };
  for (const auto& rule : answer.rules) {
    const auto source = written_name(directed, rule.source);
    // Without a reason: the view tells, and the table is not among the sources.
    if (source.empty()) catalog.untold.push_back({target, rule.source, "", "", ""});
    if (source.empty() || has(source)) continue;
    catalog.rules.push_back({source, target, rule.locator_columns, rule.source_columns, rule.lookup, rule.reason});
  }
  for (const auto& each : answer.untold) {
    const auto source = written_name(directed, each.source);
    if (source.empty() || !has(source)) catalog.untold.push_back({target, each.source, each.place, each.why, each.proposal});
  }
  for (const auto& seen : answer.seen) {
    const auto source = written_name(directed, seen.source);
    if (!source.empty() && has(source) && !says(written, target, source, seen)) {
      catalog.missed.push_back({target, source, seen.place, seen.rule});
    }
  }
}

derive::RelationFacts relation(const RelationCatalog& table) {
  derive::RelationFacts made;
  made.name = {table.schema, table.name};
  for (const auto& column : table.columns) made.columns.push_back({column.name, column.type, column.required, column.generated, column.image_varies});
  if (!table.primary_key.empty()) made.keys = {table.primary_key};
  return made;
}

void add_tables(const DirectedMigration& directed, const Catalog& catalog, derive::Reading& reading) {
  for (const auto& [name, target] : catalog.targets) {
    if (target.table.exists()) reading.tables.emplace(name, relation(target.table));
  }
  for (const auto& [written, source] : catalog.sources) {
    if (!source.exists()) continue;
    auto made = relation(source);
    if (!directed.yaml.sources().at(written).shared()) reading.sources.push_back(made.name);
    if (!reading.facts.relations.contains(made.name.quoted())) reading.facts.add(std::move(made));
  }
}

}  // namespace

asio::awaitable<void> derive_rules(pg::Connection& connection, const DirectedMigration& directed, Catalog& catalog) {
  std::vector<UntoldCatalog> in_functions;
  for (auto& [name, target] : catalog.targets) {
    if (target.view.kind == 'v' && target.table.exists()) co_await look_into_functions(connection, name, target, in_functions);
  }
  for (const auto& each : in_functions) {
    const auto source = written_name(directed, each.source);
    const bool is_written = std::any_of(catalog.rules.begin(), catalog.rules.end(), [&](const WrittenRule& rule) { return rule.target == each.target && rule.source == source; });
    if (!is_written) catalog.untold.push_back(each);
  }
  auto facts = co_await read_facts(connection, directed, catalog);
  derive::Reading reading{std::move(facts)};
  for (const auto& [name, target] : catalog.targets) {
    if (target.view.kind != 'v' || !target.table.exists()) continue;
    const auto asked = question(directed, catalog, name);
    auto answer = derive::derive(reading.facts, asked);
    if (!answer.refusal.empty()) catalog.untold.push_back({name, {}, "view " + target.view.quoted(), answer.refusal, ""});
    take(directed, name, answer, catalog);
    reading.views[name] = asked.view;
    reading.answers[name] = std::move(answer);
  }
  const auto order = [](const WrittenRule& left, const WrittenRule& right) { return std::pair(left.target, left.source) < std::pair(right.target, right.source); };
  std::stable_sort(catalog.rules.begin(), catalog.rules.end(), order);
  add_tables(directed, catalog, reading);
  catalog.reading = std::move(reading);
}

}  // namespace crossfade::mapping
