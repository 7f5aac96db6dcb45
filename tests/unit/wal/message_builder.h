#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Messages of a walsender, made by hand: what the tests of the decoder speak.
namespace crossfade::wal::test {

/// Bytes in network order, appended one field after another.
class Bytes {
 public:
  explicit Bytes(char kind) : bytes_(1, kind) {}

  Bytes& byte(int value) { return number(static_cast<std::uint64_t>(value), 1); }
  Bytes& int16(std::size_t value) { return number(value, 2); }
  Bytes& int32(std::uint64_t value) { return number(value, 4); }
  Bytes& int64(std::uint64_t value) { return number(value, 8); }
  Bytes& raw(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  /// With the zero byte that ends it.
  Bytes& string(std::string_view text) { return raw(text).byte(0); }

  operator std::string() const { return bytes_; }  // NOLINT(google-explicit-constructor): it stands for its bytes

 private:
  Bytes& number(std::uint64_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
      bytes_.push_back(static_cast<char>(value >> shift & 0xFF));
    return *this;
  }

  std::string bytes_;
};

/// One column of a tuple on the wire: {'t', "text"}, {'n'}, {'u'}.
struct Cell {
  char kind;
  std::string_view text = {};
};
using Row = std::vector<Cell>;

inline std::string tuple(const Row& row) {
  std::string out = std::string(Bytes('x').int16(row.size())).substr(1);
  for (const auto& cell : row) {
    Bytes bytes(cell.kind);
    if (cell.kind == 't' || cell.kind == 'b') bytes.int32(cell.text.size()).raw(cell.text);
    out += std::string(bytes);
  }
  return out;
}

inline std::string begin(std::uint64_t final_lsn, std::uint32_t xid, std::int64_t time = 0) {
  return Bytes('B').int64(final_lsn).int64(static_cast<std::uint64_t>(time)).int32(xid);
}

inline std::string commit(std::uint64_t commit_lsn, std::uint64_t end_lsn, std::int64_t time = 0) {
  return Bytes('C').byte(0).int64(commit_lsn).int64(end_lsn).int64(static_cast<std::uint64_t>(time));
}

inline std::string origin(std::string_view name) { return Bytes('O').int64(1).string(name); }

struct Column {
  std::string_view name;
  std::uint32_t type_oid = 25;
  bool in_identity = false;
};

inline std::string relation(std::uint32_t oid, std::string_view schema, std::string_view name, char identity,
                            const std::vector<Column>& columns) {
  Bytes out('R');
  out.int32(oid).string(schema).string(name).byte(identity).int16(columns.size());
  for (const auto& column : columns) {
    out.byte(column.in_identity ? 1 : 0).string(column.name).int32(column.type_oid).int32(0xFFFFFFFF);
  }
  return out;
}

inline std::string type(std::uint32_t oid, std::string_view schema, std::string_view name) {
  return Bytes('Y').int32(oid).string(schema).string(name);
}

inline std::string insert(std::uint32_t oid, const Row& row) { return Bytes('I').int32(oid).raw("N").raw(tuple(row)); }

inline std::string update(std::uint32_t oid, const Row& now) { return Bytes('U').int32(oid).raw("N").raw(tuple(now)); }

/// `old_kind` is 'K' or 'O'.
inline std::string update(std::uint32_t oid, char old_kind, const Row& before, const Row& now) {
  return Bytes('U').int32(oid).byte(old_kind).raw(tuple(before)).raw("N").raw(tuple(now));
}

inline std::string remove(std::uint32_t oid, char old_kind, const Row& before) {
  return Bytes('D').int32(oid).byte(old_kind).raw(tuple(before));
}

inline std::string truncate(const std::vector<std::uint32_t>& oids) {
  Bytes out('T');
  out.int32(oids.size()).byte(0);
  for (const auto oid : oids) out.int32(oid);
  return out;
}

inline std::string message(bool transactional, std::string_view prefix, std::string_view content) {
  return Bytes('M').byte(transactional ? 1 : 0).int64(77).string(prefix).int32(content.size()).raw(content);
}

/// One of each kind and of each form a kind has.
inline std::vector<std::string> one_of_each() {
  const Row key = {{'t', "1"}, {'n'}};
  const Row row = {{'t', "1"}, {'u'}};
  return {begin(10, 7),
          commit(10, 20),
          origin("upstream"),
          relation(5, "public", "t", 'd', {{"id", 23, true}, {"body", 25, false}}),
          type(9, "public", "mood"),
          insert(5, {{'t', "1"}, {'b', "\x01"}}),
          update(5, row),
          update(5, 'K', key, row),
          update(5, 'O', {{'t', "0"}, {'t', "long"}}, row),
          remove(5, 'K', key),
          remove(5, 'O', row),
          truncate({5, 6}),
          message(true, "crossfade", "beat")};
}

}  // namespace crossfade::wal::test
