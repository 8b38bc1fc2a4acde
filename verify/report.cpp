// A report as a table and as JSON.
#include <catenary/verify/report.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace catenary {

std::string name_of(Verdict verdict) {
  return verdict == Verdict::pass ? "pass" : verdict == Verdict::fail ? "FAIL" : "skipped";
}

bool Report::passed() const {
  return std::none_of(checks.begin(), checks.end(), [](const Check& c) { return c.verdict == Verdict::fail; });
}

namespace {

// Words in lines of at most `width` characters.
std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines(1);
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    std::string word = text.substr(at, end - at);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    at = end + 1;
  }
  return lines;
}

std::string thousands(int64_t n) {
  std::string digits = std::to_string(n);
  for (int64_t at = int64_t(digits.size()) - 3; at > 0; at -= 3) digits.insert(size_t(at), ",");
  return digits;
}

std::string number(double v) { return std::isnan(v) ? "nan" : fmt::format("{:.3g}", v); }

using Row = std::array<std::string, 6>;

Row row_of(const Check& c) {
  if (c.verdict == Verdict::skipped) return {c.name, c.worst, "", "", "", name_of(c.verdict)};
  return {c.name,
          c.compared,
          thousands(c.n),
          fmt::format("{} {}", c.statistic_name, number(c.statistic)),
          number(c.threshold),
          name_of(c.verdict)};
}

void add_paragraph(std::string& text, const std::string& paragraph, size_t width) {
  for (const std::string& line : wrapped(paragraph, width - 2)) text += "  " + line + "\n";
}

nlohmann::json json_of(double v) {
  if (std::isfinite(v)) return v;
  return std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf";
}

nlohmann::json json_of(const std::vector<double>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (double v : values) list.push_back(json_of(v));
  return list;
}

}  // namespace

std::string Report::table(int width) const {
  std::vector<Row> rows = {{"check", "compared", "n", "statistic", "threshold", "verdict"}};
  for (const Check& c : checks) rows.push_back(row_of(c));
  std::array<size_t, 6> widths{};
  for (const Row& r : rows)
    for (size_t k = 0; k < r.size(); ++k)
      if (k != 1) widths[k] = std::max(widths[k], r[k].size());
  size_t others = 0;
  for (size_t w : widths) others += w + 2;
  widths[1] = size_t(std::max<int64_t>(width - int64_t(others), 24));

  std::string text;
  for (const Row& r : rows) {
    bool first = true;
    for (const std::string& compared : wrapped(r[1], widths[1])) {
      auto cell = [&](size_t k) { return first ? r[k] : std::string(); };
      std::string line = fmt::format("{:<{}}  {:<{}}  {:>{}}  {:>{}}  {:>{}}  {}", cell(0), widths[0], compared,
                                     widths[1], cell(2), widths[2], cell(3), widths[3], cell(4), widths[4], cell(5));
      text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      first = false;
    }
    if (&r == &rows.front()) {
      size_t all = 10;
      for (size_t w : widths) all += w;
      text += std::string(all, '-') + "\n";
    }
  }
  int failed = 0, skipped = 0;
  for (const Check& c : checks) {
    skipped += c.verdict == Verdict::skipped;
    if (c.verdict != Verdict::fail) continue;
    ++failed;
    text += fmt::format("\nFAILED: {}\n", c.name);
    add_paragraph(text, c.worst, size_t(width));
    add_paragraph(text, "look at: " + c.advice, size_t(width));
  }
  text +=
      fmt::format("\n{}: {} checks, {} failed, {} skipped, in {:.1f} s; a correct one fails with probability {:.0e}\n",
                  subject, checks.size(), failed, skipped, seconds, false_alarm);
  return text;
}

std::string Report::json() const {
  nlohmann::ordered_json all;
  all["subject"] = subject;
  all["passed"] = passed();
  all["false_alarm"] = false_alarm;
  all["seconds"] = seconds;
  all["checks"] = nlohmann::json::array();
  for (const Check& c : checks) {
    nlohmann::ordered_json check;
    check["name"] = c.name;
    check["compared"] = c.compared;
    check["n"] = c.n;
    check["statistic_name"] = c.statistic_name;
    check["statistic"] = json_of(c.statistic);
    check["threshold"] = json_of(c.threshold);
    check["verdict"] = c.verdict == Verdict::fail ? "fail" : name_of(c.verdict);
    check["worst"] = c.worst;
    check["advice"] = c.advice;
    if (c.histograms)
      check["histograms"] = {{"statistic", c.histograms->statistic}, {"edges", json_of(c.histograms->edges)},
                             {"name_a", c.histograms->name_a},       {"name_b", c.histograms->name_b},
                             {"a", json_of(c.histograms->a)},        {"b", json_of(c.histograms->b)}};
    if (c.curve)
      check["curve"] = {{"x_name", c.curve->x_name},
                        {"y_name", c.curve->y_name},
                        {"x", json_of(c.curve->x)},
                        {"y", json_of(c.curve->y)}};
    all["checks"].push_back(std::move(check));
  }
  return all.dump(2) + "\n";
}

}  // namespace catenary
