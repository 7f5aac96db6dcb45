#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace crossfade::mapping {

/// A column of v2 as its table has it.
struct ColumnSide {
  std::string name;
  std::string type;       ///< with its modifier
  std::string collation;  ///< as SQL; "" for the type's own
  std::string given;      ///< its default, or what a generated one is made of; "" without
  std::string sequence;   ///< that the default draws from and that belongs to the column; "" where there is none
  bool required = false;
  char generated = 0;     ///< pg_attribute.attgenerated, …
  char identity = 0;      ///< … attidentity; 0 for neither

  /// What a change of it cannot be carried over in place.
  bool made_alike(const ColumnSide& other) const { return generated == other.generated && identity == other.identity && (generated == 0 || given == other.given); }
};

/// A constraint or an index.
struct Piece {
  std::string table;
  char kind = 'i';          ///< pg_constraint.contype; 'i': an index
  std::string create;       ///< a foreign key or a check: not valid
  std::string validate;     ///< "" where nothing is to be
  std::string drop;
  std::string indexed_by;   ///< as in crossfade.deferred
  std::string excluded_by;
};

/// What is no table, column, constraint or index.
struct OtherSide {
  std::string text = {};     ///< its definition
  std::string make = {};     ///< what makes it so; "" where that is not carried over …
  std::string unmake = {};   ///< … and takes it away
  std::string table = {};    ///< that it goes with; "" none …
  std::string column = {};   ///< … and the column of it
  bool anew = false;    ///< another one comes after that
  bool option = false;  ///< the database may have it otherwise than v2.sql ever said
};

/// A schema of v2: what its tables are, and what else stands in it.
struct Side {
  std::map<std::string, std::vector<ColumnSide>> tables;
  std::map<std::string, std::string> printed;             ///< how the server prints a table's name, as names of pieces have it
  std::map<std::string, Piece> pieces;                    ///< by a name that is theirs alone in the schema
  std::map<std::string, std::vector<std::string>> labels; ///< of enums, by the type
  std::map<std::string, OtherSide> others;                ///< "function f(int)", "policy p on t"
  std::map<std::string, std::string> grants;              ///< as statements, with those that revoke them
};

/// Reads it. Keys and indexes that a backfill of `migration` has taken off count as there.
boost::asio::awaitable<Side> read_side(pg::Connection& connection, std::string schema, std::string migration);

}  // namespace crossfade::mapping
