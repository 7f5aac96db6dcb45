#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mapping/amend/v2_change.h"
#include "mapping/file/directed_migration.h"
#include "setup/amend/amend.h"
#include "sync/state/shape.h"

namespace crossfade::setup {

namespace asio = boost::asio;

/// What schemas are called for the moment of a trial.
inline constexpr const char* kAside = "crossfade_aside";

/// Somebody had what we wanted, for the moment.
bool passes(const Failure& failure);

/// One amend, from a look at what is there to its end.
class AmendRun {
 public:
  AmendRun(pg::Connection& connection, Amend amend);

  asio::awaitable<Amended> to_end(bool dry_run);

 private:
  /// A target as it stands in the database.
  struct Filled {
    bool unfinished = false;
    std::optional<double> rows_a_second;
  };
  using Meanings = std::map<std::string, std::string>;
  enum class Try { kTrial, kDryRun, kForGood };

  asio::awaitable<void> look();
  asio::awaitable<void> find_swapped();
  asio::awaitable<bool> find_gone(std::string schema, bool of_way_back);
  void refuse_what_cannot_be();
  void say_what_changes();
  asio::awaitable<void> warm_up();
  asio::awaitable<void> trial();
  asio::awaitable<mapping::Side> make_side(const mapping::MigrationFile& file);
  asio::awaitable<mapping::Side> side_of(const mapping::MigrationFile& file);
  /// None where that v2.sql does not run in the database as it is now.
  asio::awaitable<std::optional<mapping::Side>> side_if_runs(const mapping::MigrationFile& file);
  asio::awaitable<void> look_at_v2();
  mapping::V2Change against(const std::string& schema, const mapping::Side& there, const mapping::Side& wanted, const std::optional<mapping::Side>& said) const;
  asio::awaitable<void> hold_v2_against_its_file();
  void refuse_what_v2_lacks();
  asio::awaitable<void> refuse_what_others_have_not_made();
  void hold_v2_of_others(const mapping::Side& there);
  asio::awaitable<void> make_views_aside();
  /// Again and again where locks were not to be had, or not kept so long.
  asio::awaitable<void> until_done(Try what);
  asio::awaitable<void> try_once(bool dry_run);
  /// Nothing may use a label before it has committed: those that come do so beforehand. False where that is not for us.
  asio::awaitable<bool> labels_first(Try what);
  asio::awaitable<void> keep_the_hold_short();
  std::vector<std::string> read_outside() const;
  asio::awaitable<void> expect_nobody_builds_on_it();
  asio::awaitable<void> take_down();
  asio::awaitable<void> change_tables();
  asio::awaitable<void> retype(std::string statement, mapping::Otherwise otherwise);
  asio::awaitable<void> make_views();
  asio::awaitable<void> run_reverse(const mapping::InstallScript& script);
  asio::awaitable<void> inspect_catalog(bool all_keys);
  void find_touched(const Meanings& now);
  asio::awaitable<void> enter();
  asio::awaitable<void> enter_new_targets();
  asio::awaitable<void> follow_sources();
  asio::awaitable<void> make_stable_views();

  /// Surrogates whose natural key, type or view is another one by now.
  const std::vector<std::string>& rekeyed() const { return rekeyed_; }
  void find_rekeyed();
  asio::awaitable<void> refuse_taken_ids();
  asio::awaitable<std::set<std::string>> returning();
  asio::awaitable<void> remember_ids();
  asio::awaitable<void> put_ids_away(bool aside);
  asio::awaitable<void> carry_ids_over();
  asio::awaitable<void> bring_away_ids_back(std::string surrogate);

  asio::awaitable<Meanings> meanings();
  asio::awaitable<void> as_owner(std::string schema);
  asio::awaitable<void> remember_rights(std::string schema, bool by_hand);
  asio::awaitable<void> make_sure_of(std::string schema);
  asio::awaitable<void> all(std::vector<std::string> statements);
  /// It makes v2's tables beside those that are there.
  bool trial_has_tables() const { return change_v2_ || (filling_ && direction_ == mapping::Direction::kForward); }
  bool changed(const char* file) const { return changed_.contains(file); }
  bool has_way_back() const { return !amend_.file.reverse_sql.empty(); }
  mapping::DirectedMigration directed(const v1::Migration& yaml) const;
  std::vector<std::string> remade_schemas() const;
  bool is_remade(const sync::ShapeChange& change) const;
  asio::awaitable<void> made_is(std::string schema, bool there);
  asio::awaitable<void> drop_way_back();

  pg::Connection& connection_;
  Amend amend_;
  const v1::Migration& yaml_;
  const std::string name_;

  // From the look on.
  mapping::Direction direction_ = mapping::Direction::kForward;
  std::optional<mapping::MigrationFile> before_;  ///< as the database has it; none: not known
  std::set<std::string> changed_;                 ///< files
  bool change_v2_ = false;                        ///< its tables, as v2.sql says
  bool hold_v2_ = false;                          ///< its tables, which are the application's, against what v2.sql says
  bool v2_of_others_ = false;                     ///< v2.sql is another one, and its schema was there before: nothing is made in it
  std::vector<std::string> of_others_;            ///< the same of schemas of views
  bool remake_mapping_ = false;
  bool remake_reverse_ = false;
  std::string way_back_gone_;                     ///< the schema of a way back that the migration has no longer; "" none
  std::vector<std::string> gone_;                 ///< views that somebody has dropped
  std::vector<std::string> swapped_;              ///< tables of v1, "table public.a", in whose place others stand
  std::vector<std::string> rekeyed_;
  std::string stable_schema_;
  std::chrono::milliseconds before_deadlock_{0};  ///< so long a lock may be waited for at most
  bool all_read_v2_ = false;
  std::map<std::string, Filled> filled_;
  bool filling_ = false;                          ///< any of them is not through

  // From the trial on.
  std::optional<mapping::Side> wanted_;           ///< v2 as v2.sql says; none: v2.sql says what it said
  std::optional<mapping::Side> said_;             ///< … as it said
  bool wanted_late_ = false;                      ///< v2.sql does not run before the hotfix has: it is looked at then
  bool nothing_is_said_ = false;                  ///< v2.sql as it was does not run any more: what it had and has no longer stays
  std::optional<Meanings> checked_;               ///< of the views that the checks of `plan` were made with; none: not yet

  // Of one attempt.
  pg::Clock::time_point held_since_{};
  Meanings meant_;
  std::set<std::string> pending_;                 ///< targets that had to be compared anyway
  std::vector<std::string> rights_;
  mapping::V2Change v2_;
  ByTarget<std::string> stable_;                  ///< views that were dropped, by target
  std::set<std::string> touched_;
  Amended result_;
};

}  // namespace crossfade::setup
