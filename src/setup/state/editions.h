#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "mapping/file/migration_file.h"
#include "pg/connection.h"

/// What a migration said when the database was made after it: crossfade.edition, one row for its preparation and one for each amend.
namespace crossfade::setup {

/// Who amends where v1 is followed without a person.
inline constexpr const char* kByItself = "auto";

struct Edition {
  int number = 0;
  std::string how;                   ///< prepared, amended, undone
  std::string at;
  std::string who;
  std::string lsn;
  std::vector<std::string> changes;  ///< what it did, for people
  std::string ddl;                   ///< that ran with it; "" where none did
  mapping::Texts texts;              ///< empty where a version prepared it that kept none
};
/// The oldest first; the last is in force.
boost::asio::awaitable<std::vector<Edition>> read_editions(pg::Connection& connection, std::string migration);

/// The number of the one in force; 0 where there is none.
boost::asio::awaitable<int> edition_now(pg::Connection& connection, std::string migration);

/// `file` as the database says it: what decides the rows is that of the edition in force, whatever the folder has become meanwhile.
boost::asio::awaitable<mapping::MigrationFile> as_installed(pg::Connection& connection, mapping::MigrationFile file);

/// What is about to be entered.
struct NewEdition {
  std::string how = "prepared";
  std::string who = {};              ///< "": the session's role
  std::vector<std::string> changes = {};
  std::string ddl = {};
};
/// Statements that enter it with its texts; the migration is there. Pure.
std::string enter_edition(const std::string& migration, const NewEdition& edition, const mapping::Texts& texts);

/// A file of the folder that is not as the database has it.
struct ScriptChange {
  std::string file;
  std::string message;
  std::string fix;
  bool by_itself = false;  ///< v1 was followed without a person, and the folder has not been told
};
/// Only notices; nothing is installed anew. Empty where the migration was prepared by a version that kept no hashes.
boost::asio::awaitable<std::vector<ScriptChange>> script_changes(pg::Connection& connection, const mapping::MigrationFile& file);

/// The names of those files.
boost::asio::awaitable<std::vector<std::string>> changed_files(pg::Connection& connection, const mapping::MigrationFile& file);

}  // namespace crossfade::setup
