// A report's pictures: what was compared, side by side, as a gnuplot script.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/ostream.h>
#include <unistd.h>

#include <catenary/support/error.h>
#include <catenary/support/gnuplot.h>
#include <catenary/verify/report.h>

namespace catenary {

namespace {

constexpr size_t most_panels = 24;
constexpr int columns = 3, panel_width = 540, panel_height = 300, header = 60;
constexpr const char *ink = "#1b2430", *pale = "#8a94a3", *wrong = "#c0262d", *colour_a = "#e8833a",
                     *colour_b = "#2f6fb3";

// Failures first, then the others in the order of the report, as many as there is room for.
std::vector<const Check*> panels_of(const Report& report) {
  std::vector<const Check*> failed, others;
  for (const Check& c : report.checks)
    if (c.histograms || c.curve) (c.verdict == Verdict::fail ? failed : others).push_back(&c);
  failed.insert(failed.end(), others.begin(), others.end());
  if (failed.size() > most_panels) failed.resize(most_panels);
  return failed;
}

// One panel's data. Shares are drawn as densities, so that cells of any width compare; the two outer cells are the
// tails.
void write_data(std::ostream& out, size_t number, const Check& c) {
  fmt::print(out, "$panel{} << EOD\n", number);
  if (c.histograms) {
    const Histograms& h = *c.histograms;
    for (size_t i = 1; i + 1 < h.a.size(); ++i) {
      double width = h.edges[i + 1] - h.edges[i];
      fmt::print(out, "{:.9g} {:.9g} {:.9g}\n", (h.edges[i] + h.edges[i + 1]) / 2, h.a[i] / width, h.b[i] / width);
    }
  } else {
    for (size_t i = 0; i < c.curve->x.size(); ++i) fmt::print(out, "{:.9g} {:.9g}\n", c.curve->x[i], c.curve->y[i]);
  }
  out << "EOD\n";
}

void write_panel(std::ostream& out, size_t number, const Check& c) {
  bool failed = c.verdict == Verdict::fail;
  fmt::print(out, "set title {} noenhanced font 'DejaVu Sans,13' tc rgb '{}' offset 0,-0.4\n",
             gnuplot_string(c.name + (failed ? ": FAILED" : "")), failed ? wrong : ink);
  fmt::print(out, "set border 3 lc rgb '{}' lw {}\n", failed ? wrong : pale, failed ? 2 : 1);
  if (c.histograms) {
    const Histograms& h = *c.histograms;
    double highest = 1e-30;
    for (size_t i = 1; i + 1 < h.a.size(); ++i)
      highest = std::max(highest, std::max(h.a[i], h.b[i]) / (h.edges[i + 1] - h.edges[i]));
    double low = h.edges[1], high = h.edges[h.edges.size() - 2];
    fmt::print(out,
               "unset logscale; unset ytics; set key top right noenhanced samplen 1.2; set xrange [{:.9g}:{:.9g}]; "
               "set yrange [0:{:.9g}]\n",
               low, high > low ? high : low + 1, 1.25 * highest);
    fmt::print(out, "set xlabel {}; unset ylabel\n", gnuplot_string(h.statistic));
    fmt::print(out,
               "plot $panel{0} using 1:3 with boxes fs solid 0.35 noborder lc rgb '{1}' title {2}, "
               "$panel{0} using 1:2 with histeps lw 1.8 lc rgb '{3}' title {4}\n",
               number, colour_b, gnuplot_string(h.name_b), colour_a, gnuplot_string(h.name_a));
    return;
  }
  const Curve& curve = *c.curve;
  bool positive = std::all_of(curve.y.begin(), curve.y.end(), [](double y) { return y > 0; });
  fmt::print(out,
             "unset key; set ytics nomirror out; set logscale x 2; {}; set format y '%g'; set xrange [*:*]; set yrange "
             "[{}:*]\n",
             positive ? "set logscale y" : "unset logscale y", positive ? "*" : "0");
  fmt::print(out, "set xlabel {}; set ylabel {} tc rgb '{}'\n", gnuplot_string(curve.x_name),
             gnuplot_string(curve.y_name), "#4a5564");
  fmt::print(out, "plot $panel{} using 1:2 with linespoints lw 1.8 pt 7 ps 1 lc rgb '{}'\n", number, colour_a);
}

}  // namespace

void Report::plot(const std::string& file) const {
  std::vector<const Check*> panels = panels_of(*this);
  if (panels.empty())
    throw Error(fmt::format("{}: no check compares distributions, so there is nothing to draw", subject));
  {
    std::ofstream probe(file, std::ios::app);
    if (!probe) throw Error(fmt::format("{}: the picture '{}' cannot be written; name a file that can", subject, file));
  }
  std::string script = (std::filesystem::temp_directory_path() / "catenary-plot-XXXXXX").string();
  const int made = mkstemp(script.data());
  if (made < 0)
    throw Error(fmt::format("{}: gnuplot's script cannot be written to '{}'; set TMPDIR to a folder that can", subject,
                            script));
  close(made);
  {
    std::ofstream out(script);
    for (size_t i = 0; i < panels.size(); ++i) write_data(out, i, *panels[i]);
    const int rows = int(panels.size() + columns - 1) / columns;
    const int width = panel_width * columns, height = panel_height * rows + header;
    fmt::print(out,
               "set encoding utf8\nset terminal pngcairo size {},{} font 'DejaVu Sans,10' background rgb '#ffffff'\n",
               width, height);
    fmt::print(out, "set output {}\n", gnuplot_string(file));
    fmt::print(out,
               "set multiplot\nset label 1 {} at screen 0.5, screen {:.5f} center noenhanced font 'DejaVu Sans "
               "Bold,17' tc rgb '{}'\n",
               gnuplot_string(fmt::format("{}: {}", subject, passed() ? "passed" : "FAILED")), 1 - 26.0 / height,
               passed() ? ink : wrong);
    fmt::print(out,
               "set tics nomirror out tc rgb '{0}'; set xtics autofreq; set format x '%g'; set xlabel tc rgb '{0}' "
               "offset 0,0.5; "
               "set ylabel tc rgb '{0}'; set key tc rgb '{0}'\n",
               "#4a5564");
    for (size_t i = 0; i < panels.size(); ++i) {
      const size_t row = i / columns;
      double left = double(i % columns) * panel_width, top = header + double(row) * panel_height;
      fmt::print(out,
                 "set lmargin at screen {:.5f}; set rmargin at screen {:.5f}; set tmargin at screen {:.5f}; set "
                 "bmargin at screen {:.5f}\n",
                 (left + 62) / width, (left + panel_width - 22) / width, 1 - (top + 34) / height,
                 1 - (top + panel_height - 52) / height);
      write_panel(out, i, *panels[i]);
      if (i == 0) out << "unset label 1\n";
    }
    out << "unset multiplot\n";
    out.close();
    if (!out) throw Error(fmt::format("{}: gnuplot's script '{}' cannot be written whole", subject, script));
  }
  struct Remove {
    std::string file;
    ~Remove() {
      std::error_code ignored;
      std::filesystem::remove(file, ignored);
    }
  } remove{script};
  run_gnuplot(script);
}

}  // namespace catenary
