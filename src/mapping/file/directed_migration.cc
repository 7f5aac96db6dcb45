#include "mapping/file/directed_migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/uuid/detail/md5.hpp>
#include <string_view>
#include <utility>

#include "mapping/file/migration_file.h"

namespace crossfade::mapping {

DirectedMigration forward_migration(const v1::Migration& file, Naming naming) {
  DirectedMigration directed;
  directed.yaml = file;
  for (const auto& [name, target] : file.targets()) {
    directed.tables[name] = {naming == Naming::kSwapped ? file.schemas().source() : file.schemas().shadow(), name};
  }
  if (naming == Naming::kOriginal) return directed;
  auto& yaml = directed.yaml;
  yaml.clear_sources();
  for (const auto& [written, source] : file.sources()) (*yaml.mutable_sources())[source_word(file, written, naming)] = source;
  for (auto& [name, target] : *yaml.mutable_targets()) {
    target.clear_follow();
    for (const auto& [written, rules] : file.targets().at(name).follow()) (*target.mutable_follow())[source_word(file, written, naming)] = rules;
  }
  return directed;
}

std::string source_word(const v1::Migration& file, const std::string& written, Naming naming) {
  if (naming == Naming::kOriginal || file.sources().at(written).shared()) return written;
  const auto table = source_table(file, written);
  return table.schema + "." + retired_name(table.name);
}

DirectedMigration reverse_migration(const v1::Migration& file, Naming naming) {
  DirectedMigration directed;
  directed.direction = Direction::kReverse;
  directed.rejects_schema = file.schemas().mapping();
  auto& yaml = directed.yaml = file;
  *yaml.mutable_targets() = file.reverse();
  yaml.clear_reverse();
  yaml.clear_sources();
  yaml.mutable_schemas()->set_source(naming == Naming::kSwapped ? file.schemas().source() : file.schemas().shadow());
  yaml.mutable_schemas()->set_mapping(file.schemas().reverse());
  for (const auto& [name, target] : file.targets()) (*yaml.mutable_sources())[name];
  // A shared one's name leads from v1's schema, which need not be where v2's tables are.
  std::map<std::string, std::string> whole_names;
  for (const auto& [written, source] : file.sources()) {
    if (!source.shared()) continue;
    const auto table = source_table(file, written);
    whole_names[written] = table.schema + "." + table.name;
    (*yaml.mutable_sources())[whole_names[written]] = source;
  }
  for (auto& [name, target] : *yaml.mutable_targets()) {
    if (auto table = old_table(file, name)) {
      if (naming == Naming::kSwapped) table->name = retired_name(table->name);
      directed.tables[name] = std::move(*table);
    }
    for (const auto& [written, whole] : whole_names) {
      const auto rules = target.follow().find(written);
      if (rules == target.follow().end()) continue;
      auto moved = rules->second;
      target.mutable_follow()->erase(written);
      (*target.mutable_follow())[whole] = std::move(moved);
    }
  }
  return directed;
}

std::string retired_name(const std::string& table) {
  constexpr std::string_view kSuffix = "_v1";
  constexpr std::size_t kLongest = 63;
  if (table.size() + kSuffix.size() <= kLongest) return table + std::string(kSuffix);
  std::size_t cut = kLongest - kSuffix.size() - std::string_view("_01234567").size();
  while (cut > 0 && (static_cast<unsigned char>(table[cut]) & 0xC0U) == 0x80U) --cut;
  boost::uuids::detail::md5 hash;
  hash.process_bytes(table.data(), table.size());
  boost::uuids::detail::md5::digest_type digest;
  hash.get_digest(digest);
  return fmt::format("{}_{:08x}{}", table.substr(0, cut), digest[0], kSuffix);
}

std::optional<TableName> old_table(const v1::Migration& file, const std::string& name) {
  for (const auto& [written, source] : file.sources()) {
    auto table = source_table(file, written);
    if (!source.shared() && table.name == name) return table;
  }
  return std::nullopt;
}

std::vector<std::string> tables_without_reverse(const v1::Migration& file) {
  std::vector<std::string> left;
  for (const auto& [written, source] : file.sources()) {
    if (!source.shared() && !file.reverse().contains(source_table(file, written).name)) left.push_back(written);
  }
  std::sort(left.begin(), left.end());
  return left;
}

}  // namespace crossfade::mapping
