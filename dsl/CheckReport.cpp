//===- CheckReport.cpp - how the checker tells what it found
//--------------------------------------===//
#include "dsl/CheckContext.h"
#include <algorithm>

using namespace tril::dsl;
using namespace tril::dsl::checker;

// An error inside a library function is told at the call in the user's text.
void Checker::error(Diag kind, const Span &span, std::string message, std::string help,
                    std::vector<Note> notes) {
  if (quiet_) {
    ++quietErrors_;
    return;
  }
  failed_ = true;
  Span place = span;
  if (auto found = inText_.find(span.source); found != inText_.end())
    place = found->second;
  Span primary = place;
  size_t frame = frames_.size();
  while (frame > 0 && frames_[frame - 1].function->library)
    primary = frames_[--frame].call;
  bool inside = frame < frames_.size();
  std::string key = std::to_string(static_cast<int>(kind)) + ":" +
                    std::to_string(reinterpret_cast<uintptr_t>(primary.source)) + ":" +
                    std::to_string(primary.begin) + ":" + std::to_string(primary.end);
  if (!told_.insert(key).second || stopped_) // every layer has the same
    return;
  constexpr int most = 100;
  if (++errors_ >= most)
    stopped_ = true;
  if (inside)
    notes.insert(notes.begin(), {place, "it is needed here, in the library"});
  if (frame > 0 && frame == frames_.size())
    notes.push_back({frames_[frame - 1].call,
                     "in this use of `" + frames_[frame - 1].function->node->name.text + "`"});
  auto &diagnostic = diagnostics_.error(kind, primary, std::move(message));
  diagnostic.notes = std::move(notes);
  if (!help.empty())
    diagnostic.help(std::move(help));
}

bool Checker::step(const Span &span) {
  constexpr int64_t most = 500000;
  constexpr size_t mostNodes = 4000000;
  if (stopped_)
    return false;
  if (++steps_ <= most && graph.model.nodes.size() <= mostNodes)
    return true;
  error(Diag::too_large, span,
        "the text unrolls to more than " + std::to_string(most) + " calls and statements");
  stopped_ = true;
  return false;
}

std::string Checker::textOf(const Span &span) const {
  if (!span.source)
    return {};
  std::string out;
  for (char c : std::string_view(span.source->text).substr(span.begin, span.end - span.begin)) {
    bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out.size() > 60 ? out.substr(0, 57) + "..." : out;
}

std::string Checker::axesText(const std::vector<AxisId> &axes) const {
  if (axes.empty())
    return "no axes";
  std::string out = "[";
  for (AxisId axis : axes) {
    // Two axes of one name are told apart by their sizes, if these differ.
    bool twice = std::count_if(axes.begin(), axes.end(), [&](AxisId other) {
                   return graph.axis(other).name == graph.axis(axis).name;
                 }) > 1;
    out += (out.size() > 1 ? ", " : "") + graph.axis(axis).name;
    if (auto size = graph.size(axis); twice && size)
      out += " of " + std::to_string(*size);
  }
  return out + "]";
}

std::string Checker::describeValue(const Value &value) const {
  if (!value.isNode())
    return describe(value);
  const Type &type = graph.type(value.node);
  return (type.element == Element::truth ? "a truth value over " : "a value over ") +
         axesText(type.axes);
}

// `config.a.key`: what the configuration has instead of `key`.
std::string Checker::nearConfigKey(const std::string &origin) const {
  if (!origin.starts_with("config."))
    return {};
  const nlohmann::json *at = &config_;
  std::string rest = origin.substr(7), path = "config";
  for (size_t dot; (dot = rest.find('.')) != std::string::npos; rest = rest.substr(dot + 1)) {
    auto found = at->find(rest.substr(0, dot));
    if (found == at->end() || !found->is_object())
      return {};
    at = &*found;
    path += "." + rest.substr(0, dot);
  }
  if (!at->is_object() || at->contains(rest))
    return {};
  std::vector<std::string> keys;
  for (auto &[key, value] : at->items())
    keys.push_back(key);
  std::string near = nearest(rest, keys);
  return near.empty() ? near : "the configuration has `" + path + "." + near + "`";
}

void Checker::errorNone(const Value &none, const Span &span, const std::string &what) {
  std::string help = nearConfigKey(none.text);
  if (none.text.empty()) {
    error(Diag::none_used, span, what + " is none");
    return;
  }
  if (help.empty())
    help = "`" + none.text + " ?? VALUE` gives a default";
  error(Diag::none_used, span, what + " is none: the configuration has no `" + none.text + "`",
        help);
}
