//===- NewText.cpp - a text to start from
//----------------------------------------------------------===//
// The examples are good beginnings but say little to somebody who reads the language for the first
// time, so each section (the first statement of a kind at the top level) gets a comment.
#include "Pipeline/NewText.h"
#include "runtime/Error.h"
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <set>
#include <sstream>
#include <string_view>

namespace tril::dsl {
struct StdFile {
  const char *name;
  const char *text;
};
extern const StdFile exampleFiles[]; // made of examples/*.tril by the build; ends with a null name
} // namespace tril::dsl

using namespace tril;

namespace {

/// What a section is for, by the word that its first line begins with.
struct Section {
  std::string_view word;
  const char *comment;
};

const Section sections[] = {
    {"axis", "# Sizes.  Axes have names, not an order; what the configuration lacks is `none`, and "
             "`a ?? b` is then b.\n"},
    {"let", "# What is known before the run: numbers, texts, lists, parts of the configuration.\n"},
    {"block",
     "# Parts with weights, whose names are relative: f@\"prefix\"(x) is f with the weights "
     "under the prefix.\n"},
    {"input", "# What is read, and weights outside of the parts; `\"name\" ?? other` takes the "
              "first that there is.\n"},
    {"for", "# The layers, one after the other; the name of the axis is a number in here.\n"},
    {"output", "# What comes out, at every position.\n"},
};

std::string exampleText(const std::string &from) {
  std::string names;
  for (const dsl::StdFile *file = dsl::exampleFiles; file->name; ++file) {
    std::string name(file->name, std::strlen(file->name) - std::strlen(".tril"));
    if (name == from)
      return file->text;
    names += (names.empty() ? "" : ", ") + name;
  }
  throw Error("there is no text `" + from + "` to begin with; there are " + names);
}

bool isName(const std::string &text) {
  auto letter = [](char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; };
  if (text.empty() || !(letter(text[0]) || text[0] == '_'))
    return false;
  for (char c : text)
    if (!letter(c) && c != '_' && !(c >= '0' && c <= '9'))
      return false;
  return true;
}

std::string firstWord(const std::string &line) {
  return line.substr(0, line.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
}

std::string commented(const std::string &text, const std::string &from, const std::string &model,
                      const std::string &path) {
  std::istringstream lines(text);
  std::string line, out;
  std::set<std::string_view> begun;
  bool explained = false; // the line before is a comment of the text's own
  bool first = true;
  while (std::getline(lines, line)) {
    if (first && line.rfind("# ", 0) == 0)
      line = "# " + model + ": say here what is special.  Begun from `" + from + "`, which is\n" +
             line + "\n# `tril check " + path +
             " --config config.json` tells what is wrong; `tril std` "
             "lists the library.";
    first = false;
    std::string word = firstWord(line);
    if (word == "model")
      line.replace(0, line.find(' ', 6) == std::string::npos ? line.size() : line.find(' ', 6),
                   "model " + model);
    for (const Section &section : sections)
      if (word == section.word && begun.insert(section.word).second && !explained)
        out += section.comment;
    explained = line.rfind('#', 0) == 0;
    out += line + "\n";
  }
  return out;
}

} // namespace

int tril::newText(const NewTextRequest &request) {
  std::string path = request.path;
  if (!path.ends_with(".tril"))
    path += ".tril";
  std::string model = path.substr(path.rfind('/') + 1);
  model.resize(model.size() - std::strlen(".tril"));
  if (!isName(model))
    throw Error("`" + model +
                "` is no name of a model: letters, digits and `_`, a digit not first");
  std::string text = commented(exampleText(request.from), request.from, model, path);
  std::FILE *file = std::fopen(path.c_str(), "wx"); // x: never over what is there
  if (!file)
    throw Error(errno == EEXIST ? "`" + path + "` is there already and stays as it is"
                                : "cannot write `" + path + "`: " + std::strerror(errno));
  bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  written &= std::fclose(file) == 0;
  if (!written) {
    std::remove(path.c_str());
    throw Error("cannot write `" + path + "`: " + std::strerror(errno));
  }
  std::cerr << "wrote " << path << ", begun from " << request.from << "\n";
  return 0;
}
