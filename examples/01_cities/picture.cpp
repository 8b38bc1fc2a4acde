// Maps in the Equal Earth projection, as a gnuplot script.
#include "picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <numbers>

#include <fmt/ostream.h>

#include <catenary/support/error.h>
#include <catenary/support/gnuplot.h>

namespace cities {

namespace {

constexpr const char* colours[] = {"f2a541", "ef5d60", "e8eef5", "b388eb", "2ec4b6",
                                   "f78fb3", "5b9df5", "c5d86d", "7fdbff", "d9a5b3"};
constexpr int width = 1600, map_width = 772, map_height = 379, row_height = map_height + 42, header = 76, footer = 72;
constexpr size_t most_points = 20000;  // of a panel: more would cover the map
constexpr double pi = std::numbers::pi;

/// Equal areas of the sphere have equal areas on the map, so uniform noise looks uniform. Savric, Patterson and Jenny:
/// "The Equal Earth map projection" (2019). Longitude and latitude in radians; |x| < 2.71, |y| < 1.32.
std::array<double, 2> equal_earth(double longitude, double latitude) {
  double a = std::asin(std::sqrt(3.0) / 2 * std::sin(latitude)), b = a * a, c = b * b * b;
  double x = 2 * longitude * std::cos(a) /
             (std::sqrt(3.0) * (1.340264 - 3 * 0.081106 * b + c * (7 * 0.000893 + 9 * 0.003796 * b)));
  return {x, a * (1.340264 - 0.081106 * b + c * (0.000893 + 0.003796 * b))};
}

void write_line(std::ostream& out, std::array<double, 2> from, std::array<double, 2> to) {
  for (int i = 0; i <= 60; ++i) {
    auto p = equal_earth(std::lerp(from[0], to[0], i / 60.0), std::lerp(from[1], to[1], i / 60.0));
    fmt::print(out, "{:.4f} {:.4f}\n", p[0], p[1]);
  }
}

/// The outline of the Earth, and its meridians and parallels every 30 degrees.
void write_globe(std::ostream& out) {
  out << "$outline << EOD\n";
  const std::array<double, 2> corners[] = {{-pi, -pi / 2}, {-pi, pi / 2}, {pi, pi / 2}, {pi, -pi / 2}};
  for (size_t i = 0; i < 4; ++i) write_line(out, corners[i], corners[(i + 1) % 4]);
  out << "EOD\n$graticule << EOD\n";
  for (int degrees = -150; degrees <= 150; degrees += 30, out << "\n")
    write_line(out, {degrees * pi / 180, -pi / 2}, {degrees * pi / 180, pi / 2});
  for (int degrees = -60; degrees <= 60; degrees += 30, out << "\n")
    write_line(out, {-pi, degrees * pi / 180}, {pi, degrees * pi / 180});
  out << "EOD\n";
}

void write_points(std::ostream& out, size_t number, const catenary::State& state) {
  auto places = state["place"].values<const float>();
  auto regions = state["region"].values<const int32_t>();
  fmt::print(out, "$panel{} << EOD\n", number);
  for (size_t i = 0; i < std::min(regions.size(), most_points); ++i) {
    const float* p = &places[3 * i];
    auto at = equal_earth(std::atan2(p[1], p[0]), std::asin(std::clamp(double(p[2]), -1.0, 1.0)));
    fmt::print(out, "{:.4f} {:.4f} 0x{}{}\n", at[0], at[1], "30", colours[size_t(regions[i]) % std::size(colours)]);
  }
  out << "EOD\n";
}

}  // namespace

void draw_maps(const std::string& file, const std::string& title, const std::vector<std::string>& regions,
               const std::vector<Panel>& panels) {
  std::string script = file.substr(0, file.rfind(".png")) + ".gp";
  std::ofstream out(script);
  if (!out)
    throw catenary::Error(
        fmt::format("01_cities cannot write '{}'. Name another picture with --out FILE.png.", script));

  const size_t rows = (panels.size() + 1) / 2;
  const double height = header + double(rows) * row_height + footer;
  write_globe(out);
  for (size_t i = 0; i < panels.size(); ++i) write_points(out, i, panels[i].state);

  out << "set encoding utf8\n";
  fmt::print(out, "set terminal pngcairo size {},{} font 'DejaVu Sans,13' background rgb '#0d1321'\n", width, height);
  fmt::print(out, "set output {}\n", catenary::gnuplot_string(file));
  out << "unset key; unset border; unset tics; set xrange [-2.72:2.72]; set yrange [-1.335:1.335]\n"
         "set style fill solid noborder\n";
  fmt::print(
      out,
      "set multiplot\nset label 1 {} at screen 0.5, screen {:.4f} center font 'DejaVu Sans Bold,21' tc rgb '#f2f5f9'\n",
      catenary::gnuplot_string(title), 1 - 34 / height);
  // The legend: dots and names in a row, the names taken to be nine pixels a letter.
  double entries = 0;
  for (const auto& region : regions) entries += 9.0 * double(region.size()) + 62;
  double x = (width - entries + 40) / 2;
  for (size_t i = 0; i < regions.size(); x += 9.0 * double(regions[i++].size()) + 62) {
    fmt::print(out, "set label {} '●' at screen {:.4f}, screen {:.4f} center font 'DejaVu Sans,18' tc rgb '#{}'\n",
               10 + 2 * i, x / width, 36 / height, colours[i % std::size(colours)]);
    fmt::print(out, "set label {} {} at screen {:.4f}, screen {:.4f} left font 'DejaVu Sans,14' tc rgb '#c9d1dc'\n",
               11 + 2 * i, catenary::gnuplot_string(regions[i]), (x + 15) / width, 36 / height);
  }
  for (size_t i = 0; i < panels.size(); ++i) {
    const size_t row = i / 2;
    double left = i % 2 == 0 ? 20 : width - 20 - map_width, bottom = footer + double(rows - 1 - row) * row_height;
    fmt::print(out, "set lmargin at screen {:.5f}; set rmargin at screen {:.5f}\n", left / width,
               (left + map_width) / width);
    fmt::print(out, "set bmargin at screen {:.5f}; set tmargin at screen {:.5f}\n", bottom / height,
               (bottom + map_height) / height);
    fmt::print(out, "set title {} font 'DejaVu Sans,14' tc rgb '#aeb9c7' offset 0,-0.7\n",
               catenary::gnuplot_string(panels[i].title));
    fmt::print(
        out,
        "plot $outline with filledcurves closed lc rgb '#172136', $graticule with lines lw 0.8 lc rgb '#2b3957', "
        "$panel{} using 1:2:3 with points pt 7 ps {} lc rgb variable, $outline with lines lw 1.5 lc rgb '#40527a'\n",
        i, panels[i].dot);
    if (i == 0) out << "unset label\n";
  }
  out << "unset multiplot\n";
  out.close();
  if (!out) throw catenary::Error(fmt::format("01_cities could not write all of '{}'.", script));
  catenary::run_gnuplot(script);
}

}  // namespace cities
