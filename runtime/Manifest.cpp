//===- Manifest.cpp
//-----------------------------------------------------------------------------===//
#include "runtime/Manifest.h"
#include "runtime/Error.h"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

using nlohmann::json;

namespace tril {
namespace {

/// No size of a real model comes near; sums and products of a few of them stay inside 64 bits.
constexpr int64_t largestBytes = int64_t(1) << 44;
constexpr int64_t largestContext = int64_t(1) << 31;

/// An object of the manifest, and where it is, for messages.
class Reader {
public:
  Reader(const json &object, std::string where) : object(object), where(std::move(where)) {
    if (!object.is_object())
      fail("", "is not an object");
  }

  std::string text(const char *key, bool needed = true) const {
    const json *value = find(key, needed);
    if (!value)
      return {};
    if (!value->is_string())
      fail(key, "is not a string");
    return value->get<std::string>();
  }

  bool truth(const char *key, bool otherwise) const {
    const json *value = find(key, false);
    if (!value)
      return otherwise;
    if (!value->is_boolean())
      fail(key, "is not true or false");
    return value->get<bool>();
  }

  int64_t number(const char *key, int64_t least, int64_t most) const {
    const json *value = find(key, true);
    if (!value->is_number_integer() ||
        (value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX))
      fail(key, "is not a whole number");
    int64_t result = value->get<int64_t>();
    if (result < least || result > most)
      fail(key, "is " + std::to_string(result) + ", not between " + std::to_string(least) +
                    " and " + std::to_string(most));
    return result;
  }

  int64_t bytes(const char *key) const { return has(key) ? number(key, 0, largestBytes) : 0; }

  std::vector<std::string> texts(const char *key) const {
    std::vector<std::string> result;
    for (const json &entry : array(key)) {
      if (!entry.is_string())
        fail(key, "holds something that is not a string");
      result.push_back(entry.get<std::string>());
    }
    return result;
  }

  std::vector<int64_t> shape(const char *key) const {
    std::vector<int64_t> result;
    for (const json &entry : array(key)) {
      if (!entry.is_number_integer() || entry.get<int64_t>() < -1 ||
          entry.get<int64_t>() > INT32_MAX)
        fail(key, "holds something that is not a size");
      result.push_back(entry.get<int64_t>());
    }
    return result;
  }

  const json &array(const char *key) const {
    static const json empty = json::array();
    const json *value = find(key, false);
    if (!value)
      return empty;
    if (!value->is_array())
      fail(key, "is not a list");
    return *value;
  }

  Reader inner(const char *key) const { return Reader(*find(key, true), where + key + "."); }
  bool has(const char *key) const { return object.contains(key); }

  [[noreturn]] void fail(const std::string &key, const std::string &what) const {
    throw Error("the product's manifest: `" + where + key + "` " + what);
  }

private:
  const json *find(const char *key, bool needed) const {
    auto entry = object.find(key);
    if (entry != object.end())
      return &*entry;
    if (needed)
      fail(key, "is missing");
    return nullptr;
  }

  const json &object;
  std::string where;
};

Extent readExtent(const Reader &reader) {
  return {reader.bytes("fixed"),       reader.bytes("row"),    reader.bytes("position"),
          reader.bytes("rowPosition"), reader.bytes("square"), reader.bytes("rowSquare")};
}

/// Every copy lies within the memory that the manifest asks for.
void validateCopy(const ManifestState &state, const ManifestState::Copy &copy,
                  const Manifest &manifest, const Reader &reader) {
  int64_t row = state.rowBytes();
  bool inside = state.ring >= 0 ? copy.position + row <= manifest.rings[state.ring].position
                : state.lag     ? copy.fixed + state.lag * row <= manifest.state.fixed &&
                                      copy.position <= manifest.state.position
                                : copy.fixed <= manifest.state.fixed &&
                                      copy.position + row <= manifest.state.position;
  if (!inside)
    reader.fail("copies", "has one at " + std::to_string(copy.fixed) + ", " +
                              std::to_string(copy.position) + ", outside of the memory for it");
}

/// After the rings of `manifest`.
ManifestState readState(const Reader &reader, const Manifest &manifest) {
  constexpr int64_t largestWidth = int64_t(1) << 40;
  ManifestState state;
  state.name = reader.text("name");
  state.kind = reader.text("kind");
  state.fixed = reader.bytes("fixed");
  state.position = reader.bytes("position");
  state.place = reader.text("place", false);
  state.shape = reader.text("shape", false);
  if (reader.has("window")) {
    state.window = reader.number("window", 0, largestContext);
    state.ring = reader.number("ring", 0, int64_t(manifest.rings.size()) - 1);
    state.pinned = manifest.rings[state.ring].pinned;
  }
  state.type = reader.text("type");
  constexpr std::string_view types[] = {"f32", "f16", "bf16", "i32", "i1"};
  if (std::find(std::begin(types), std::end(types), state.type) == std::end(types))
    reader.fail("type", "is `" + state.type + "`, not f32, f16, bf16, i32 or i1");
  state.groups = reader.number("groups", 0, INT32_MAX);
  state.width = reader.number("width", 0, INT32_MAX);
  if (state.groups * state.width > largestWidth)
    reader.fail("width", "is too large");
  state.lanes = reader.truth("lanes", false);
  if (reader.has("step"))
    state.step = reader.number("step", 1, 64);
  state.lag = reader.number("lag", 0, 1 << 20);
  if (reader.has("sequence"))
    state.sequence = reader.number("sequence", 0, tril_max_sequences - 1);
  for (const json &entry : reader.array("copies")) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_number_integer() ||
        !entry[1].is_number_integer() || entry[0].get<int64_t>() < 0 ||
        entry[1].get<int64_t>() < 0 || entry[0].get<int64_t>() > largestBytes ||
        entry[1].get<int64_t>() > largestBytes)
      reader.fail("copies", "holds something that is not two sizes");
    state.copies.push_back({entry[0].get<int64_t>(), entry[1].get<int64_t>()});
    validateCopy(state, state.copies.back(), manifest, reader);
  }
  return state;
}

std::string element(const char *list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "].";
}

/// Sizes that the program relies on without looking again.
void validate(const Manifest &manifest, const Reader &reader) {
  auto limit = [&](const char *key, size_t count, size_t most) {
    if (count > most)
      reader.fail(key,
                  "has " + std::to_string(count) + " entries, more than " + std::to_string(most));
  };
  limit("inputs", manifest.inputs.size(), tril_max_inputs);
  limit("outputs", manifest.outputs.size(), tril_max_outputs);
  limit("sequences", manifest.sequences.size(), tril_max_sequences);
  limit("rings", manifest.rings.size(), tril_max_rings);
  auto isSequence = [&](const std::string &axis) {
    return std::find(manifest.sequences.begin(), manifest.sequences.end(), axis) !=
           manifest.sequences.end();
  };
  if (manifest.mainInput() < 0)
    reader.fail("inputs", "has no input over `time`");
  for (size_t i = 0; i < manifest.inputs.size(); ++i) {
    const ManifestInput &input = manifest.inputs[i];
    if (input.axes.size() != 1 || (!input.overTime() && !isSequence(input.axes[0])))
      reader.fail(element("inputs", i) + "axes", "is not one sequence axis");
  }
  for (const std::string &sequence : manifest.sequences)
    if (std::none_of(manifest.inputs.begin(), manifest.inputs.end(),
                     [&](const ManifestInput &input) { return input.axes[0] == sequence; }))
      reader.fail("sequences", "has `" + sequence + "`, which no input is along");
  for (size_t o = 0; o < manifest.outputs.size(); ++o) {
    const ManifestOutput &output = manifest.outputs[o];
    if (output.axes.size() != output.shape.size())
      reader.fail(element("outputs", o) + "shape", "has another length than `axes`");
    int64_t elements = 1;
    for (size_t a = 0; a < output.axes.size(); ++a) {
      bool open = output.shape[a] < 0;
      if (open != ((a == 0 && output.axes[a] == "time") || isSequence(output.axes[a])))
        reader.fail(element("outputs", o) + "shape",
                    "does not agree with the axes (`time` comes first, and only sequences are -1)");
      elements *= open ? 1 : std::max<int64_t>(output.shape[a], 1);
      if (elements > largestBytes)
        reader.fail(element("outputs", o) + "shape", "is too large");
    }
  }
}

json extentJson(const Extent &extent) {
  return {{"fixed", extent.fixed},       {"row", extent.row},
          {"position", extent.position}, {"rowPosition", extent.rowPosition},
          {"square", extent.square},     {"rowSquare", extent.rowSquare}};
}

} // namespace

int Manifest::mainInput() const {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].overTime())
      return int(i);
  return -1;
}

int Manifest::sourceInput() const {
  return inputs.size() == 2 && sequences.size() == 1 && mainInput() >= 0 ? 1 - mainInput() : -1;
}

int Manifest::logitsOutput() const {
  int found = -1;
  int64_t vocabulary = mainInput() < 0 ? -1 : inputs[mainInput()].limit;
  for (size_t o = 0; o < outputs.size(); ++o) {
    if (!outputs[o].overTime() || outputs[o].axes.size() != 2)
      continue;
    if (outputs[o].name == "logits")
      return int(o);
    if (found < 0 && outputs[o].shape[1] == vocabulary)
      found = int(o);
  }
  return found;
}

int Manifest::vectorOutput() const {
  int found = -1;
  for (size_t o = 0; o < outputs.size(); ++o) {
    const std::vector<int64_t> &shape = outputs[o].shape;
    if (outputs[o].inner || shape.empty() ||
        std::any_of(shape.begin(), shape.end(), [](int64_t size) { return size < 0; }))
      continue;
    if (outputs[o].name == "embedding")
      return int(o);
    if (found < 0)
      found = int(o);
  }
  return found;
}

int64_t ManifestRing::positions(int64_t maxRows, int64_t capacity) const {
  auto roundUp = [this](int64_t value) { return (value + unit - 1) / unit * unit; };
  int64_t size = std::min(pinned + roundUp(window) + roundUp(maxRows), capacity);
  return pinned ? std::max(size, pinned + unit) : size; // something lies behind the pinned ones
}

std::string Manifest::toJson() const {
  json result = {{"format", currentFormat},
                 {"model", model},
                 {"claim", claim},
                 {"unchecked", unchecked},
                 {"steps", steps},
                 {"arena", extentJson(arena)},
                 {"unit", unit},
                 {"state", {{"fixed", state.fixed}, {"position", state.position}}},
                 {"rings", json::array()},
                 {"states", json::array()},
                 {"inputs", json::array()},
                 {"outputs", json::array()},
                 {"sequences", sequences},
                 {"context", context},
                 {"longest", longest},
                 {"start", start},
                 {"build",
                  {{"tril", build.tril},
                   {"text", build.text},
                   {"textDigest", build.textDigest},
                   {"weights", build.weights},
                   {"weightsDigest", build.weightsDigest},
                   {"program", build.program},
                   {"cpu", build.cpu},
                   {"flags", build.flags},
                   {"blas", build.blas},
                   {"tileRegisters", build.tileRegisters}}}};
  if (!why.empty())
    result["why"] = why;
  for (const ManifestRing &ring : rings)
    result["rings"].push_back({{"window", ring.window},
                               {"position", ring.position},
                               {"unit", ring.unit},
                               {"pinned", ring.pinned}});
  for (const ManifestState &s : states) {
    json entry = {{"name", s.name},         {"kind", s.kind},   {"fixed", s.fixed},
                  {"position", s.position}, {"place", s.place}, {"type", s.type},
                  {"groups", s.groups},     {"width", s.width}, {"lanes", s.lanes},
                  {"lag", s.lag},           {"step", s.step},   {"shape", s.shape},
                  {"copies", json::array()}};
    if (s.window >= 0) {
      entry["window"] = s.window;
      entry["ring"] = s.ring;
      entry["pinned"] = s.pinned;
    }
    if (s.sequence >= 0)
      entry["sequence"] = s.sequence;
    for (const ManifestState::Copy &copy : s.copies)
      entry["copies"].push_back({copy.fixed, copy.position});
    result["states"].push_back(std::move(entry));
  }
  for (const ManifestInput &input : inputs)
    result["inputs"].push_back(
        {{"name", input.name}, {"limit", input.limit}, {"axes", input.axes}});
  for (const ManifestOutput &output : outputs) {
    json entry = {{"name", output.name}, {"axes", output.axes}, {"shape", output.shape}};
    if (output.inner)
      entry["inner"] = true;
    result["outputs"].push_back(std::move(entry));
  }
  // Paths need not be UTF-8: what is not is replaced rather than refused.
  return result.dump(1, ' ', false, json::error_handler_t::replace);
}

Manifest Manifest::fromJson(std::string_view text) {
  json root = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded())
    throw Error("the product's manifest is not valid JSON");
  Reader reader(root, "");
  int64_t format = reader.number("format", 0, INT32_MAX);
  if (format != currentFormat)
    reader.fail("format", "is " + std::to_string(format) + "; this program reads " +
                              std::to_string(currentFormat));

  Manifest manifest;
  manifest.model = reader.text("model");
  manifest.claim = reader.text("claim", false);
  manifest.unchecked = reader.truth("unchecked", false);
  manifest.steps = reader.truth("steps", true);
  manifest.why = reader.text("why", false);
  manifest.arena = readExtent(reader.inner("arena"));
  constexpr int64_t largestUnit = 64 * 720720; // of steps up to 16
  if (reader.has("unit"))
    manifest.unit = reader.number("unit", 64, largestUnit);
  manifest.state = readExtent(reader.inner("state"));
  for (const json &entry : reader.array("rings")) {
    Reader ring(entry, element("rings", manifest.rings.size()));
    manifest.rings.push_back({ring.number("window", 0, largestContext), ring.bytes("position")});
    manifest.rings.back().unit = ring.number("unit", 1, largestUnit);
    manifest.rings.back().pinned = ring.number("pinned", 0, largestContext);
    if (manifest.rings.back().pinned % 64 != 0)
      ring.fail("pinned", "is not a multiple of 64");
  }
  for (const json &entry : reader.array("states")) {
    Reader state(entry, element("states", manifest.states.size()));
    manifest.states.push_back(readState(state, manifest));
  }
  for (const json &entry : reader.array("inputs")) {
    Reader input(entry, element("inputs", manifest.inputs.size()));
    manifest.inputs.push_back(
        {input.text("name"), input.number("limit", 1, INT32_MAX), input.texts("axes")});
  }
  for (const json &entry : reader.array("outputs")) {
    Reader output(entry, element("outputs", manifest.outputs.size()));
    manifest.outputs.push_back(
        {output.text("name"), output.texts("axes"), output.shape("shape"), output.has("inner")});
  }
  manifest.sequences = reader.texts("sequences");
  if (reader.has("context"))
    manifest.context = reader.number("context", 1, largestContext);
  if (reader.has("longest"))
    manifest.longest = reader.number("longest", 0, largestContext);
  if (reader.has("start"))
    manifest.start = reader.number("start", -1, INT32_MAX);
  if (reader.has("build")) {
    Reader build = reader.inner("build");
    manifest.build = {build.text("tril", false),          build.text("text", false),
                      build.text("textDigest", false),    build.text("weights", false),
                      build.text("weightsDigest", false), build.text("program", false),
                      build.text("cpu", false),           build.texts("flags"),
                      build.truth("blas", false),         build.truth("tileRegisters", false)};
  }
  validate(manifest, reader);
  return manifest;
}

} // namespace tril
