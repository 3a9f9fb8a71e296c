//===- TokenizerJsonSteps.cpp - normalizers and pre-tokenizers of a tokenizer.json -----------===//
#include "runtime/TokenizerBase64.h"
#include "runtime/TokenizerJsonReader.h"
#include "runtime/TokenizerPatterns.h"

namespace tril::tokenizerjson {

using Kind = NormalizeStep::Kind;

namespace {

/// A literal text as a pattern.
std::string quoted(const std::string &text) {
  std::string pattern;
  for (char c : text) {
    if (static_cast<uint8_t>(c) < 0x80 && !std::isalnum(static_cast<uint8_t>(c)))
      pattern += '\\';
    pattern += c;
  }
  return pattern;
}

SplitStep::Behavior behavior(const json &object, const std::string &where) {
  const std::string &name = string(object, "behavior", where);
  if (name == "Isolated")
    return SplitStep::Behavior::isolated;
  if (name == "Contiguous")
    return SplitStep::Behavior::contiguous;
  require(name == "Removed", "splitting behavior `" + name + "`");
  return SplitStep::Behavior::removed;
}

/// A pattern of a `Split` or a `Replace`.
std::string patternOf(const json &object, const std::string &where) {
  const json &pattern = member(object, "pattern", where);
  const json &regex = member(pattern, "Regex", where);
  return regex.is_string() ? regex.get<std::string>() : quoted(string(pattern, "String", where));
}

void readSpaceMark(const json &pre, TokenizerData &data) {
  const std::string where = "`pre_tokenizer`";
  require(string(pre, "replacement", where) == "\u2581", "`Metaspace` with another mark");
  SplitStep step{.kind = SplitStep::Kind::spaceMark};
  step.invert = !boolean(pre, "split", true, where);
  const json &scheme = member(pre, "prepend_scheme", where);
  if (scheme.is_null()) { // until version 0.15 of the library
    step.prepend = boolean(pre, "add_prefix_space", true, where) ? SplitStep::Prepend::always
                                                                 : SplitStep::Prepend::never;
  } else {
    require(scheme == "always" || scheme == "first" || scheme == "never",
            "prepend scheme " + scheme.dump());
    step.prepend = scheme == "always"  ? SplitStep::Prepend::always
                   : scheme == "first" ? SplitStep::Prepend::first
                                       : SplitStep::Prepend::never;
  }
  data.steps.push_back(step);
}

/// Returns true once the step that spells bytes is there; no other may follow it.
bool readSteps(const json &pre, TokenizerData &data, bool spelled) {
  const std::string where = "`pre_tokenizer`", &type = string(pre, "type", where);
  require(!spelled, "pre-tokenizer `" + type + "` behind `ByteLevel`");
  if (type == "Sequence") {
    for (const json &part : array(pre, "pretokenizers", where))
      spelled = readSteps(part, data, spelled);
    return spelled;
  }
  if (type == "ByteLevel") {
    if (boolean(pre, "add_prefix_space", true, where))
      data.steps.push_back({.kind = SplitStep::Kind::prefixSpace});
    if (boolean(pre, "use_regex", true, where))
      data.steps.push_back({.pattern = std::string(byteLevelPattern())});
    return true;
  }
  if (type == "Digits") {
    data.steps.push_back(
        {.pattern = std::string(digitsPattern(boolean(pre, "individual_digits", false, where)))});
    return false;
  }
  if (type == "Punctuation") {
    data.steps.push_back(
        {.behavior = behavior(pre, where), .pattern = std::string(punctuationPattern())});
    return false;
  }
  if (type == "Metaspace") {
    readSpaceMark(pre, data);
    return false;
  }
  if (type == "WhitespaceSplit" || type == "BertPreTokenizer") {
    data.steps.push_back({.behavior = SplitStep::Behavior::removed, .pattern = "\\s"});
    if (type == "BertPreTokenizer")
      data.steps.push_back({.pattern = std::string(punctuationPattern())});
    return false;
  }
  if (type == "Whitespace") {
    data.steps.push_back(
        {.behavior = SplitStep::Behavior::removed, .invert = true, .pattern = "\\w+|[^\\w\\s]+"});
    return false;
  }
  require(type == "Split", "pre-tokenizer `" + type + "`");
  data.steps.push_back({.behavior = behavior(pre, where),
                        .invert = boolean(pre, "invert", false, where),
                        .pattern = patternOf(pre, where)});
  return false;
}

} // namespace

void readNormalizer(const json &normalizer, TokenizerData &data) {
  if (normalizer.is_null())
    return;
  const std::string where = "`normalizer`", &type = string(normalizer, "type", where);
  const auto add = [&](NormalizeStep step) { data.normalization.push_back(std::move(step)); };
  if (type == "Sequence") {
    for (const json &part : array(normalizer, "normalizers", where))
      readNormalizer(part, data);
  } else if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
    add({.form = type == "NFC"    ? Normalizer::nfc
                 : type == "NFD"  ? Normalizer::nfd
                 : type == "NFKC" ? Normalizer::nfkc
                                  : Normalizer::nfkd});
  } else if (type == "Prepend") {
    add({.kind = Kind::prepend, .content = string(normalizer, "prepend", where)});
  } else if (type == "Replace") {
    add({.kind = Kind::replace,
         .pattern = patternOf(normalizer, where),
         .content = string(normalizer, "content", where)});
  } else if (type == "Lowercase") {
    add({.kind = Kind::lowercase});
  } else if (type == "StripAccents") {
    add({.kind = Kind::dropMarks});
  } else if (type == "Strip") {
    if (boolean(normalizer, "strip_left", true, where))
      add({.kind = Kind::stripLeft});
    if (boolean(normalizer, "strip_right", true, where))
      add({.kind = Kind::stripRight});
  } else if (type == "Precompiled") {
    add({.kind = Kind::mapGraphemes,
         .content = fromBase64(string(normalizer, "precompiled_charsmap", where))});
  } else if (type == "BertNormalizer") {
    const bool lower = boolean(normalizer, "lowercase", true, where);
    if (boolean(normalizer, "clean_text", true, where))
      add({.kind = Kind::clean});
    if (boolean(normalizer, "handle_chinese_chars", true, where))
      add({.kind = Kind::spaceIdeographs});
    if (boolean(normalizer, "strip_accents", lower, where))
      add({.kind = Kind::dropAccents});
    if (lower)
      add({.kind = Kind::lowercase});
  } else {
    require(false, "normalizer `" + type + "`");
  }
}

void readPreTokenizer(const json &pre, TokenizerData &data) {
  if (pre.is_null() || !readSteps(pre, data, false))
    data.model = TokenizerModel::characters; // the model itself says more
}

} // namespace tril::tokenizerjson
