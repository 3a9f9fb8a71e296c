//===- Show.cpp
//---------------------------------------------------------------------------------------===//
#include "Pipeline/Show.h"
#include "Analysis/MaskPicture.h"
#include "Conversion/AttentionSpec.h"
#include "Conversion/Kernels/TileSoftmax.h"
#include "Pipeline/Frontend.h"
#include "Pipeline/Pipeline.h"
#include "Target/Codegen.h"
#include "Target/Product.h"
#include "dsl/Check.h"
#include "dsl/Parser.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "runtime/OutputFile.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

using namespace mlir;
using namespace tril;

namespace {

/// An attention, and what there is to say of it.
struct Shown {
  std::string place, body;
  std::vector<std::string> kept; // how its keys and values are
  MaskPicture picture;
};

std::string keptAs(ExtendOp state) {
  std::string name = "`" + state.getName().str() + "`";
  if (state.getSequence() != "time")
    return name + " of `" + state.getSequence().str() + "`, which comes at once";
  name += state.isRing() ? " in a ring, " + std::to_string(state.getWindow()) + " positions back"
                         : " linear in the context";
  if (state.getStep() != 1)
    name += ", by residue of " + std::to_string(state.getStep());
  return name;
}

std::string percent(double part, double whole) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << llvm::format("%.1f %%", 100 * part / std::max(whole, 1.0));
  return text;
}

std::string summaryOf(const MaskPicture &picture) {
  int64_t visited = picture.count(TileKind::full) + picture.count(TileKind::partial);
  int64_t seen = llvm::count_if(picture.pairs, [](Sight sight) { return sight != Sight::no; });
  bool open = llvm::is_contained(picture.pairs, Sight::open);
  std::string seenOf = std::to_string(picture.positions) +
                       " positions: " + (open ? "at most " : "") +
                       percent(double(seen), double(picture.pairs.size())) + " of all pairs seen";
  if (picture.step != 1)
    return seenOf + "; a tile has keys that are " + std::to_string(picture.step) + " apart";
  return seenOf + "; of " + std::to_string(picture.tiles.size()) + " tiles of " +
         std::to_string(picture.rows) + " queries by " + std::to_string(picture.columns) +
         " keys " + std::to_string(visited) + " visited, " +
         std::to_string(picture.count(TileKind::full)) + " of them without the mask";
}

//===-------------------------------------------------------------------------------------------===//
// Text
//===-------------------------------------------------------------------------------------------===//

constexpr int64_t keysOfCharacter = 8;

/// A line for every row of tiles, a character for every 8 keys.
void drawText(const MaskPicture &picture, llvm::raw_ostream &out) {
  for (int64_t row = 0; row < picture.positions; row += picture.rows) {
    std::string line = "  ";
    int64_t end = std::min(row + picture.rows, picture.positions);
    for (int64_t key = 0; key < picture.positions; key += keysOfCharacter) {
      if (key % picture.columns == 0)
        line += "|";
      int64_t yes = 0, open = 0;
      for (int64_t t = row; t < end; ++t)
        for (int64_t k = key; k < key + keysOfCharacter; ++k) {
          yes += picture.at(t, k) == Sight::yes;
          open += picture.at(t, k) == Sight::open;
        }
      TileKind tile = picture.tileAt(row / picture.rows, key / picture.columns);
      line += tile == TileKind::skipped              ? " "
              : tile == TileKind::full               ? "#"
              : yes == (end - row) * keysOfCharacter ? "+"
              : yes || open                          ? (open ? "?" : "/")
                                                     : ".";
    }
    out << line << "|\n";
  }
}

void printText(const std::vector<Shown> &all, const Machine &machine, llvm::raw_ostream &out) {
  for (const Shown &shown : all) {
    out << shown.place << ", in " << shown.body << "\n";
    for (const std::string &kept : shown.kept)
      out << "  kept: " << kept << "\n";
    out << "  " << summaryOf(shown.picture) << "\n\n";
    drawText(shown.picture, out);
    out << "\n";
  }
  out << "A line for each row of tiles, as " << machine.name
      << " has them; 8 keys a character.  Blank: a tile that is not visited; #: one "
         "without\nthe mask.  In the others: + all is seen, / some, ? what data or the head "
         "decides, . nothing.\n";
}

//===-------------------------------------------------------------------------------------------===//
// SVG
//===-------------------------------------------------------------------------------------------===//

std::string escaped(StringRef text) {
  std::string result;
  for (char c : text)
    if (c == '<')
      result += "&lt;";
    else if (c == '&')
      result += "&amp;";
    else
      result += c;
  return result;
}

/// One picture, of `size` units.
void drawSvg(const MaskPicture &picture, double size, llvm::raw_ostream &out) {
  double unit = size / double(picture.positions);
  auto box = [&](double x, double y, double width, double height, StringRef attributes) {
    out << llvm::format("<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" ", x * unit,
                        y * unit, width * unit, height * unit)
        << attributes << "/>\n";
  };
  int64_t n = picture.positions;
  box(0, 0, double(n), double(n), "fill=\"#ffffff\" stroke=\"#999999\"");
  for (int64_t row = 0; row < n; row += picture.rows)
    for (int64_t key = 0; key < n; key += picture.columns) {
      TileKind kind = picture.tileAt(row / picture.rows, key / picture.columns);
      if (kind != TileKind::skipped)
        box(double(key), double(row), picture.columns, picture.rows,
            kind == TileKind::full ? "fill=\"#1b6ca8\" stroke=\"#ffffff\" stroke-width=\"0.4\""
                                   : "fill=\"#f3e3c3\" stroke=\"#ffffff\" stroke-width=\"0.4\"");
    }
  // What is seen within partial tiles: runs of keys of a query.
  for (int64_t t = 0; t < n; ++t)
    for (int64_t k = 0; k < n;) {
      Sight sight = picture.at(t, k);
      bool full = picture.tileAt(t / picture.rows, k / picture.columns) == TileKind::full;
      int64_t end = k + 1;
      while (end < n && end % picture.columns && picture.at(t, end) == sight)
        ++end;
      if (sight != Sight::no && !full)
        box(double(k), double(t), double(end - k), 1,
            sight == Sight::yes ? "fill=\"#d98f2b\"" : "fill=\"#b7a3cf\"");
      k = end;
    }
}

void printSvg(const std::vector<Shown> &all, const Machine &machine, llvm::raw_ostream &out) {
  constexpr double size = 360, margin = 24, text = 16;
  double width = size + 2 * margin + 360, each = size + 2 * margin;
  out << llvm::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                      "font-family=\"sans-serif\" font-size=\"12\">\n",
                      width, each * double(all.size()));
  out << llvm::format("<rect width=\"%.0f\" height=\"%.0f\" fill=\"#ffffff\"/>\n", width,
                      each * double(all.size()));
  double top = 0;
  for (const Shown &shown : all) {
    out << llvm::format("<g transform=\"translate(%.0f %.0f)\">\n", margin, top + margin);
    drawSvg(shown.picture, size, out);
    double y = text;
    auto say = [&](StringRef line, StringRef colour = "#222222") {
      out << llvm::format("<text x=\"%.0f\" y=\"%.0f\" ", size + margin, y) << "fill=\"" << colour
          << "\">" << escaped(line) << "</text>\n";
      y += text;
    };
    say(shown.place + ", in " + shown.body);
    for (const std::string &kept : shown.kept)
      say("kept: " + kept);
    std::string summary = summaryOf(shown.picture);
    for (StringRef rest = summary; !rest.empty();) {
      auto [line, more] = rest.split("; ");
      say(line);
      rest = more;
    }
    say("queries downwards, keys to the right; tiles as " + machine.name + " has them");
    say("tile without the mask", "#1b6ca8");
    say("seen, in a tile with the mask", "#d98f2b");
    say("data decides, in a tile with the mask", "#8a6fb0");
    out << "</g>\n";
    top += each;
  }
  out << "</svg>\n";
}

//===-------------------------------------------------------------------------------------------===//
// The attentions of a text
//===-------------------------------------------------------------------------------------------===//

/// As readModel, but with a configuration alone, or none.
std::optional<Frontend> readText(const ShowRequest &request) {
  if (!request.weights.empty())
    return readModel(request.text, request.weights, request.renames);
  Frontend result;
  result.source = readSource(request.text);
  dsl::Diagnostics diagnostics;
  dsl::ast::Program program = dsl::parse(result.source, diagnostics);
  if (!diagnostics.hasErrors()) {
    dsl::Library library = dsl::loadStd(stdDirectory(), diagnostics);
    nlohmann::json config =
        request.config.empty() ? nlohmann::json::object() : readConfig(request.config);
    dsl::CheckOptions options;
    options.config = &config;
    options.library = &library;
    result.model = dsl::check(program, options, diagnostics);
  }
  if (!diagnostics.all().empty())
    llvm::errs() << dsl::render(diagnostics, isatty(STDERR_FILENO) != 0);
  if (!result.model)
    return std::nullopt;
  return result;
}

} // namespace

int tril::showAttentions(const ShowRequest &request) {
  llvm::Expected<Machine> machine = Machine::named(request.cpu);
  if (!machine)
    throw Error(llvm::toString(machine.takeError()));
  DialectRegistry registry;
  registerCodegenDialects(registry);
  registry.insert<TrilDialect, math::MathDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  std::optional<Frontend> frontend = readText(request);
  if (!frontend)
    return 1;
  OwningOpRef<ModuleOp> module = importFrontend(context, *frontend);
  if (!module)
    return 1;
  PassManager passes(&context);
  PipelineOptions options;
  options.cpu = request.cpu;
  options.attention = request.attention;
  addPasses(passes, Phase::tril, Phase::planned, options);
  if (failed(passes.run(*module)))
    return 1;
  std::vector<Shown> all;
  module->walk([&](AttentionOp attention) {
    Shown shown;
    shown.place = placeOf(attention.getLoc());
    shown.body = ("`" + attention->getParentOfType<BodyOp>().getSymName() + "`").str();
    for (Value key : attention.getKeys())
      shown.kept.push_back("keys " + keptAs(key.getDefiningOp<ExtendOp>()));
    shown.kept.push_back("values " + keptAs(attention.getValue().getDefiningOp<ExtendOp>()));
    kernels::AttentionSpec spec = specOf(attention);
    shown.picture = pictureOf(attention, kernels::queryTile(*machine, spec),
                              kernels::tileKeys(*machine, spec), request.positions);
    all.push_back(std::move(shown));
  });
  if (all.empty()) {
    llvm::errs() << request.text
                 << ": there is no attention to show (`tril build --remarks` says "
                    "what was not fused, and why)\n";
    return 1;
  }
  std::string text;
  llvm::raw_string_ostream out(text);
  if (request.output.empty()) {
    printText(all, *machine, llvm::outs());
    return 0;
  }
  printSvg(all, *machine, out);
  OutputFile file(request.output);
  file.write(text.data(), text.size());
  file.commit();
  return 0;
}
