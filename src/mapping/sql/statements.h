#pragma once

#include <string>
#include <vector>

#include "mapping/model/key_filter.h"
#include "mapping/model/model.h"

namespace crossfade::mapping {

/// A column of a second unique key, and what stands in for its value while rows change places: an expression over the row that no other
/// row has.
struct StandIn {
  std::string column;
  std::string value;
};

/// What no two rows of a table may have in common, a unique index or an exclusion constraint: `expressions` over a row that are
/// pairwise true by `operators`, among rows of which `predicate` holds.
struct Exclusive {
  std::vector<std::string> expressions;
  std::vector<std::string> operators;
  std::string predicate = "true";
  bool nulls_agree = false;  ///< a null is taken for another one
  bool later = false;        ///< it is looked at when all is written, where somebody asks for that
};

/// A foreign key of a target: rows s of which `there` is true refer to row p of `parent` by `met`.
struct Reference {
  std::string parent;  ///< quoted
  std::string there;
  std::string met;
  bool to_itself = false;
  std::string view = {};  ///< quoted: a row that is in it is not missing either; "": none

  /// What is so of a row s that refers to nobody.
  std::string missing() const;
};

/// Where a statement reads that asks view and shadow table.
enum class Reads { kBoth, kSource, kTarget };

/// Mapping → SQL: the engine's statements for one target. Pure; every text is held against a golden file.
///
/// The view's rows (`next`) and the shadow's (`prior`) are each computed once and materialised: PostgreSQL would
/// otherwise flatten and evaluate them again on each side of a join.
class Statements {
 public:
  Statements(const Model& model, TargetId target);

  /// Gives an id to the natural keys of one of the target's surrogates that have none; parameters as merge(). Two sessions
  /// that give ids to the same natural keys do so in the same order, so that one waits and neither is refused for a deadlock.
  std::string allocate(SurrogateId surrogate, const std::vector<KeyFilter>& filters) const;

  /// What the select of an indirect locator gives for keys of a filter, by its parameters: of one column the values as an array's text and
  /// its type, for a filter of the form kGiven, null where it gives many; and whether it gives a key that has no value in one of its
  /// columns, which a filter of the form kPartMissing has the rows of.
  ///
  /// A refresh by a column that the view computes has no index to go by, and looks at each row whether it is meant. Given an array that it
  /// knows when it plans, the server makes a table of it to look in; one that a select of the same statement gives is gone through
  /// value by value. `in (select …)` would be looked up too, and only after all that the view groups was grouped.
  std::string lookup(const KeyFilter& filter) const;

  /// Upserts what is new or different, skips what is equal, deletes nothing. First row: rows in the view, inserted, updated
  /// (counts), whether two rows of the view have one primary key, the names of rows that these keys do not lead to and that were
  /// written over, as text[] of text[]'s text; then the key of a shadow row that the view no longer has, one a row; null where
  /// there is none.
  std::string merge(const std::vector<KeyFilter>& filters) const;

  /// The same where rows take over each other's values of a second unique key: what is different goes first and comes
  /// back in the same statement, so that foreign keys hold. Where one of those would act on the row's going (cascade, set
  /// null), nothing goes first. `others`: columns of the table that are not the view's; what they have comes back too.
  std::string replace(const std::vector<KeyFilter>& filters, const std::vector<std::string>& others = {}) const;

  /// Gives columns of second unique keys another value in the rows that are to have another one or are to go, for the time
  /// until merge() and remove() do it: where rows that refer to these would be acted on if they went, replace() lets none go.
  std::string stand_in(const std::vector<KeyFilter>& filters, const std::vector<StandIn>& values) const;

  /// Inserts the view's rows that the shadow lacks, with `later` left null: columns that refer to rows which are still to come. merge()
  /// gives them their values, and inserts those in whose place another row stands, by `exclusives`.
  std::string place(const std::vector<KeyFilter>& filters, const std::vector<std::string>& later, const std::vector<Exclusive>& exclusives) const;

  /// Which of these keys are to have rows where another row of the shadow stands: the key's values as text[] (of an indirect
  /// locator: null) and the name of that other row, one pair a row.
  std::string exchanges(const KeyFilter& filter, const Exclusive& exclusive) const;

  /// Which of these keys have rows that refer to one that is not there, by `reference`: a row each, the key's values as text[], and
  /// those of the key among them that is to have that one, by a foreign key of the table to itself; null where none is. For a
  /// direct locator.
  std::string waiting(const KeyFilter& filter, const Reference& reference) const;

  /// Those of these keys of which another session has shadow rows locked, as text[]; null where the key cannot be told from the row.
  std::string locked(const KeyFilter& filter) const;

  /// Those of these keys whose rows come to refer to a row that another session has locked, as text[]; the others' are locked then as a
  /// foreign key would lock them.
  std::string behind(const KeyFilter& filter, const Reference& reference) const;

  /// The primary keys of these keys' shadow rows that the view no longer has, one array a key column; null where there are none.
  std::string stale(const std::vector<KeyFilter>& filters) const;

  /// The same of those that the view has otherwise, too.
  std::string moving(const std::vector<KeyFilter>& filters) const;

  /// The columns of the table that are not the view's, and that can be given a value.
  std::string others() const;
  /// The rows that remove() would delete, as text[]; its parameters.
  std::string saved() const;
  /// Writes the rows that are in the view and among those that were saved, which are parameter number `saved`, with what `others` had.
  std::string come_back(const std::vector<KeyFilter>& filters, const std::vector<std::string>& others, std::size_t saved) const;

  /// Copies the view's rows into a table that has none of them.
  std::string bulk(const std::vector<KeyFilter>& filters) const;

  /// Deletes shadow rows by primary key: one array a key column. Given `references`, selects over what refers to row s, only those
  /// of which none finds anything.
  std::string remove(const std::vector<std::string>& references = {}) const;

  /// Clears columns of the shadow rows that remove() would delete, by which they refer to each other in a ring; its parameters.
  std::string let_go(const std::vector<std::string>& columns) const;

  /// The names of the shadow rows that remove() would delete; its parameters. A row's name is a key that leads to it: a locator's
  /// number and its values, as text[]. Not one of nulls, where there is another: those would be the key of many rows.
  /// Null where no locator tells.
  std::string names() const;

  /// Of a lazy target: the chunk key's values as text[] of the rows that are there, and of what came over with the same
  /// rows of v1 into other lazy targets: a week may have been added to a plan that had none. "" where the shadow tables
  /// cannot tell.
  std::string lazy_keys() const;

  /// What refers to the rows that parent.remove() would delete, by a foreign key that is `condition`, "p.id = s.plan_id":
  /// parent.remove()'s parameters. A row each: its name, then the primary key's values as text.
  std::string dependents(const Statements& parent, const std::string& condition) const;

  /// Delete shadow rows: all that agree with another in `indexed_by`, a list of expressions; until no two of them agree in it by
  /// `operators`; all that an index of it may be too small for; and all for which it raises, none where these are more than `most`. A
  /// row each: its name.
  std::string remove_duplicates(const std::string& indexed_by) const;
  std::string remove_overlapping(const std::string& indexed_by, const std::vector<std::string>& operators) const;
  std::string remove_long(const std::string& indexed_by) const;
  std::string remove_raising(const std::string& indexed_by, std::size_t most) const;

  /// Deletes shadow rows that refer to no parent, unless the view has them. With foreign keys taken off a parent can go
  /// before its children, and those whose keys are found along it are found by no key any more. "" where there are none.
  std::string remove_orphans() const;

  /// Rows that differ between view and shadow. First row: rows in the view, rows in the shadow (counts), then for each
  /// difference: the chunk key's values as text[], the view's row as jsonb (null: the shadow has one too many), the
  /// shadow's row as jsonb (null: missing).
  std::string compare(const std::vector<KeyFilter>& filters) const;

  /// The rows that these keys lead to, in view and shadow side by side, by primary key. A row each: the view's as jsonb (null:
  /// it has none), the shadow's (null: missing), whether their bytes differ, whether it stays although the view lacks it, the
  /// transaction that wrote the shadow's row, and when that was, where the server keeps account of it.
  std::string explain(const std::vector<KeyFilter>& filters) const;

  /// The values of a locator's columns in the rows that these keys lead to, of view and shadow: one text[] a row.
  std::string values(LocatorId locator, const std::vector<KeyFilter>& filters, Reads side = Reads::kBoth) const;

  /// What the select of an indirect locator gives for these keys: the values of the locator's columns as text, a row each.
  std::string given(const KeyFilter& filter) const;

  /// Whether the rule's source has a row with these values of the rule's columns: parameters, one each that is not null.
  std::string stands_in_source(const FollowRule& rule, const std::vector<std::optional<std::string>>& values) const;

  /// The largest of the next values of the chunk key in a range, in source and shadow, and how many there were. Parameters:
  /// the range's, then how many at most. `into_empty`: in the source alone, for a shadow table that holds nothing of the
  /// range and may have no index to ask.
  /// `side`: of what is read there alone.
  std::string next_bound(const Range& range, bool into_empty = false, Reads side = Reads::kBoth) const;

  /// The middle value of the chunk key in a range, in view and shadow, and how many values it has: for splitting a chunk that
  /// the database refuses.
  std::string split_point(const Range& range, Reads side = Reads::kBoth) const;

  /// Whether the shadow table tells its values of the chunk key.
  bool chunked_in_shadow() const { return !chunk_key_owner().empty(); }

  /// Where v2 stands on another server than v1: the table of a session there that stands for the view, and what makes it.
  std::string stand_in() const;
  std::string create_stand_in() const;
  /// What the source is asked for to fill it: the view's rows for these filters, a branch each.
  std::string rows_of_view(const std::vector<KeyFilter>& filters) const;

  /// The two halves of remove_orphans(), where view and shadow table are on two servers: the keys of rows that refer to no parent ("" where there
  /// are none), as text a column; and which of keys, remove()'s parameters, the view has.
  std::string orphans() const;
  std::string in_view() const;

  /// What statements read for the view.
  const std::string& view() const { return view_; }

 private:
  std::string merge(const std::vector<KeyFilter>& filters, bool replace, const std::vector<std::string>& others) const;
  std::string next(const std::vector<KeyFilter>& filters, bool with_chunk_key) const;
  std::string branches(const std::vector<KeyFilter>& filters, bool with_chunk_key) const;
  bool has_images(const KeyFilter& filter) const;
  bool may_meet(const std::vector<KeyFilter>& filters) const;
  bool is_of_key(const Locator& locator) const;
  std::string met() const;
  std::string found_once(const std::string& rows) const;
  std::string compared() const;
  std::string prior(const std::vector<KeyFilter>& filters) const;
  std::string branch(const KeyFilter& filter, const std::string& view, const std::string& list, int& parameter) const;
  std::string condition(const KeyFilter& filter, const std::string& alias, int& parameter) const;
  std::string condition(const KeyFilter& filter, const std::string& alias, int& parameter, const std::vector<std::string>& collations) const;
  std::string among_rows(const Locator& locator, const std::string& alias, int& parameter, const std::vector<std::string>& collations) const;
  std::string shadow_condition(const KeyFilter& filter, int& parameter) const;
  static std::string looked_up(const Locator& locator, int& parameter);
  std::string keys_of(const KeyFilter& filter, int& parameter) const;
  std::string chunk_key_values() const;
  std::string named() const;
  std::string own_name(const std::string& what) const;
  static std::string values_of(const Locator& locator, const std::string& number = "");
  std::string chunk_key_owner() const;
  std::string same_key(const std::string& left, const std::string& right) const;
  /// Rows n of `next` beside the shadow's rows s that stand in their places.
  std::string standing(const Exclusive& exclusive) const;
  const Column& key_column(const std::string& name) const;
  std::string present(const std::string& alias) const;
  std::string absent(const std::string& alias) const;
  std::string kept(const std::string& alias) const;
  std::string not_kept(const std::string& alias) const;
  std::string going() const;
  std::string source_name() const;

  std::string unread(const KeyFilter& filter) const;
  std::string orphan_condition() const;

  const Model& model_;
  const Target& target_;
  const TargetId number_;
  std::string view_;         ///< or what stands for it
  std::string source_view_;  ///< the view
  std::string shadow_;
};

}  // namespace crossfade::mapping
