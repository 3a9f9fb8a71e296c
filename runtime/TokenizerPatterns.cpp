//===- TokenizerPatterns.cpp - the table of pre-tokenizers ------------------------------------===//
// The names are those that converters write into GGUF files (llama.cpp,
// convert_hf_to_gguf_update.py and src/llama-vocab.cpp).  The patterns are restated from the
// published tokenizer.json of the models which the names stand for, where llama.cpp quotes them;
// else they are llama.cpp's.
#include "runtime/TokenizerPatterns.h"
#include "runtime/Error.h"
#include "runtime/TokenizerSplit.h"
#include <algorithm>
#include <map>

namespace tril {
namespace {

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define TAIL "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define WORD_BY_CASE(after)                                                                        \
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"       \
  "+" after "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}"   \
  "\\p{M}]*" after
#define SYMBOLS_OR_SLASH " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"

constexpr std::string_view kGpt2 =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
constexpr std::string_view kDigit = "[\\p{N}\\x{11de0}-\\x{11de9}\\x{16ff4}-\\x{16ff6}]";
constexpr std::string_view kDigits = "[\\p{N}\\x{11de0}-\\x{11de9}\\x{16ff4}-\\x{16ff6}]+";
constexpr std::string_view kPunctuation =
    "(?!["
    "\\x{61d}\\x{9fd}\\x{a76}\\x{c77}\\x{c84}\\x{1b7d}-\\x{1b7e}\\x{2e43}-\\x{2e4f}"
    "\\x{2e52}-\\x{2e5d}\\x{10ead}\\x{10f55}-\\x{10f59}\\x{10f86}-\\x{10f89}"
    "\\x{1144b}-\\x{1144f}\\x{1145a}-\\x{1145b}\\x{1145d}\\x{11660}-\\x{1166c}\\x{116b9}"
    "\\x{1183b}\\x{11944}-\\x{11946}\\x{119e2}\\x{11a3f}-\\x{11a46}\\x{11a9a}-\\x{11a9c}"
    "\\x{11a9e}-\\x{11aa2}\\x{11c41}-\\x{11c45}\\x{11c70}-\\x{11c71}\\x{11ef7}-\\x{11ef8}"
    "\\x{11fff}\\x{12ff1}-\\x{12ff2}\\x{16e97}-\\x{16e9a}\\x{16fe2}\\x{1e95e}-\\x{1e95f}"
    "\\x{1b4e}-\\x{1b4f}\\x{1b7f}\\x{10d6e}\\x{113d4}-\\x{113d5}\\x{113d7}-\\x{113d8}"
    "\\x{11b00}-\\x{11b09}\\x{11be1}\\x{11f43}-\\x{11f4f}\\x{16d6d}-\\x{16d6f}\\x{1e5ff}"
    "])[\\p{P}\\x{166d}\\x{111c9}!-/:-@\\[-`{-~]";
constexpr std::string_view kThreeDigits =
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" TAIL;
constexpr std::string_view kOneDigit =
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" TAIL;
constexpr std::string_view kOneDigitMarks = CONTRACTIONS
    "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" TAIL;
constexpr std::string_view kOneDigitNoContractions =
    "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" TAIL;
constexpr std::string_view kAllDigits =
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}+| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" TAIL;
constexpr std::string_view kHalvedSpaces = CONTRACTIONS
    "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
    "|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)|\\s{16}(?!\\S)"
    "|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}";
constexpr std::string_view kByCase =
    WORD_BY_CASE(CONTRACTIONS "?") "|\\p{N}{1,3}|" SYMBOLS_OR_SLASH "|" TAIL;
constexpr std::string_view kByCaseOneDigit =
    WORD_BY_CASE(CONTRACTIONS "?") "|\\p{N}|" SYMBOLS_OR_SLASH "|" TAIL;
constexpr std::string_view kByCaseNoContractions =
    WORD_BY_CASE("") "|\\p{N}|" SYMBOLS_OR_SLASH "|" TAIL;
constexpr std::string_view kSingleLineBreaks =
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| "
    "?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]"
    "|\\s+(?!\\S)|\\s+";
constexpr std::string_view kSymbolsWithoutBreaks =
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|" TAIL;
constexpr std::string_view kWordsAcrossSpaces =
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}| "
                 "?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?"
                 "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
constexpr std::string_view kUpToThreeDigits = "\\p{N}{1,3}";
constexpr std::string_view kThreeDigitsFromTheRight = "\\d{1,3}(?=(?:\\d{3})*\\b)";
constexpr std::string_view kCjk = "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}]+";
constexpr std::string_view kCjkCoder =
    "[\\x{4e00}-\\x{9fa5}\\x{0800}-\\x{4e00}\\x{ac00}-\\x{d7ff}]+";
constexpr std::string_view kAsciiPunctuationWords =
    "[!\"#$%&'()*+,\\-./"
    ":;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\\r\\n]*|" TAIL;
constexpr std::string_view kNotPunctuation =
    " ?[^(\\s|.,!?\\x{2026}\\x{3002}\\x{ff0c}\\x{3001}\\x{964}\\x{6d4}\\x{60c})]+";

using Table = std::map<std::string_view, NamedPreTokenizer>;

Table makeTable() {
  Table table;
  const auto add = [&](std::initializer_list<std::string_view> names,
                       const NamedPreTokenizer &meaning) {
    for (std::string_view name : names)
      table.emplace(name, meaning);
  };
  const Normalizer none = Normalizer::none, nfc = Normalizer::nfc;
  add({"gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0",
       "mellum", "modern-bert", "exaone4", "mpt", "olmo", "jais", "trillion", "granite-docling",
       "jina-v1-en", "jina-v2-code", "roberta-bpe"},
      {{kGpt2}});
  add({"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b",
       "mellum2"},
      {{kDigit, kGpt2}});
  add({"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
       "jina-v5-nano"},
      {{kThreeDigits}, none, true, true});
  add({"dbrx", "smaug-bpe", "chatglm-bpe"}, {{kThreeDigits}});
  add({"glm4", "glm5"}, {{kThreeDigits}, none, true});
  add({"jais-2"}, {{kHalvedSpaces}});
  add({"qwen2", "deepseek-r1-qwen", "megrez"}, {{kOneDigit}, nfc});
  add({"stablelm2", "hunyuan", "solar-open", "kormo", "f2llmv2", "grok-2"}, {{kOneDigit}});
  add({"qwen35"}, {{kOneDigitMarks}, nfc});
  add({"ufakzeka"}, {{kOneDigitNoContractions}});
  add({"minicpm5"}, {{kUpToThreeDigits, kAllDigits}, none, true});
  add({"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"}, {{kByCase}});
  add({"tekken"}, {{kByCaseNoContractions}, none, true, true});
  add({"tiny_aya", "cohere2moe"}, {{kThreeDigitsFromTheRight, kByCase}});
  add({"youtu"}, {{"[\\x{ac00}-\\x{d7a3}\\x{3131}-\\x{318e}]+"
                   "|[\\x{ff01}\\x{2026}\\x{201c}\\x{201d}\\x{2018}\\x{2019}\\x{2014}\\x{ff1a}\\x{"
                   "ff1b}\\x{ff0c}"
                   "\\x{3001}-\\x{303f}\\x{fe30}-\\x{fe4f}]+|[\\x{3105}-\\x{312f}]+"
                   "|[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}]+",
                   kByCaseOneDigit},
                  none,
                  true});
  add({"bailingmoe", "bailingmoe2", "llada-moe"}, {{kSingleLineBreaks}});
  add({"seed-coder"}, {{kSymbolsWithoutBreaks}});
  add({"exaone-moe"}, {{kWordsAcrossSpaces}});
  add({"deepseek-coder"}, {{"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", kCjkCoder, "\\p{N}"}});
  add({"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"},
      {{kUpToThreeDigits, kCjk, kAsciiPunctuationWords}});
  add({"falcon"}, {{"[\\p{P}\\$\\+<=>\\^~\\|`]+", kGpt2, "[0-9][0-9][0-9]"}});
  add({"default"}, {{"[\\p{P}\\$\\+<=>\\^~\\|]+", kGpt2, "\\p{N}+", "[0-9][0-9][0-9]"}});
  add({"poro-chat", "bloom", "gpt3-finnish"}, {{kNotPunctuation}});
  add({"viking"}, {{kNotPunctuation, "\\p{N}"}});
  add({"superbpe"}, {{"\\p{N}+", "(?=(\\d{3})+(?!\\d))"}});
  add({"laguna"}, {{"[^\\n]+|[\\n]+", kOneDigit}});
  return table;
}

constexpr std::string_view kWhiteSpace = "\\t-\\r\\x20\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{"
                                         "2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";

std::string hex(char32_t codePoint) {
  char text[16];
  snprintf(text, sizeof text, "\\x{%x}", static_cast<unsigned>(codePoint));
  return text;
}

/// `\p{name}` and what later versions of Unicode added to it, as items of a class.
std::string categoryItems(std::string_view name) {
  std::string items = "\\p{" + std::string(name) + "}";
  if (name.size() <= 2) // longer names are scripts
    for (const LateRange &range : lateRanges())
      if (std::string_view(range.category).starts_with(name))
        items += hex(range.first) + (range.last > range.first ? "-" + hex(range.last) : "");
  return items;
}

/// One escape at the start of `rest`: what it becomes, and how long it was.
std::pair<std::string, size_t> restateEscape(std::string_view rest, bool inClass) {
  const char kind = rest.size() > 1 ? rest[1] : '\0';
  const auto bracket = [&](const std::string &items) {
    return inClass ? items : (kind == 'S' || kind == 'P' ? "[^" : "[") + items + "]";
  };
  if (kind == 's' || (kind == 'S' && !inClass))
    return {bracket(std::string(kWhiteSpace)), 2};
  if ((kind == 'p' || (kind == 'P' && !inClass)) && rest.size() > 2 && rest[2] == '{' &&
      rest.size() > 3 && rest[3] != '^')
    if (const size_t close = rest.find('}'); close != std::string_view::npos)
      return {bracket(categoryItems(rest.substr(3, close - 3))), close + 1};
  return {std::string(rest.substr(0, 2)), std::min<size_t>(2, rest.size())};
}

/// Texts that published vocabularies give to the token after which a model has no more to say
/// (llama.cpp, src/llama-vocab.cpp, keeps the same list).
constexpr std::string_view kEnds[] = {
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end_of_text|>",
    "<eos>",
    "<turn|>",
    "<end_of_utterance>",
    "<|tool_response>",
    "[e~[",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
};

} // namespace

const NamedPreTokenizer *findPreTokenizer(std::string_view name) {
  static const Table table = makeTable();
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

std::string_view byteLevelModel() { return "gpt2"; }
std::string_view scoredModel() { return "llama"; }
std::string_view unigramModel() { return "t5"; }
std::string_view wordsModel() { return "bert"; }
std::string_view byteLevelPattern() { return kGpt2; }
std::string_view punctuationPattern() { return kPunctuation; }
std::string_view digitsPattern(bool individual) { return individual ? kDigit : kDigits; }

bool namesEndOfGeneration(std::string_view text) {
  return std::find(std::begin(kEnds), std::end(kEnds), text) != std::end(kEnds);
}

std::string restatePattern(std::string_view pattern) {
  std::string result;
  bool inClass = false;
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\\') {
      auto [text, length] = restateEscape(pattern.substr(at), inClass);
      result += text;
      at += length;
      continue;
    }
    result += c;
    ++at;
    if (!inClass && c == '[') {
      inClass = true;
      for (char first : {'^', ']'}) // a bracket that comes first stands for itself
        if (at < pattern.size() && pattern[at] == first) {
          result += first;
          ++at;
        }
    } else if (inClass && c == ']') {
      inClass = false;
    } else if (inClass && c == '[') {
      throw Error("the tokenizer's pattern `" + std::string(pattern) +
                  "` has a class within a class at its byte " + std::to_string(at - 1) +
                  ", which is not supported");
    }
  }
  return result;
}

} // namespace tril
