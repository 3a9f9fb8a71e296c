//===- Session.cpp
//------------------------------------------------------------------------------===//
#include "runtime/Session.h"
#include "runtime/Error.h"
#include "runtime/TileRegisters.h"
#include <algorithm>
#include <cassert>

namespace tril {
namespace {

int64_t roundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

std::string counted(int64_t count, const char *noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

} // namespace

Session::Session(const Manifest &manifest, const char *weights, StepFunction step, ThreadPool &pool,
                 int64_t context, int64_t batch)
    : Session(manifest, weights, step, pool, context, batch, std::make_shared<Scratch>()) {}

Session::Session(const Manifest &manifest, const char *weights, StepFunction step, ThreadPool &pool,
                 int64_t context, int64_t batch, std::shared_ptr<Scratch> shared)
    : manifest(manifest), step(step), pool(pool), limit(context), batch(std::min(batch, context)),
      scratch(std::move(shared)), states(this->manifest, frame.extents),
      outputs(manifest.outputs.size()) {
  if (manifest.longest > 0 && context > manifest.longest)
    throw Error("`" + manifest.model + "` has a table with " + std::to_string(manifest.longest) +
                " positions, and " + std::to_string(context) + " are asked for");
  if (manifest.build.tileRegisters)
    if (std::string why = requestTileRegisters(); !why.empty())
      throw Error("`" + manifest.model + "` is built for a processor with AMX (" +
                  manifest.build.cpu + "), whose tile registers the system does not give: " + why +
                  "; built with another --mcpu, such as x86-64-v4, it does not use them");
  for (size_t i = 0; i < manifest.inputs.size(); ++i)
    if (manifest.inputs[i].overTime())
      overTime.push_back(int(i));
  outputRoom.resize(manifest.outputs.size());
  frame.outputs = outputRoom.data();
  sequences.resize(manifest.inputs.size());
  history.resize(overTime.size());
  frame.weights = weights;
  if (manifest.steps)
    allocate(this->batch, roundUp(limit, manifest.unit));
  reset();
}

void Session::allocate(int64_t rows, int64_t capacity) {
  const Extent &extent = manifest.arena;
  const int64_t perRow[tril_regions] = {0, extent.row, 0, extent.rowPosition, 0, extent.rowSquare};
  const int64_t once[tril_regions] = {extent.fixed, 0, extent.position, 0, extent.square, 0};
  for (int i = 0; i < tril_regions; ++i) {
    int64_t bytes = sumOrMost(once[i], productOrMost(perRow[i], rows));
    for (int power = 0; power < i / 2; ++power)
      bytes = productOrMost(bytes, capacity);
    scratch->regions[i].ensure(bytes, "intermediate values; a smaller -b or -c needs less");
    if (i < 2) // others are for the whole context
      scratch->regions[i].expectFull();
  }
  states.allocate(rows, capacity);
  states.describe(frame);
  frame.maxRows = rows;
  frame.capacity = capacity;
}

void Session::reset() {
  reached = 0;
  outputRows = 0;
  checkpoints.clear();
  states.clear();
  for (auto &values : history)
    values.clear();
  for (auto &values : sequences)
    values.clear();
  std::fill(std::begin(frame.extents), std::end(frame.extents), 0);
}

void Session::checkValues(int input, std::span<const int32_t> values, int64_t firstPosition) const {
  const ManifestInput &described = manifest.inputs[input];
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] < 0 || values[i] >= described.limit)
      throw Error("`" + described.name + "` " + std::to_string(values[i]) + " at position " +
                  std::to_string(firstPosition + int64_t(i)) + " is outside the vocabulary of " +
                  std::to_string(described.limit));
}

void Session::setSequence(int input, std::span<const int32_t> values) {
  const ManifestInput &described = manifest.inputs[input];
  assert(reached == 0 && !described.overTime());
  checkValues(input, values, 0);
  auto axis = std::find(manifest.sequences.begin(), manifest.sequences.end(), described.axes[0]);
  int64_t &extent = frame.extents[axis - manifest.sequences.begin()];
  if (extent != 0 && extent != int64_t(values.size()))
    throw Error("the inputs along `" + *axis + "` differ in length: " + std::to_string(extent) +
                " and " + std::to_string(values.size()) + " (`" + described.name + "`)");
  if (values.empty())
    throw Error("`" + described.name + "` is empty");
  if (int64_t(values.size()) > limit)
    throw Error("`" + described.name + "` has " + counted(int64_t(values.size()), "value") +
                "; -c gives room for " + std::to_string(limit));
  extent = int64_t(values.size());
  sequences[input].assign(values.begin(), values.end());
}

void Session::check(std::span<const std::span<const int32_t>> inputs) const {
  if (inputs.size() != overTime.size())
    throw Error("the model reads " + counted(int64_t(overTime.size()), "input") +
                " over time, not " + std::to_string(inputs.size()));
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].size() != inputs[0].size())
      throw Error("the inputs over time differ in length: " + std::to_string(inputs[0].size()) +
                  " and " + std::to_string(inputs[i].size()) + " (`" +
                  manifest.inputs[overTime[i]].name + "`)");
    checkValues(overTime[i], inputs[i], reached);
  }
  for (size_t i = 0; i < manifest.inputs.size(); ++i)
    if (!manifest.inputs[i].overTime() && sequences[i].empty())
      throw Error("the model also reads `" + manifest.inputs[i].name + "`, which is not given");
  int64_t rows = int64_t(inputs[0].size());
  if (reached == 0 && rows > limit)
    throw Error("the prompt has " + counted(rows, "token") + "; -c gives room for " +
                std::to_string(limit));
  if (rows > limit - reached)
    throw Error("the context is full: " + std::to_string(reached) + " positions and " +
                counted(rows, "new token") + "; -c gives room for " + std::to_string(limit));
}

bool Session::advance(std::span<const std::span<const int32_t>> inputs, int64_t outputBegin,
                      const Sink &sink) {
  check(inputs);
  int64_t total = int64_t(inputs[0].size());
  outputRows = 0;
  std::vector<const int32_t *> pointers(inputs.size());

  if (!manifest.steps) {
    if (total == 0)
      return true;
    if (interrupted && interrupted())
      return false;
    int64_t before = reached, length = reached + total;
    for (size_t i = 0; i < inputs.size(); ++i) {
      history[i].insert(history[i].end(), inputs[i].begin(), inputs[i].end());
      pointers[i] = history[i].data();
    }
    int64_t longest = length; // of all sequences
    for (const auto &values : sequences)
      longest = std::max(longest, int64_t(values.size()));
    if (longest > frame.capacity)
      allocate(roundUp(longest, manifest.unit), roundUp(longest, manifest.unit));
    states.clear();
    states.expect(longest);
    reached = 0;
    call(pointers, length, before + outputBegin);
    if (sink && outputRows > 0)
      sink(outputBegin, outputRows);
    return true;
  }

  states.expect(reached + total);
  for (int64_t begin = 0; begin < total;) {
    if (interrupted && interrupted())
      return false;
    int64_t rows = std::min(batch, total - begin);
    if (checkpointEvery > 0)
      rows = std::min(rows, checkpointEvery - reached % checkpointEvery);
    for (size_t i = 0; i < inputs.size(); ++i)
      pointers[i] = inputs[i].data() + begin;
    int64_t wanted = std::clamp<int64_t>(outputBegin - begin, 0, rows);
    call(pointers, rows, wanted);
    for (size_t i = 0; i < inputs.size(); ++i)
      history[i].insert(history[i].end(), pointers[i], pointers[i] + rows);
    if (checkpointEvery > 0 && reached % checkpointEvery == 0)
      checkpoint();
    if (sink && outputRows > 0)
      sink(begin + wanted, outputRows);
    begin += rows;
  }
  return true;
}

void Session::call(std::span<const int32_t *const> inputs, int64_t rows, int64_t outputBegin) {
  for (size_t i = 0; i < manifest.inputs.size(); ++i)
    frame.inputs[i] = sequences[i].data();
  for (size_t i = 0; i < overTime.size(); ++i)
    frame.inputs[overTime[i]] = inputs[i];
  outputRows = rows - outputBegin;
  for (size_t o = 0; o < manifest.outputs.size(); ++o) {
    int64_t elements = rowElements(int(o));
    if (manifest.outputs[o].overTime())
      elements = productOrMost(elements, outputRows);
    outputs[o].ensure(productOrMost(elements, sizeof(float)), "the outputs");
    outputs[o].expectFull();
    outputRoom[o] = reinterpret_cast<float *>(outputs[o].data());
  }
  for (size_t i = 0; i < manifest.sequences.size(); ++i)
    frame.sequenceRows[i] = reached == 0 ? frame.extents[i] : 0;
  frame.rows = rows;
  frame.position = reached;
  frame.outputBegin = outputBegin;
  for (int i = 0; i < tril_regions; ++i) // another session may have made it larger
    frame.arena[i] = scratch->regions[i].data();
  pool.run(step, frame);
  reached += rows;
  states.wrote(reached);
}

int64_t Session::rowElements(int o) const {
  const ManifestOutput &output = manifest.outputs[o];
  int64_t elements = 1;
  for (size_t a = 0; a < output.axes.size(); ++a) {
    if (a == 0 && output.overTime())
      continue;
    int64_t size = output.shape[a];
    if (size < 0) {
      auto axis = std::find(manifest.sequences.begin(), manifest.sequences.end(), output.axes[a]);
      size = frame.extents[axis - manifest.sequences.begin()];
    }
    elements = productOrMost(elements, size);
  }
  return elements;
}

std::span<const float> Session::output(int o) const {
  int64_t rows = manifest.outputs[o].overTime() ? outputRows : 1;
  return {frame.outputs[o], size_t(rows * rowElements(o))};
}

std::span<const float> Session::lastRow(int o) const {
  std::span<const float> all = output(o);
  size_t elements = size_t(rowElements(o));
  return all.subspan(all.size() - elements);
}

} // namespace tril
