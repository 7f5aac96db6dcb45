#include "mapping/plan/picture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "base/text/human.h"

namespace crossfade::mapping {
namespace {

constexpr int kRow = 44;        // from box to box
constexpr int kBox = 28;        // a box's height
constexpr int kBoxWidth = 260;
constexpr int kLeft = 20;
constexpr int kRight = 640;     // where the boxes of targets begin
constexpr int kHead = 64;       // above a direction's boxes
constexpr std::size_t kLongest = 34;  // letters of a name that a box has room for

constexpr auto kStyle = R"(<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2937 }
  .head { font-weight: 600; font-size: 15px }
  .small { font-size: 11px; fill: #6b7280 }
  rect.table { fill: #f3f4f6; stroke: #9ca3af }
  rect.paper { fill: #ffffff }
  path { fill: none; stroke-width: 1.5 }
  .derived { stroke: #2563eb }
  .written { stroke: #d97706 }
  .select { stroke-dasharray: 5 4 }
  .slow rect.table { stroke: #dc2626; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e5e7eb }
    .small { fill: #9ca3af }
    rect.table { fill: #1f2937; stroke: #6b7280 }
    rect.paper { fill: #111827 }
    .derived { stroke: #60a5fa }
    .written { stroke: #fbbf24 }
  }
</style>
)";

std::string escaped(std::string_view text) {
  static const std::map<char, std::string_view> kSigns = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}};
  std::string made;
  for (const char sign : text) {
    const auto known = kSigns.find(sign);
    known == kSigns.end() ? made += sign : made += known->second;
  }
  return made;
}

/// Cut where a letter ends.
std::string shortened(const std::string& name) {
  if (name.size() <= kLongest) return name;
  auto cut = kLongest - 1;
  while (cut > 0 && (static_cast<unsigned char>(name[cut]) & 0xC0U) == 0x80U) --cut;
  return name.substr(0, cut) + "…";
}

/// One direction of a migration.
struct OneWay {
  const Model& model;
  const std::vector<std::string>& derived;
  std::string title;
  std::string finding;  ///< what findings call its targets: "target ", "reverse target "
};

class Sheet {
 public:
  explicit Sheet(const std::vector<Finding>& findings) : findings_(findings) {}

  void add(const OneWay& way) {
    text(kLeft, height_ + 26, "head", way.title);
    text(kLeft, height_ + 48, "small", "followed");
    text(kRight, height_ + 48, "small", "filled");
    const auto order = source_order(way.model);
    ById<SourceId, int> places(order.size());
    for (int place = 0; const auto source : order) places[source] = place++;
    for (std::size_t rule = 0; rule < way.model.rules.size(); ++rule) line(way, rule, places[way.model.rules[rule].source]);
    for (const auto source : order) {
      const auto& table = way.model.sources[source];
      box(kLeft, places[source], table.schema + "." + table.name, "", false);
    }
    for (const auto n : way.model.targets.ids()) {
      const auto& target = way.model.targets[n];
      const auto note = target.estimated_rows > 0 ? human_count(target.estimated_rows) + " rows" : "";
      box(kRight, n.place(), target.table.schema + "." + target.table.name, note, slow(way, target.name));
    }
    height_ += kHead + kRow * static_cast<int>(std::max(order.size(), way.model.targets.size()));
  }

  std::string svg() {
    const auto y = height_ + 24;
    sample(kLeft, y, "derived", "derived from the view");
    sample(kLeft + 220, y, "written", "written by hand");
    sample(kLeft + 400, y, "derived select", "by a select at each change");
    text(kLeft + 640, y + 4, "small", "red: plan warns of its cost");
    const auto width = kRight + kBoxWidth + kLeft;
    return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n{2}"
                       "<rect class=\"paper\" width=\"{0}\" height=\"{1}\"/>\n{3}</svg>\n",
                       width, y + 20, kStyle, body_);
  }

 private:
  /// Each source beside the targets that follow it, so that few lines cross.
  static std::vector<SourceId> source_order(const Model& model) {
    ById<SourceId, double> middles(model.sources.size(), static_cast<double>(model.targets.size()));
    for (const auto source : middles.ids()) {
      double sum = 0, count = 0;
      for (const auto& rule : model.rules) {
        if (rule.source != source) continue;
        sum += rule.target.place();
        ++count;
      }
      if (count > 0) middles[source] = sum / count;
    }
    auto order = model.sources.all();
    std::stable_sort(order.begin(), order.end(), [&](SourceId left, SourceId right) { return middles[left] < middles[right]; });
    return order;
  }

  bool slow(const OneWay& way, const std::string& target) const {
    return std::any_of(findings_.begin(), findings_.end(), [&](const Finding& finding) {
      return finding.level == Finding::Level::kWarn && finding.subject == way.finding + target &&
             finding.message.ends_with("from end to end");
    });
  }

  int middle(int place) const { return height_ + kHead + place * kRow + kBox / 2; }

  void line(const OneWay& way, std::size_t number, int source) {
    const auto& rule = way.model.rules[number];
    const auto& locator = way.model.targets[rule.target].locators[rule.locator];
    const bool derived = number < way.derived.size() && !way.derived[number].empty();
    const int from = middle(source), to = middle(rule.target.place());
    const int begin = kLeft + kBoxWidth, end = kRight;
    body_ += fmt::format("<path class=\"{}{}\" d=\"M {} {} C {} {} {} {} {} {}\"><title>{}</title></path>\n", derived ? "derived" : "written", locator.indirect() ? " select" : "",
                         begin, from, begin + 120, from, end - 120, to, end, to, escaped(derived ? way.derived[number] : "written"));
    // Lines to one target come from different places: their names stand where the lines are still apart.
    text(begin + 8, from - 5 + 12 * lines_from_[{height_, source}]++, "small", fmt::format("{}", fmt::join(locator.columns, ", ")));
  }

  void box(int x, int place, const std::string& name, const std::string& note, bool slow) {
    const int y = height_ + kHead + place * kRow;
    body_ += fmt::format("<g{}><title>{}</title><rect class=\"table\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\"/>", slow ? " class=\"slow\"" : "", escaped(name), x, y,
                         kBoxWidth, kBox);
    body_ += fmt::format("<text x=\"{}\" y=\"{}\">{}</text></g>\n", x + 10, y + 19, escaped(shortened(name)));
    if (!note.empty()) text(x + 10, y + kBox + 12, "small", note);
  }

  void sample(int x, int y, std::string_view style, const std::string& words) {
    body_ += fmt::format("<path class=\"{}\" d=\"M {} {} h 36\"/>\n", style, x, y);
    text(x + 44, y + 4, "small", words);
  }

  void text(int x, int y, std::string_view style, const std::string& words) {
    body_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", style, x, y, escaped(words));
  }

  const std::vector<Finding>& findings_;
  std::string body_;
  std::map<std::pair<int, int>, int> lines_from_;
  int height_ = 0;
};

}  // namespace

std::string picture(const Preflight& preflight) {
  Sheet sheet(preflight.findings);
  const bool forward = preflight.model.direction == Direction::kForward;
  sheet.add({preflight.model, preflight.derived, preflight.model.name + (forward ? "" : ", the way back"), "target "});
  if (preflight.reverse) sheet.add({*preflight.reverse, preflight.reverse_derived, "the way back", "reverse target "});
  return sheet.svg();
}

}  // namespace crossfade::mapping
