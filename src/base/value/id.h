#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ranges>
#include <vector>

namespace crossfade {

/// Which one of several things of a kind: its place in their list. That of one kind is not taken for that of another.
template <class Kind>
class Id {
 public:
  constexpr Id() = default;
  /// What is written as a number may be any; what is counted says of which.
  consteval Id(int place) : place_(static_cast<std::uint16_t>(place)) {}  // NOLINT(google-explicit-constructor)
  template <std::integral Place>
  constexpr explicit Id(Place place) : place_(static_cast<std::uint16_t>(place)) {}

  constexpr std::uint16_t place() const { return place_; }

  constexpr auto operator<=>(const Id&) const = default;

 private:
  std::uint16_t place_ = 0;
};

using SourceId = Id<struct SourceKind>;        ///< a table whose changes are followed
using TargetId = Id<struct TargetKind>;        ///< a table that is filled by a view
using LocatorId = Id<struct LocatorKind>;      ///< of one target
using SurrogateId = Id<struct SurrogateKind>;

/// Things that are known by their ids.
template <class Id, class Thing>
class ById : public std::vector<Thing> {
 public:
  using Base = std::vector<Thing>;
  using Base::Base;

  Thing& operator[](Id id) { return Base::operator[](id.place()); }
  const Thing& operator[](Id id) const { return Base::operator[](id.place()); }
  Thing& at(Id id) { return Base::at(id.place()); }
  const Thing& at(Id id) const { return Base::at(id.place()); }

  bool has(Id id) const { return id.place() < Base::size(); }
  /// That of the next one that is added.
  Id next_id() const { return Id(Base::size()); }
  Id id_of(typename Base::const_iterator thing) const { return Id(static_cast<std::size_t>(thing - Base::begin())); }
  auto ids() const {
    return std::views::iota(std::size_t{0}, Base::size()) | std::views::transform([](std::size_t place) { return Id(place); });
  }
  std::vector<Id> all() const {
    std::vector<Id> each;
    for (const auto id : ids()) each.push_back(id);
    return each;
  }
};

template <class Thing>
using ByTarget = ById<TargetId, Thing>;

}  // namespace crossfade

template <class Kind>
struct std::hash<crossfade::Id<Kind>> {
  std::size_t operator()(crossfade::Id<Kind> id) const noexcept { return id.place(); }
};
