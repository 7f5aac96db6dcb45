#include "mapping/views/lossless.h"

#include <map>
#include <set>
#include <string>

#include "mapping/derive/expression.h"

namespace crossfade::mapping::views {
namespace {

/// What the parser calls types, as format_type prints them.
std::string name_of(const std::string& written) {
  static const std::map<std::string, std::string> kNames = {{"int2", "smallint"}, {"int4", "integer"}, {"int8", "bigint"}, {"bool", "boolean"},
                                                            {"varchar", "character varying"}, {"bpchar", "character"}};
  const auto found = kNames.find(written);
  return found == kNames.end() ? written : found->second;
}

/// Types that have room for all values of another, each as it is. Dates as text depend on the session, so they are not here.
const std::map<std::string, std::set<std::string>>& rooms() {
  static const std::map<std::string, std::set<std::string>> kRooms = {
      {"smallint", {"integer", "bigint", "numeric", "text", "character varying"}},
      {"integer", {"bigint", "numeric", "text", "character varying"}},
      {"bigint", {"numeric", "text", "character varying"}},
      {"numeric", {"text", "character varying"}},
      {"boolean", {"integer", "text", "character varying"}},
      {"uuid", {"text", "character varying"}},
      {"character varying", {"text"}},
      {"text", {"character varying"}},
      {"date", {"timestamp without time zone"}},
      {"jsonb", {"text"}},
  };
  return kRooms;
}

}  // namespace

bool lossless(const derive::ColumnFacts& column, const boost::json::object& type) {
  if (!derive::list(type, "typmods").empty() || !derive::list(type, "arrayBounds").empty()) return false;
  auto to = name_of(derive::last_name(type, "names"));
  if (to == "timestamp") to = "timestamp without time zone";
  if (to == column.type) return true;
  const auto found = rooms().find(column.type);
  if (found != rooms().end() && found->second.contains(to)) return true;
  // An enum or a domain of somebody's own, and a text.
  const auto own = derive::list(type, "names").size() > 1 && derive::word(*derive::as(derive::list(type, "names").front(), "String"), "sval") != "pg_catalog";
  const bool text_of = column.type == "text" || column.type == "character varying";
  const bool to_text = to == "text" || to == "character varying";
  const bool column_own = column.type.find('.') != std::string::npos && column.type.find('[') == std::string::npos;
  return (own && text_of) || (column_own && to_text);
}

}  // namespace crossfade::mapping::views
