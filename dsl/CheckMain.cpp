//===- CheckMain.cpp - `tril check` and `tril std`
//--------------------------------------------------===//
#include "dsl/CheckMain.h"
#include "dsl/Parser.h"
#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>
#include <sstream>

using namespace tril::dsl;

std::optional<std::string> tril::dsl::readTextFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  if (!in || !(text << in.rdbuf()))
    return std::nullopt;
  return text.str();
}

std::optional<Model> tril::dsl::checkFile(const CheckRequest &request, std::ostream &messages) {
  errno = 0;
  std::ifstream in(request.path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in.is_open() || in.bad()) {
    messages << "error: cannot read `" << request.path << "`: " << std::strerror(errno) << "\n";
    return std::nullopt;
  }
  Diagnostics diagnostics;
  ast::Program program =
      parse(std::make_shared<Source>(Source{request.path, text.str()}), diagnostics);
  Library library = loadStd(request.stdDirectory, diagnostics);
  std::optional<Model> model;
  // What did not parse is missing from the tree, so that its names would be called unknown.
  if (!diagnostics.hasErrors()) {
    CheckOptions options;
    options.config = request.config;
    options.dialect = request.dialect;
    options.tensors = request.tensors;
    options.library = &library;
    model = check(program, options, diagnostics);
  }
  if (request.json)
    messages << toJson(diagnostics).dump(2) << "\n";
  else if (!diagnostics.all().empty())
    messages << render(diagnostics, request.color);
  return model;
}

bool tril::dsl::printStd(const std::string &name, const std::string &stdDirectory,
                         std::ostream &out, std::ostream &messages) {
  Diagnostics diagnostics;
  Library library = loadStd(stdDirectory, diagnostics);
  if (diagnostics.hasErrors()) {
    messages << render(diagnostics, false);
    return false;
  }
  if (name.empty()) {
    for (const std::string &known : library.names())
      out << known << "\n";
    return true;
  }
  if (auto text = library.text(name)) {
    out << *text;
    return true;
  }
  std::string near = nearest(name, library.names());
  messages << "error: the library has no `" << name << "`\n";
  if (!near.empty())
    messages << "help: a similar name is `" << near << "`\n";
  return false;
}
