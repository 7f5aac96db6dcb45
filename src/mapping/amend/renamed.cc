#include "mapping/amend/renamed.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "mapping/file/directed_migration.h"
#include "mapping/file/yaml_tree.h"
#include "mapping/sql/scan.h"

namespace crossfade::mapping {
namespace {

bool has_name(const std::string& sql, const std::vector<std::string>& names) {
  const auto tokens = scan(sql);
  return std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) {
    const bool quotes = token.kind == Token::Kind::kString;
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      // The body of a function is a string.
      return (token.kind == Token::Kind::kName && token.text == name) || (quotes && token.text.find(name) != std::string::npos);
    });
  });
}

/// From its first token up to the semicolon.
struct Statement {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<Token> tokens;
};

std::vector<Statement> statements_of(const std::string& sql) {
  std::vector<Statement> statements(1);
  for (const auto& token : scan(sql)) {
    if (token.kind == Token::Kind::kComment) continue;
    auto& last = statements.back();
    if (token.is_sign(";")) {
      statements.emplace_back();
      continue;
    }
    if (last.tokens.empty()) last.begin = token.begin;
    last.end = token.end;
    last.tokens.push_back(token);
  }
  std::erase_if(statements, [](const Statement& statement) { return statement.tokens.empty(); });
  return statements;
}

/// The view that it creates, without its schema; "" where it is something else.
std::string created_view(const Statement& statement) {
  const auto& tokens = statement.tokens;
  std::size_t n = 0;
  const auto word = [&](std::string_view name) { return n < tokens.size() && tokens[n].is_name(name) && ++n > 0; };
  if (!word("create")) return "";
  if (word("or") && !word("replace")) return "";
  if (!word("view") || n >= tokens.size()) return "";
  if (n + 2 < tokens.size() && tokens[n + 1].is_sign(".")) n += 2;
  return tokens[n].kind == Token::Kind::kName ? tokens[n].text : "";
}

/// A scalar of the file that is to have another text.
struct Edit {
  int line = 0;
  int column = 0;
  std::string from;
  std::string to;
};

/// What cannot be told from the text alone.
struct Ambiguous {};

class YamlNames {
 public:
  YamlNames(const v1::Migration& yaml, const std::vector<Renamed>& renamed) : yaml_(yaml), renamed_(renamed) {
    for (const auto& one : renamed) {
      if (one.moved()) names_.push_back(one.was.name);
      for (const auto& [was, is] : one.columns) names_.push_back(was);
    }
  }

  std::vector<Edit> of(const YamlNode& root) {
    each(root, [&](const YamlNode& key, const YamlNode& value) {
      if (key.text == "sources") each(value, [&](const YamlNode& written, const YamlNode& source) { of_source(written, source); });
      if (key.text == "targets") each(value, [&](const YamlNode&, const YamlNode& target) { of_target(target); });
      if (key.text == "reverse") each(value, [&](const YamlNode& table, const YamlNode& target) { of_way_back(table, target); });
    });
    return std::move(edits_);
  }

 private:
  static void each(const YamlNode& mapping, const auto& what) {
    for (std::size_t n = 0; n < mapping.keys.size(); ++n) what(mapping.keys[n], mapping.values[n]);
  }
  static void each_rule(const YamlNode& rules, const auto& what) {
    if (rules.kind == YamlNode::Kind::kMapping) return each(rules, what);
    for (const auto& rule : rules.values) each(rule, what);
  }
  void put(const YamlNode& node, std::string to) {
    if (node.text != to) edits_.push_back({node.line, node.column, node.text, std::move(to)});
  }

  const Renamed* of_word(const std::string& written) const {
    const auto found = std::find_if(renamed_.begin(), renamed_.end(), [&](const Renamed& one) { return one.was == source_table(yaml_, written); });
    return found == renamed_.end() ? nullptr : &*found;
  }
  void put_word(const YamlNode& written, const Renamed& one) {
    if (!one.moved()) return;
    if (one.is.name.find('.') != std::string::npos || one.is.schema.find('.') != std::string::npos) throw Ambiguous{};
    const bool whole = one.is.schema != yaml_.schemas().source() || written.text.find('.') != std::string::npos;
    put(written, whole ? one.is.schema + "." + one.is.name : one.is.name);
  }
  static void put_columns(std::string& list, const Renamed& one) {
    std::string made;
    std::string word;
    const auto close = [&] {
      const auto is = one.columns.find(word);
      made += is == one.columns.end() ? word : is->second;
      word.clear();
    };
    for (const char letter : list) {
      if (letter != ',' && letter != ' ') {
        word += letter;
        continue;
      }
      close();
      made += letter;
    }
    close();
    list = std::move(made);
  }
  void put_list(const YamlNode& node, const Renamed& one) {
    auto list = node.text;
    put_columns(list, one);
    put(node, std::move(list));
  }
  void refuse_names(const YamlNode& sql) const {
    if (has_name(sql.text, names_)) throw Ambiguous{};
  }

  void of_source(const YamlNode& written, const YamlNode& source) {
    const auto* one = of_word(written.text);
    if (one == nullptr) return;
    put_word(written, *one);
    each(source, [&](const YamlNode& key, const YamlNode& columns) {
      if (key.text != "key") return;
      for (const auto& column : columns.values) put_list(column, *one);
    });
  }

  void of_target(const YamlNode& target) {
    each(target, [&](const YamlNode& key, const YamlNode& follow) {
      if (key.text != "follow") return;
      each(follow, [&](const YamlNode& written, const YamlNode& rules) {
        const auto* one = of_word(written.text);
        if (one != nullptr) put_word(written, *one);
        each_rule(rules, [&](const YamlNode&, const YamlNode& value) {
          const bool select = value.text.find('$') != std::string::npos;
          if (select) refuse_names(value);
          else if (one != nullptr) put_list(value, *one);
        });
      });
    });
  }

  /// Called by the old table's own name, and its locators by that table's columns.
  void of_way_back(const YamlNode& table, const YamlNode& target) {
    const auto old = old_table(yaml_, table.text);
    const auto found = std::find_if(renamed_.begin(), renamed_.end(), [&](const Renamed& renamed) { return old && renamed.was == *old; });
    const auto* one = found == renamed_.end() ? nullptr : &*found;
    if (one != nullptr) put(table, one->is.name);
    each(target, [&](const YamlNode& key, const YamlNode& parts) {
      if (key.text == "locate" && one != nullptr) each(parts, [&](const YamlNode&, const YamlNode& predicate) { refuse_names(predicate); });
      if (key.text != "follow") return;
      each(parts, [&](const YamlNode& written, const YamlNode& rules) {
        for (const auto& renamed : renamed_) {
          if (written.text == renamed.was.schema + "." + renamed.was.name) put(written, renamed.is.schema + "." + renamed.is.name);
        }
        if (one != nullptr) each_rule(rules, [&](const YamlNode& locator, const YamlNode&) { put_list(locator, *one); });
      });
    });
  }

  const v1::Migration& yaml_;
  const std::vector<Renamed>& renamed_;
  std::vector<std::string> names_;
  std::vector<Edit> edits_;
};

/// Words with dots between need no quotes.
std::string scalar(const std::string& text) {
  auto word = text;
  std::replace(word.begin(), word.end(), '.', '_');
  if (is_plain_yaml(word)) return text;
  std::string quoted = "'";
  for (const char letter : text) quoted += letter == '\'' ? "''" : std::string(1, letter);
  return quoted + "'";
}

std::string with_edits(std::string text, std::vector<Edit> edits) {
  std::sort(edits.begin(), edits.end(), [](const Edit& one, const Edit& other) { return std::pair(one.line, one.column) > std::pair(other.line, other.column); });
  for (const auto& edit : edits) {
    std::size_t at = 0;
    for (int line = 1; line < edit.line && at != std::string::npos; ++line) at = text.find('\n', at) + 1;
    at += static_cast<std::size_t>(edit.column) - 1;
    for (const auto& written : {edit.from, '"' + edit.from + '"', '\'' + edit.from + '\''}) {
      if (text.compare(at, written.size(), written) != 0) continue;
      text.replace(at, written.size(), scalar(edit.to));
      at = std::string::npos;
      break;
    }
    if (at != std::string::npos) throw Ambiguous{};
  }
  return text;
}

/// "numeric" and {10, 2} of "numeric(10,2)"; no numbers: without a bound.
struct Type {
  std::string name;
  std::vector<int> numbers;
};

Type type_of(const std::string& text) {
  const auto open = text.find('(');
  const auto close = text.find(')');
  if (open == std::string::npos || close == std::string::npos) return {text, {}};
  Type type{text.substr(0, open) + text.substr(close + 1), {}};
  const char* end = text.data() + close;
  for (const char* at = text.data() + open + 1; at < end;) {
    int number = 0;
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc{}) return {text, {}};
    type.numbers.push_back(number);
    at = read.ptr + 1;
  }
  return type;
}

}  // namespace

std::optional<std::string> with_views(const std::string& sql, const std::vector<PrintedView>& views, const std::vector<std::string>& names) {
  auto text = sql;
  std::set<std::string> found;
  auto statements = statements_of(sql);
  std::reverse(statements.begin(), statements.end());
  for (const auto& statement : statements) {
    const auto name = created_view(statement);
    const auto view = std::find_if(views.begin(), views.end(), [&](const PrintedView& printed) { return printed.name == name; });
    const auto length = statement.end - statement.begin;
    if (view != views.end()) {
      if (!found.insert(name).second) return std::nullopt;
      text.replace(statement.begin, length, view->create);
    } else if (name.empty() && has_name(sql.substr(statement.begin, length), names)) {
      return std::nullopt;
    }
  }
  if (found.size() != views.size()) return std::nullopt;
  return text;
}

std::optional<std::string> with_names(const std::string& yaml_text, const v1::Migration& yaml, const std::vector<Renamed>& renamed) {
  try {
    const auto root = parse_yaml("migration.yaml", yaml_text);
    return with_edits(yaml_text, YamlNames(yaml, renamed).of(root));
  } catch (const Ambiguous&) {
    return std::nullopt;
  }
}

bool takes_all(const std::string& mapping_sql, const std::string& v2_sql) {
  const auto any = [](const std::string& sql, auto is) {
    auto tokens = scan(sql);
    std::erase_if(tokens, [](const Token& token) { return token.kind == Token::Kind::kComment; });
    for (std::size_t n = 1; n < tokens.size(); ++n) {
      if (is(tokens[n - 1], tokens[n])) return true;
    }
    return false;
  };
  const bool reads_all = any(mapping_sql, [](const Token& before, const Token& token) {
    const bool begins = before.is_name("select") || before.is_name("all") || before.is_name("distinct") || before.is_sign(",") || before.is_sign(".");
    return token.is_sign("*") && begins;
  });
  return reads_all && any(v2_sql, [](const Token& before, const Token& token) { return token.is_name("like") && (before.is_sign("(") || before.is_sign(",")); });
}

bool widens(const std::string& from, const std::string& to) {
  static const std::set<std::pair<std::string, std::string>> kWider = {
      {"smallint", "integer"}, {"smallint", "bigint"}, {"integer", "bigint"}, {"smallint", "numeric"}, {"integer", "numeric"}, {"bigint", "numeric"},
      {"real", "double precision"}, {"character varying", "text"}};
  const auto was = type_of(from);
  const auto is = type_of(to);
  const bool unbound = is.numbers.empty();
  if (was.name != is.name) return unbound && kWider.contains({was.name, is.name});
  if (unbound || from == to) return was.name != "character" || from == to;
  if (was.numbers.size() != is.numbers.size()) return false;
  // A numeric needs room on both sides of its point.
  if (was.numbers.size() == 2) return is.numbers[1] >= was.numbers[1] && is.numbers[0] - is.numbers[1] >= was.numbers[0] - was.numbers[1];
  return was.name != "character" && is.numbers[0] >= was.numbers[0];
}

}  // namespace crossfade::mapping
