#include "mapping/file/said_by_scripts.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/text/nearest_word.h"
#include "mapping/derive/expression.h"
#include "mapping/file/directed_migration.h"
#include "mapping/file/migration_file.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

namespace json = boost::json;
using derive::as;
using derive::list;
using derive::member;
using derive::Node;
using derive::word;

/// What a statement makes, by its first words: they are the same in every version.
struct Made {
  std::string kind;  ///< "table", "view", "function"; "" of anything else
  TableName name;    ///< without a schema where none is written
  std::string text;
};

Made made_by(const std::vector<Token>& tokens, const std::string& script) {
  std::size_t at = 0;
  const auto word = [&](std::string_view name) { return at < tokens.size() && tokens[at].is_name(name) && ++at > 0; };
  Made made;
  if (!word("create")) return made;
  if (word("or")) word("replace");
  while (word("unlogged") || word("temp") || word("temporary") || word("recursive")) continue;
  if (at >= tokens.size()) return made;
  made.kind = tokens[at++].text;
  if (word("if") && word("not")) word("exists");
  if (at >= tokens.size()) return {};
  made.name.name = tokens[at].text;
  if (at + 2 < tokens.size() && tokens[at + 1].is_sign(".")) {
    made.name = {tokens[at].text, tokens[at + 2].text};
    at += 2;
  }
  // A partition is its table's.
  if (made.kind == "table" && at + 2 < tokens.size() && tokens[at + 1].is_name("partition") && tokens[at + 2].is_name("of")) return {};
  made.text = script.substr(tokens.front().begin, tokens.back().end - tokens.front().begin);
  return made;
}

std::vector<Made> all_made_by(const std::string& script) {
  std::vector<Made> all;
  std::vector<Token> statement;
  const auto end = [&] {
    if (!statement.empty()) all.push_back(made_by(statement, script));
    statement.clear();
  };
  for (const auto& token : scan(script)) {
    if (token.kind == Token::Kind::kComment) continue;
    if (token.is_sign(";")) end();
    else statement.push_back(token);
  }
  end();
  return all;
}

/// Of one kind, in a schema whose name may be left out.
std::set<std::string> names(const std::vector<Made>& all, std::string_view kind, const std::string& schema) {
  std::set<std::string> found;
  for (const auto& made : all) {
    if (made.kind == kind && (made.name.schema.empty() || made.name.schema == schema)) found.insert(made.name.name);
  }
  return found;
}

/// Tables that a statement reads, but for what its `with` gives a name.
class Reads {
 public:
  void of(const std::string& statement) { of(derive::parse(statement).tree, {}); }
  std::vector<TableName> take() { return std::move(tables_); }

 private:
  void of(const Node& node, std::set<std::string> named) {
    if (const auto* several = node.if_array()) {
      for (const auto& each : *several) of(each, named);
    }
    const auto* object = node.if_object();
    if (object == nullptr) return;
    if (const auto* with = member(*object, "withClause")) {
      for (const auto* each : list(with->as_object(), "ctes")) {
        if (const auto* common = as(each, "CommonTableExpr")) named.insert(word(*common, "ctename"));
      }
    }
    if (const auto* table = as(&node, "RangeVar")) {
      TableName name{word(*table, "schemaname"), word(*table, "relname")};
      if (!name.schema.empty() || !named.contains(name.name)) tables_.push_back(std::move(name));
    }
    if (const auto* function = as(&node, "CreateFunctionStmt")) of_body(*function);
    for (const auto& [key, inner] : *object) of(inner, named);
  }

  void of_body(const json::object& function) {
    std::string language;
    std::vector<std::string> bodies;
    for (const auto* each : list(function, "options")) {
      const auto* option = as(each, "DefElem");
      const auto* value = option == nullptr ? nullptr : member(*option, "arg");
      if (value == nullptr) continue;
      if (const auto* text = as(value, "String"); text != nullptr && word(*option, "defname") == "language") language = word(*text, "sval");
      if (const auto* written = as(value, "List"); written != nullptr && word(*option, "defname") == "as") {
        for (const auto* part : list(*written, "items")) {
          if (const auto* text = as(part, "String")) bodies.push_back(word(*text, "sval"));
        }
      }
    }
    std::transform(language.begin(), language.end(), language.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (language != "sql") return;
    for (const auto& body : bodies) of(body);
  }

  std::vector<TableName> tables_;
};

std::vector<TableName> tables_read(const std::string& statement) {
  Reads reads;
  reads.of(statement);
  return reads.take();
}

/// A table as the file would name it, if it can be a source: what the server has, and what the migration makes, is none.
std::optional<std::string> as_source(const TableName& table, const v1::Schemas& schemas, const std::set<std::string>& views_there) {
  const std::set<std::string> not_v1 = {"pg_catalog", "information_schema", "crossfade", schemas.shadow(), schemas.mapping(), schemas.reverse(), schemas.stable()};
  if (table.name.find('.') != std::string::npos || table.schema.find('.') != std::string::npos) return std::nullopt;
  if (table.schema.empty()) {
    if (views_there.contains(table.name) || table.name.starts_with("pg_")) return std::nullopt;
    return table.name;
  }
  if (table.schema == schemas.source()) return table.name;
  if (not_v1.contains(table.schema)) return std::nullopt;
  return table.schema + "." + table.name;
}

std::string text_of(const std::map<std::string, std::string>& scripts, const std::string& name) {
  const auto found = scripts.find(name);
  return found == scripts.end() ? "" : found->second;
}

/// How often the scripts name it, within functions' bodies too.
std::size_t times_named(const std::map<std::string, std::string>& scripts, const std::string& name) {
  std::size_t times = 0;
  for (const auto& [script, text] : scripts) {
    if (!script.ends_with(".sql")) {
      if (text.find(name) != std::string::npos) ++times;
      continue;
    }
    for (const auto& token : scan(text)) {
      const bool is_name = token.kind == Token::Kind::kName && token.text == name;
      if (is_name || (token.kind == Token::Kind::kString && token.text.find(name) != std::string::npos)) ++times;
    }
  }
  return times;
}

}  // namespace

std::vector<IdleView> idle_views(const v1::Migration& yaml, const std::map<std::string, std::string>& scripts) {
  std::vector<IdleView> idle;
  std::vector<std::string> tables, sources;
  for (const auto& table : names(all_made_by(text_of(scripts, "v2.sql")), "table", yaml.schemas().shadow())) {
    if (!yaml.targets().contains(table)) tables.push_back(table);
  }
  for (const auto& [written, source] : yaml.sources()) sources.push_back(source_table(yaml, written).name);
  const auto add = [&](const std::string& script, const std::string& view, const std::string& wanted, const std::optional<std::string>& near) {
    if (times_named(scripts, view) < 2) idle.push_back({script, view, wanted, near.value_or("")});
  };
  constexpr std::string_view kRejected = "rejected_";
  for (const auto* script : {"mapping.sql", "rejects.sql"}) {
    for (const auto& view : names(all_made_by(text_of(scripts, script)), "view", yaml.schemas().mapping())) {
      if (yaml.targets().contains(view) || yaml.surrogates().contains(view)) continue;
      if (!view.starts_with(kRejected)) {
        add(script, view, "no table of v2.sql has its name", nearest_word(view, tables));
        continue;
      }
      const auto of = view.substr(kRejected.size());
      if (std::find(sources.begin(), sources.end(), of) != sources.end()) continue;
      const auto near = nearest_word(of, sources);
      add(script, view, "no source has the name behind rejected_", near ? std::optional(std::string(kRejected) + *near) : std::nullopt);
    }
  }
  for (const auto& view : names(all_made_by(text_of(scripts, "reverse.sql")), "view", yaml.schemas().reverse())) {
    if (!yaml.reverse().contains(view)) add("reverse.sql", view, "no table of v1 has its name", nearest_word(view, sources));
  }
  return idle;
}

void add_what_scripts_say(v1::Migration& yaml, const std::map<std::string, std::string>& scripts) {
  const auto& schemas = yaml.schemas();
  const auto tables = names(all_made_by(text_of(scripts, "v2.sql")), "table", schemas.shadow());
  for (const auto& view : names(all_made_by(text_of(scripts, "mapping.sql")), "view", schemas.mapping())) {
    if (tables.contains(view)) (*yaml.mutable_targets())[view];
  }
  if (yaml.sources().empty()) {
    // A name without a schema is that of a view which is there by then, or the old table's.
    std::set<std::string> there;
    for (const auto* script : {"surrogates.sql", "mapping.sql"}) {
      for (const auto& each : all_made_by(text_of(scripts, script))) {
        if (each.kind != "view" && each.kind != "function") continue;
        for (const auto& table : tables_read(each.text)) {
          const auto source = as_source(table, schemas, there);
          if (source) (*yaml.mutable_sources())[*source];
        }
        if (each.kind == "view") there.insert(each.name.name);
      }
    }
  }
  if (schemas.reverse().empty()) return;
  for (const auto& view : names(all_made_by(text_of(scripts, "reverse.sql")), "view", schemas.reverse())) {
    if (old_table(yaml, view)) (*yaml.mutable_reverse())[view];
  }
}

}  // namespace crossfade::mapping
