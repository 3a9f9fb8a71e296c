//===- Product.cpp
//-------------------------------------------------------------------------------------------------===//
#include "Target/Product.h"
#include "Target/ProductStates.h"
#include "Target/WeightWriter.h"
#include "runtime/Container.h"
#include "runtime/LinkFlags.h"
#include "runtime/TokenizerData.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tril;

std::string tril::archiveDirectory() {
  std::string self = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  SmallString<256> directory(llvm::sys::path::parent_path(llvm::sys::path::parent_path(self)));
  llvm::sys::path::append(directory, "lib");
  return directory.str().str();
}

std::string tril::placeOf(Location location) {
  if (auto file = dyn_cast<FileLineColLoc>(location))
    return (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
            Twine(file.getColumn()))
        .str();
  if (auto named = dyn_cast<NameLoc>(location))
    return placeOf(named.getChildLoc());
  if (auto call = dyn_cast<CallSiteLoc>(location))
    return placeOf(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(location))
    return fused.getLocations().empty() ? "" : placeOf(fused.getLocations().front());
  return "";
}

static std::string digestOf(StringRef bytes) {
  llvm::SHA256 hash;
  hash.update(bytes);
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

/// Of the model with all of its numbers, without places in the text.
static std::string digestOf(ModelOp planned) {
  std::string text;
  llvm::raw_string_ostream out(text);
  planned->print(out, OpPrintingFlags().useLocalScope().enableDebugInfo(false));
  return digestOf(StringRef(text));
}

/// The token that generated text begins with where another text is read; -1 if the configuration
/// has none.
static int64_t startOf(const nlohmann::json &config) {
  for (const auto &[key, value] : config.items())
    if ((key == "decoder_start_token_id" || StringRef(key).ends_with(".decoder_start_token_id")) &&
        value.is_number_integer() && value >= 0 && value <= INT32_MAX)
      return value.get<int64_t>();
  return -1;
}

Manifest tril::manifestOf(ModelOp model, const Frontend &frontend, const std::string &cpu,
                          const std::string &version) {
  const dsl::Model &text = *frontend.model;
  Manifest manifest;
  manifest.model = text.name;
  manifest.claim = text.claim;
  if (auto whole = model->getAttrOfType<StringAttr>("tril.whole")) {
    manifest.steps = false;
    manifest.why = whole.getValue().str();
    if (auto at = model->getAttrOfType<LocationAttr>("tril.whole_at"))
      if (std::string place = placeOf(Location(at)); !place.empty())
        manifest.why += " (" + place + ")";
  }
  if (auto arena = model->getAttrOfType<DenseI64ArrayAttr>("tril.arena")) {
    manifest.arena = {arena[0], arena[1], arena[2], arena[3], arena[4], arena[5]};
    auto state = model->getAttrOfType<DenseI64ArrayAttr>("tril.state");
    manifest.state.fixed = state[0];
    manifest.state.position = state[1];
    auto windows = model->getAttrOfType<DenseI64ArrayAttr>("tril.rings");
    auto pinned = model->getAttrOfType<DenseI64ArrayAttr>("tril.pinned");
    for (size_t i = 0; windows && i < windows.asArrayRef().size(); ++i)
      manifest.rings.push_back({windows[i], state[2 + i], /*unit=*/1, pinned[i]});
  }
  addStates(model, manifest);
  auto axisName = [&](dsl::AxisId axis) { return text.axes[axis].name; };
  for (const dsl::Input &input : text.inputs) {
    ManifestInput entry;
    entry.name = input.name;
    entry.limit = text.axes[input.in].size.value_or(INT32_MAX);
    for (dsl::AxisId axis : input.axes)
      entry.axes.push_back(axisName(axis));
    manifest.inputs.push_back(std::move(entry));
  }
  for (const dsl::Output &output : text.outputs) {
    ManifestOutput entry;
    entry.name = output.name;
    entry.inner = output.inner;
    for (dsl::AxisId axis : output.axes) {
      entry.axes.push_back(axisName(axis));
      entry.shape.push_back(text.axes[axis].sequence ? -1 : text.axes[axis].size.value_or(-1));
    }
    manifest.outputs.push_back(std::move(entry));
  }
  for (size_t i = 0; i < text.axes.size(); ++i)
    if (text.axes[i].sequence && text.axes[i].root == static_cast<int>(i) &&
        static_cast<int>(i) != text.time)
      manifest.sequences.push_back(axisName(i));
  if (frontend.context)
    manifest.context = frontend.context;
  if (text.longest) {
    manifest.longest = *text.longest;
    manifest.context = std::min(manifest.context, manifest.longest);
  }
  manifest.start = startOf(frontend.checkpoint->config());
  manifest.build.tril = version;
  manifest.build.text = frontend.source->path;
  manifest.build.textDigest = digestOf(frontend.source->text);
  manifest.build.weights = frontend.checkpoint->path();
  manifest.build.cpu = cpu;
  return manifest;
}

std::vector<std::byte> tril::tokenizerOf(const Checkpoint &checkpoint) {
  if (checkpoint.dialect() == "gguf" && checkpoint.config().contains("tokenizer.ggml.model"))
    return TokenizerData::fromGguf(checkpoint.config()).serialize();
  if (!checkpoint.tokenizerPath().empty())
    return TokenizerData::fromTokenizerJson(readConfig(checkpoint.tokenizerPath())).serialize();
  return {};
}

namespace {
/// A file that is gone when this is.
struct TemporaryFile {
  explicit TemporaryFile(StringRef suffix) {
    if (auto error = llvm::sys::fs::createTemporaryFile("tril", suffix, path))
      throw Error("cannot make a temporary file: " + error.message());
  }
  ~TemporaryFile() { (void)llvm::sys::fs::remove(path); }
  SmallString<128> path;
};
} // namespace

static void link(StringRef object, StringRef executable, bool blas) {
  TemporaryFile objectFile("o"), messages("txt");
  {
    std::error_code error;
    llvm::raw_fd_ostream out(objectFile.path, error);
    if (!error) {
      out << object;
      out.close();
      error = out.error();
      out.clear_error();
    }
    if (error)
      throw Error(("cannot write `" + objectFile.path + "`: ").str() + error.message());
  }
  auto driver = llvm::sys::findProgramByName(linkDriver);
  if (!driver)
    throw Error(std::string("cannot link: `") + linkDriver + "` is not there");
  std::string archives = archiveDirectory();
  std::vector<StringRef> arguments = {*driver, objectFile.path, "-o", executable};
  for (const char *flag : linkFlags)
    arguments.push_back(flag);
  arguments.push_back("-L");
  arguments.push_back(archives);
  for (const char *library : linkLibraries)
    arguments.push_back(library);
  if (blas)
    for (const char *library : {"-lopenblas", "-lm", "-lpthread"})
      arguments.push_back(library);
  std::string why;
  int status = llvm::sys::ExecuteAndWait(*driver, arguments, std::nullopt,
                                         {std::nullopt, messages.path.str(), messages.path.str()},
                                         0, 0, &why);
  if (status != 0) {
    auto text = llvm::MemoryBuffer::getFile(messages.path);
    throw Error("linking failed: " +
                (why.empty() ? (text ? (*text)->getBuffer().trim().str() : std::string()) : why));
  }
}

Roundings tril::makeProduct(const ProductParts &parts, const std::string &output) {
  TemporaryFile executable("exe");
  link(parts.object, executable.path, parts.blas);
  Manifest manifest = manifestOf(parts.planned, parts.frontend, parts.cpu, parts.version);
  manifest.build.blas = parts.blas;
  manifest.build.tileRegisters = parts.tileRegisters;
  manifest.unchecked = parts.unchecked;
  manifest.build.flags = parts.flags;
  ProductSections sections;
  llvm::SHA256 hash;
  Roundings roundings;
  auto total = parts.planned->getAttrOfType<IntegerAttr>("tril.weights");
  sections.weights = [&](const ByteSink &sink) {
    int64_t done = 0;
    auto write = [&](const void *data, size_t size) {
      hash.update(StringRef(static_cast<const char *>(data), size));
      sink(data, size);
      done += static_cast<int64_t>(size);
      if (parts.progress && total)
        parts.progress(done, total.getInt());
    };
    roundings = writeWeights(parts.planned, *parts.frontend.checkpoint, write);
  };
  sections.tokenizer = tokenizerOf(*parts.frontend.checkpoint);
  manifest.build.program = digestOf(parts.planned);
  sections.manifest = [&] {
    manifest.build.weightsDigest = llvm::toHex(hash.final(), /*LowerCase=*/true);
    return manifest.toJson();
  };
  writeProduct(executable.path.str().str(), sections, output);
  return roundings;
}
