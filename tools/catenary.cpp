// The command `catenary`: lists the standard library, verifies its spaces and processes and saved declarations, writes
// their kernels.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <catenary/catenary.h>
#include <catenary/stdlib/catalogue.h>
#include <catenary/support/environment.h>
#include <catenary/tools/laws.h>

using namespace catenary;

namespace {

// ---- list ---------------------------------------------------------------------------------------

std::string stored(const Stored& s) { return fmt::format("{} {} {}", s.name, name_of(s.type), to_string(s.shape)); }

void list(bool as_json) {
  if (as_json) {
    nlohmann::ordered_json all = nlohmann::json::array();
    for (const CatalogueEntry& e : catalogue()) {
      nlohmann::ordered_json entry{
          {"name", e.name}, {"kind", e.is_process() ? "process" : "space"}, {"summary", e.summary}};
      if (e.is_process()) entry["horizon"] = e.horizon;
      entry["parameters"] = nlohmann::json::array();
      for (const CatalogueParameter& p : e.parameters)
        entry["parameters"].push_back(
            {{"name", p.name}, {"default", p.value}, {"meaning", p.meaning}, {"whole", p.whole}});
      all.push_back(entry);
    }
    for (const Conversion& c : conversions::all())
      all.push_back({{"name", c.name()}, {"kind", "conversion"}, {"from", stored(c.from())}, {"to", stored(c.to())}});
    fmt::print("{}\n", all.dump(2));
    return;
  }
  size_t width = 0;
  for (const CatalogueEntry& e : catalogue()) width = std::max(width, e.name.size());
  for (bool process : {false, true}) {
    fmt::print("{}\n", process ? "\nprocesses" : "spaces");
    for (const CatalogueEntry& e : catalogue()) {
      if (e.is_process() != process) continue;
      fmt::print("  {:<{}}  {}\n", e.name, width, e.summary);
      for (const CatalogueParameter& p : e.parameters)
        fmt::print("  {:<{}}    {} = {}: {}\n", "", width, p.name, p.value, p.meaning);
      if (process) fmt::print("  {:<{}}    horizon {}\n", "", width, e.horizon);
    }
  }
  fmt::print("\nconversions\n");
  for (const Conversion& c : conversions::all())
    fmt::print("  {:<{}}  {} to {}\n", c.name(), width, stored(c.from()), stored(c.to()));
  fmt::print("\nParameters are set by --set name=value.\n");
}

// ---- verify -------------------------------------------------------------------------------------

struct Arguments {
  std::vector<std::string> names;
  std::vector<std::string> sets;
  double horizon = 0;  ///< 0: the entry's
  std::string effort = "standard", plot, gpu, folder = ".";
  uint64_t seed = 1;
  std::vector<std::string> only;
  int threads = 0, on_gpu = -1;
  bool json = false, all = false, stop = false, quiet = false, fast = false;

  Parameters parameters() const {
    Parameters p;
    for (const std::string& set : sets) {
      size_t equals = set.find('=');
      char* end = nullptr;
      double value = equals == std::string::npos ? 0 : std::strtod(set.c_str() + equals + 1, &end);
      if (equals == std::string::npos || equals == 0 || end == set.c_str() + equals + 1 || *end != 0)
        throw Error(fmt::format("--set takes name=value, the value a number; found '{}'", set));
      p[set.substr(0, equals)] = value;
    }
    return p;
  }
};

std::atomic<bool> interrupted{false};

// A line on the terminal that is drawn over.
class ProgressBar {
 public:
  ProgressBar(std::string subject, bool shown) : subject_(std::move(subject)), shown_(shown) {}
  ~ProgressBar() {
    if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  }
  void draw(const VerifyProgress& progress) const {
    if (!shown_) return;
    constexpr int width = 30;
    int full = int(progress.done * width);
    std::string bar;
    for (int i = 0; i < width; ++i) bar += i < full ? "█" : "░";
    std::cerr << fmt::format("\r\x1b[K{} {:3.0f} %  {}: {}", bar, 100 * progress.done, subject_, progress.check)
              << std::flush;
  }

 private:
  std::string subject_;
  bool shown_;
};

std::string coloured(std::string text) {
  if (!isatty(STDOUT_FILENO) || read_environment().plain) return text;
  // Every `word` that stands between `before` and `after`.
  auto colour = [&](const std::string& before, const std::string& word, const std::string& after, const char* code) {
    const std::string plain = before + word + after, painted = before + code + word + "\x1b[0m" + after;
    for (size_t at = 0; (at = text.find(plain, at)) != std::string::npos; at += painted.size())
      text.replace(at, plain.size(), painted);
  };
  constexpr const char *red = "\x1b[31m", *green = "\x1b[32m";
  colour("  ", "FAIL", "\n", red);
  colour("", "FAILED:", "", red);
  colour("  ", "pass", "\n", green);
  return text;
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw Error(fmt::format("'{}' cannot be read; name a file that `catenary declare` or to_mlir wrote", file));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool is_file(const std::string& name) { return name.ends_with(".mlir") || std::filesystem::is_regular_file(name); }

void refuse_numbers(const std::string& name, const Arguments& arguments) {
  if (!arguments.sets.empty() || arguments.horizon > 0)
    throw Error(
        fmt::format("'{}' is a saved declaration, whose numbers are fixed: --set and --horizon do not apply", name));
}

// What stands below the table: failures and the last line.
std::string without_rows(const std::string& table) { return table.substr(table.find("\n\n") + 2); }

Report verify_one(const std::string& name, const Arguments& arguments) {
  ProgressBar bar(name, !arguments.quiet && isatty(STDERR_FILENO));
  VerifyOptions options;
  options.effort = arguments.effort == "high"    ? Effort::high
                   : arguments.effort == "quick" ? Effort::quick
                                                 : Effort::standard;
  options.seed = arguments.seed;
  options.threads = arguments.threads;
  if (arguments.on_gpu >= 0) options.gpu = arguments.on_gpu;
  options.stop_at_failure = arguments.stop;
  options.only = arguments.only;
  options.progress = [&](const VerifyProgress& progress) {
    bar.draw(progress);
    return !interrupted;
  };
  if (is_file(name)) {
    refuse_numbers(name, arguments);
    return verify_mlir(text_of(name), name, options);
  }
  const CatalogueEntry& entry = catalogue_entry(name);
  options.horizon = arguments.horizon > 0 ? arguments.horizon : entry.horizon_of(arguments.parameters());
  Report report = entry.is_process() ? verify(entry.process(arguments.parameters()), options)
                                     : verify(entry.space(arguments.parameters()), options);
  report.subject = fmt::format("{} '{}'", entry.is_process() ? "process" : "space", name);
  return report;
}

int verify_all(const Arguments& arguments) {
  std::vector<std::string> names = arguments.names;
  if (arguments.all)
    for (const CatalogueEntry& e : catalogue()) names.push_back(e.name);
  if (names.empty())
    throw Error("verify takes names of the standard library (see `catenary list`), .mlir files, or --all");
  if (!arguments.plot.empty() && !arguments.plot.ends_with(".png"))
    throw Error(fmt::format("--plot takes a file name that ends in .png; found '{}'", arguments.plot));
  for (const std::string& name : names)
    if (!is_file(name)) catalogue_entry(name);
  if (auto folder = std::filesystem::path(arguments.plot).parent_path();
      !folder.empty() && !std::filesystem::is_directory(folder))
    throw Error(fmt::format("--plot is to draw to '{}', and there is no folder '{}'", arguments.plot, folder.string()));
  std::vector<Report> reports;
  std::vector<std::string> failed, left_out;
  for (const std::string& name : names) {
    try {
      reports.push_back(verify_one(name, arguments));
    } catch (const NoSuchStep&) {
      left_out.push_back(name);
      if (left_out.size() == names.size()) throw;
      continue;
    }
    const Report& report = reports.back();
    if (!report.passed()) failed.push_back(name);
    if (!arguments.json) fmt::print("{}\n", coloured(arguments.quiet ? without_rows(report.table()) : report.table()));
    if (!arguments.plot.empty()) {
      std::string file = arguments.plot;
      if (names.size() > 1) {
        std::filesystem::path path = file;
        file =
            (path.parent_path() / fmt::format("{}-{}{}", path.stem().string(),
                                              std::filesystem::path(name).stem().string(), path.extension().string()))
                .string();
      }
      report.plot(file);
      if (!arguments.json) fmt::print("drawn: {}\n", file);
    }
  }
  if (arguments.json) {
    if (names.size() == 1) {
      fmt::print("{}", reports[0].json());
    } else {
      nlohmann::ordered_json all = nlohmann::json::array();
      for (const Report& r : reports) all.push_back(nlohmann::ordered_json::parse(r.json()));
      fmt::print("{}\n", all.dump(2));
    }
  }
  if (!arguments.json && names.size() > 1) {
    if (!left_out.empty()) fmt::print("left out, without a step of this name: {}\n", fmt::join(left_out, ", "));
    fmt::print("{} verified, {} failed{}{}\n", reports.size(), failed.size(), failed.empty() ? "" : ": ",
               fmt::join(failed, ", "));
  }
  return failed.empty() ? 0 : 1;
}

std::string declaration_of(const std::string& name, const Arguments& arguments) {
  for (const Conversion& c : conversions::all()) {
    if (c.name() != name) continue;
    if (!arguments.sets.empty() || arguments.horizon > 0)
      throw Error(fmt::format("'{}' is a conversion: --set and --horizon do not apply", c.name()));
    return to_mlir(c);
  }
  const CatalogueEntry& entry = catalogue_entry(name);
  Kept<Process> process = entry.process(arguments.parameters());
  Joint joint(entry.name, arguments.horizon > 0 ? arguments.horizon : entry.horizon_of(arguments.parameters()));
  joint.add("x", std::move(process));
  return to_mlir(joint);
}

// ---- kernels ------------------------------------------------------------------------------------

void write_kernels(const Arguments& arguments) {
  const std::string& name = arguments.names.at(0);
  if (is_file(name)) refuse_numbers(name, arguments);
  const std::string text = is_file(name) ? text_of(name) : declaration_of(name, arguments);
  std::error_code failure;
  std::filesystem::create_directories(arguments.folder, failure);
  for (const auto& [file, code] :
       gpu_kernels(text, name, arguments.gpu, arguments.fast ? Precision::fast : Precision::exact)) {
    auto path = std::filesystem::path(arguments.folder) / file;
    std::ofstream out(path, std::ios::binary);
    out << code;
    out.close();
    if (!out) throw Error(fmt::format("'{}' cannot be written; name a folder that can by --out", path.string()));
    fmt::print("{}\n", path.string());
  }
}

std::string above_zero(const std::string& text) {
  const double value = std::strtod(text.c_str(), nullptr);
  return std::isfinite(value) && value > 0 ? "" : fmt::format("must be a number above 0; found '{}'", text);
}

}  // namespace

int main(int argc, char** argv) {
#ifdef __GLIBC__
  // Batches of a megabyte come and go: memory that is freed is kept, or each would be mapped anew, page by page.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  CLI::App app("Catenary: stochastic processes held at both ends");
  app.set_version_flag("--version", CATENARY_VERSION);
  app.require_subcommand(0, 1);  // That one is missing is said below, after what else is wrong.
  Arguments arguments;

  auto* listing =
      app.add_subcommand("list", "spaces, processes and conversions of the standard library, with their parameters");
  listing->add_flag("--json", arguments.json, "as JSON");

  auto* verifying =
      app.add_subcommand("verify", "check that spaces and processes keep their promises; exit code 1 if one does not");
  verifying->add_option("name", arguments.names,
                        "names of the standard library, or files of saved declarations (.mlir)");
  verifying->add_option("--set", arguments.sets, "a parameter: name=value; may be given again")
      ->allow_extra_args(false);
  verifying->add_option("--horizon", arguments.horizon, "the time of pure noise")->check(above_zero, "NUMBER > 0");
  verifying
      ->add_option("--effort", arguments.effort,
                   "standard: catches an error of 1 % in a variance; quick: of 4 %; high: of 0.1 %")
      ->check(CLI::IsMember({"quick", "standard", "high"}));
  verifying->add_option("--seed", arguments.seed, "the seed of all draws")->check(CLI::NonNegativeNumber);
  verifying->add_option("--threads", arguments.threads, "how many threads; by default one per processor");
  verifying->add_option("--gpu", arguments.on_gpu, "draw on this GPU of NVIDIA's, as the driver counts them: 0, 1, ...")
      ->check(CLI::NonNegativeNumber);
  verifying->add_option("--plot", arguments.plot, "draw the compared distributions to this PNG file");
  verifying->add_flag("--all", arguments.all, "everything in the standard library");
  verifying->add_option("--only", arguments.only, "this step alone, such as density; may be given again")
      ->allow_extra_args(false);
  verifying->add_flag("--stop-at-failure", arguments.stop, "leave out what comes after the first failure");
  verifying->add_flag("--json", arguments.json, "as JSON");
  verifying->add_flag("--quiet", arguments.quiet, "failures and the last line alone, without a progress bar");

  auto* declaring =
      app.add_subcommand("declare", "print a process or a conversion of the standard library as a saved declaration");
  declaring->add_option("name", arguments.names, "its name")->required()->expected(1);
  declaring->add_option("--set", arguments.sets, "a parameter: name=value; may be given again")
      ->allow_extra_args(false);
  declaring->add_option("--horizon", arguments.horizon, "the time of pure noise")->check(above_zero, "NUMBER > 0");

  auto* kernels = app.add_subcommand(
      "kernels", "experimental: write the kernels for a GPU to files, one for each question, for a host of your own");
  kernels->add_option("name", arguments.names, "a name of the standard library, or a saved declaration (.mlir)")
      ->required()
      ->expected(1);
  kernels
      ->add_option("--gpu", arguments.gpu,
                   "the architecture: NVIDIA's (sm_90: PTX), AMD's (gfx90a: an object for amdgcn-amd-amdhsa) or "
                   "spirv64 (SPIR-V for OpenCL)")
      ->required();
  kernels->add_flag("--fast", arguments.fast,
                    "approximate square roots and quotients, fused sums of products (NVIDIA's alone)");
  kernels->add_option("--out", arguments.folder, "the folder; by default this one");
  kernels->add_option("--set", arguments.sets, "a parameter: name=value; may be given again")->allow_extra_args(false);
  kernels->add_option("--horizon", arguments.horizon, "the time of pure noise")->check(above_zero, "NUMBER > 0");

  auto* laws = app.add_subcommand(
      "laws", "verify everything in the standard library and print what there is as a Markdown table: docs/laws.md");

  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) {
      std::vector<std::string> names;
      for (const CLI::App* each : app.get_subcommands({})) names.push_back(each->get_name());
      throw CLI::RequiredError(fmt::format("A subcommand ({})", fmt::join(names, ", ")));
    }
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  std::signal(SIGINT, [](int) {
    interrupted = true;
    std::signal(SIGINT, SIG_DFL);  // A check may take a while: the second Ctrl-C does not wait for its end.
  });
  try {
    if (listing->parsed()) list(arguments.json);
    if (declaring->parsed()) fmt::print("{}", declaration_of(arguments.names.at(0), arguments));
    if (kernels->parsed()) write_kernels(arguments);
    if (laws->parsed())
      fmt::print("{}", table_of_laws([&](const CatalogueEntry& entry) { return verify_one(entry.name, arguments); }));
    return verifying->parsed() ? verify_all(arguments) : 0;
  } catch (const Cancelled&) {
    fmt::print(stderr, "catenary: interrupted\n");
    return 130;
  } catch (const std::exception& e) {
    fmt::print(stderr, "catenary: {}\n", e.what());
    return 2;
  }
}
