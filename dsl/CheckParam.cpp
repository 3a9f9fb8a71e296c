//===- CheckParam.cpp - params bound to the tensors of a checkpoint
//-------------------------------===//
#include "dsl/CheckContext.h"
#include "dsl/CheckRenames.h"
#include "dsl/Parser.h"
#include <algorithm>
#include <cmath>

using namespace tril::dsl;
using namespace tril::dsl::checker;
using Sort = Value::Sort;

//===--- Names --------------------------------------------------------------------------------===//

std::string Checker::interpolate(const std::string &text, const Span &span,
                                 std::vector<AxisId> *stacked, bool message) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t end = text[i] == '{' ? text.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out += text[i++];
      continue;
    }
    std::string part = text.substr(i + 1, end - i - 1), whole = text.substr(i, end - i + 1);
    i = end + 1;
    if (stacked)
      if (Binding *binding = find(part);
          binding && binding->value.is(Sort::axes) && binding->value.axes.size() == 1) {
        if (!contains(*stacked, binding->value.axes.front()))
          stacked->push_back(binding->value.axes.front());
        out += "{" + graph.axis(binding->value.axes.front()).name + "}";
        continue;
      }
    auto &parsed = parts_[part];
    if (!parsed.expr) {
      parsed.source = std::make_shared<Source>(Source{span.source ? span.source->path : "", part});
      Diagnostics apart;
      parsed.expr = parseExpression(parsed.source, apart);
      if (!parsed.expr) {
        error(Diag::bad_text_part, span,
              "`" + whole + "` in a text is no expression" +
                  (apart.all().empty() ? "" : ": " + apart.all().front().message));
        continue;
      }
    }
    inText_[parsed.source.get()] = span; // what is wrong in it is told at the text
    ast::ExprPtr expr = parsed.expr;
    Value value = evaluate(*expr);
    if (out.size() + value.text.size() > 100000) {
      error(Diag::too_large, span, "the text that is filled in here has no end");
      return {};
    }
    switch (value.sort) {
    case Sort::number:
      out += formatNumber(value.number);
      break;
    case Sort::string:
      out += value.text;
      break;
    case Sort::unknown:
    case Sort::poison:
      out += whole;
      break;
    case Sort::none:
      if (!message)
        errorNone(value, span, "`" + whole + "` in a text");
      else
        out += "none";
      break;
    default:
      error(Diag::bad_text_part, span,
            "`" + whole + "` in a text is " + describeValue(value) +
                ", and a number or a text is needed");
    }
  }
  return out;
}

std::string Checker::fullName(const std::string &text) const {
  if (text.starts_with("/"))
    return text.substr(1);
  std::string out;
  for (const PrefixPart &part : prefix_)
    if (!part.text.empty())
      out += part.text + ".";
  return text.empty() && !out.empty() ? out.substr(0, out.size() - 1) : out + text;
}

std::string Checker::fullPattern(const std::string &text) const {
  if (text.starts_with("/"))
    return text.substr(1);
  std::string out;
  for (const PrefixPart &part : prefix_)
    if (!part.pattern.empty())
      out += part.pattern + ".";
  return text.empty() && !out.empty() ? out.substr(0, out.size() - 1) : out + text;
}

Checker::Stored Checker::storedTensor(const std::string &text, const std::string &pattern,
                                      std::vector<AxisId> stacked) {
  Stored stored;
  stored.what = Stored::tensor;
  stored.pattern = fullPattern(pattern);
  Names::Tensor named = storedName(text);
  stored.name = named.name;
  stored.layout = named.layout;
  // A dialect may store in one tensor what the text stacks.
  for (AxisId axis : stacked)
    if (stored.name.find("{" + graph.axis(axis).name + "}") != std::string::npos)
      stored.stacked.push_back(axis);
  return stored;
}

std::vector<std::string> Checker::storedNames(const Stored &stored) const {
  std::vector<std::string> names = {stored.name};
  for (AxisId axis : stored.stacked) {
    std::string mark = "{" + graph.axis(axis).name + "}";
    std::vector<std::string> out;
    int64_t size = std::min<int64_t>(graph.size(axis).value_or(1), 1000000);
    for (const std::string &name : names)
      for (int64_t i = 0; i < size; ++i) {
        std::string filled = name;
        for (size_t at; (at = filled.find(mark)) != std::string::npos;)
          filled.replace(at, mark.size(), std::to_string(i));
        out.push_back(std::move(filled));
      }
    names = std::move(out);
  }
  return names;
}

bool Checker::isStored(const Stored &stored) const {
  if (!options_.tensors)
    return true;
  if (stored.stacked.size() > 1) // told when it is bound
    return true;
  std::vector<std::string> names = storedNames(stored);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string &name) { return options_.tensors->count(name); });
}

/// What follows the `=` of a param: the first alternative that is there.
Checker::Stored Checker::resolveStored(const ast::Expr &expr) {
  if (auto *binary = std::get_if<ast::Binary>(&expr.node);
      binary && binary->op == ast::BinaryOp::coalesce) {
    Stored first = resolveStored(*binary->lhs);
    if (first.what == Stored::value || (first.what == Stored::tensor && isStored(first)))
      return first;
    Stored second = resolveStored(*binary->rhs);
    if (first.what == Stored::tensor)
      second.tried.insert(second.tried.begin(), first.name);
    second.tried.insert(second.tried.begin(), first.tried.begin(), first.tried.end());
    return second;
  }
  if (auto *choice = std::get_if<ast::If>(&expr.node)) {
    std::optional<bool> chosen = condition(*choice->condition);
    return resolveStored(chosen.value_or(true) ? *choice->then : *choice->otherwise);
  }
  if (auto *string = std::get_if<ast::String>(&expr.node)) {
    std::vector<AxisId> stacked;
    std::string text = interpolate(string->text, expr.span, &stacked);
    return storedTensor(text, string->text, std::move(stacked));
  }
  Value value = evaluate(expr);
  if (value.is(Sort::string))
    return storedTensor(value.text, value.text, {});
  Stored stored;
  if (value.isNone())
    return stored;
  stored.what = Stored::value;
  stored.other = std::move(value);
  return stored;
}

//===--- Shapes -------------------------------------------------------------------------------===//

static std::string shapeText(const std::vector<int64_t> &shape) {
  std::string out = "[";
  for (int64_t size : shape)
    out += (out.size() > 1 ? ", " : "") + std::to_string(size);
  return out + "]";
}

/// Dimensions of 1 say nothing; of the others, several that follow each other may be one that is
/// stored.
static bool shapesAgree(const std::vector<int64_t> &stored, const std::vector<int64_t> &wanted) {
  std::vector<int64_t> left, right;
  std::copy_if(stored.begin(), stored.end(), std::back_inserter(left),
               [](int64_t n) { return n != 1; });
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(right),
               [](int64_t n) { return n != 1; });
  size_t next = 0;
  for (int64_t size : left) {
    int64_t product = 1;
    do {
      if (next == right.size() || __builtin_mul_overflow(product, right[next], &product))
        return false;
      ++next;
    } while (product < size && product != 0);
    if (product != size)
      return false;
  }
  return next == right.size();
}

static bool sameAxes(std::vector<AxisId> a, std::vector<AxisId> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

/// Whether a param is of a size that can be stored at all; what follows may multiply its sizes.
bool Checker::reasonable(const std::vector<AlgebraPtr> &dims, const Stored &stored,
                         const Span &span) {
  constexpr double mostElements = 1e15, mostParts = 1000, mostTensors = 1e6;
  double elements = 1, parts = 1, tensors = 1;
  for (const AlgebraPtr &dim : dims) {
    // Of a size that overflows, sizeOf knows nothing.
    for (const Term &term : termsOf(*dim)) {
      double size = 1;
      for (AxisId axis : term.axes)
        size *= static_cast<double>(graph.size(axis).value_or(1));
      elements = size > mostElements ? INFINITY : elements;
    }
    elements *= static_cast<double>(sizeOf(*dim).value_or(1));
    parts *= dim->parts;
  }
  for (AxisId axis : stored.stacked)
    tensors *= static_cast<double>(graph.size(axis).value_or(1));
  if (elements <= mostElements && parts <= mostParts && tensors <= mostTensors)
    return true;
  error(Diag::too_large, span,
        elements > mostElements ? "the param has more elements than can be stored"
        : parts > mostParts ? "the param has more than " + formatNumber(mostParts) + " parts"
                            : "the param has more than " + formatNumber(mostTensors) + " tensors");
  return false;
}

std::vector<Value> Checker::bindTensor(const ast::Param &param, const Stored &stored,
                                       const Span &span) {
  // The dimensions as the text has them say what the names are; those of the dialect how they are
  // stored.
  auto read = [&](const std::vector<ast::ExprPtr> &exprs, std::vector<AlgebraPtr> &out) {
    bool fine = true;
    for (const ast::ExprPtr &expr : exprs) {
      AlgebraPtr algebra = algebraOf(*expr);
      fine &= algebra != nullptr;
      if (algebra && !(algebra->kind == Algebra::axis && contains(stored.stacked, algebra->id)))
        out.push_back(std::move(algebra));
    }
    return fine;
  };
  std::vector<AlgebraPtr> dims, declared;
  if (!read(param.dims, declared) || !reasonable(declared, stored, span))
    return {};
  dims = declared;
  std::vector<Term> terms = termsOf(declared);
  for (const Term &term : terms)
    for (AxisId axis : term.axes)
      if (graph.axis(axis).sequence) {
        error(Diag::bad_size, span,
              "`" + graph.axis(axis).name +
                  "` is a sequence, as long as the run has it: no tensor is over it");
        return {};
      }
  std::string names;
  for (const ast::Name &name : param.names)
    names += (names.empty() ? "`" : ", `") + name.text + "`";
  if (terms.size() != param.names.size()) {
    error(Diag::param_parts, param.names.front().span,
          "the layout has " + std::to_string(terms.size()) +
              (terms.size() == 1 ? " part" : " parts") + ", and the param " +
              std::to_string(param.names.size()) +
              (param.names.size() == 1 ? " name: " : " names: ") + names);
    return {};
  }
  for (const Term &term : terms)
    for (size_t j = 0; j < term.axes.size(); ++j)
      if (std::count(term.axes.begin(), term.axes.end(), term.axes[j]) > 1) {
        std::string name = graph.axis(term.axes[j]).name;
        error(Diag::axis_twice, param.names.front().span,
              names + " has the axis `" + name + "` twice",
              "`axis into = " + name +
                  "` is another name for the same positions, the other side "
                  "of a square matrix");
        return {};
      }
  if (stored.stacked.size() > 1) {
    error(Diag::param_parts, param.stored->span,
          "a param can have one tensor for each position of one axis, not of " +
              axesText(stored.stacked));
    return {};
  }
  if (stored.layout) {
    dims.clear();
    if (!read(*stored.layout, dims) || !reasonable(dims, stored, span))
      return {};
    std::vector<Term> other = termsOf(dims);
    bool same = other.size() == terms.size();
    for (size_t k = 0; same && k < terms.size(); ++k)
      same = sameAxes(terms[k].axes, other[k].axes);
    if (!same) {
      error(Diag::bad_layout, stored.layout->front()->span,
            "this layout has other axes than " + names + " over " + axesText(terms[0].axes), {},
            {{param.names.front().span, "the param is declared here"}});
      return {};
    }
    terms = std::move(other);
  }
  std::vector<int64_t> wanted;
  bool known = true;
  for (const AlgebraPtr &dim : dims) {
    auto size = sizeOf(*dim);
    known &= size.has_value();
    wanted.push_back(size.value_or(0));
  }
  std::vector<std::string> tensors = storedNames(stored);
  std::vector<int64_t> shape = wanted;
  if (options_.tensors) {
    for (const std::string &name : tensors) {
      auto found = options_.tensors->find(name);
      if (found == options_.tensors->end()) {
        Missing &missing = missing_[spanKey(param.stored->span)];
        missing.span = param.stored->span;
        missing.names.push_back(name);
        missing.all.push_back(stored.tried);
        missing.all.back().push_back(name);
        if (missing.tried.empty())
          missing.tried = stored.tried;
        continue;
      }
      read_.insert(name);
      shape = found->second;
      if (known && !shapesAgree(found->second, wanted)) {
        std::string text;
        const std::vector<ast::ExprPtr> &exprs = stored.layout ? *stored.layout : param.dims;
        for (const ast::ExprPtr &expr : exprs)
          text += (text.empty() ? "" : ", ") + textOf(expr->span);
        error(Diag::tensor_shape, param.stored->span,
              "`" + name + "` has the shape " + shapeText(found->second) +
                  " in the checkpoint, and " + names + " is declared [" + text +
                  "] = " + shapeText(wanted));
        return {};
      }
    }
  }
  std::vector<Value> out;
  at(span);
  for (size_t k = 0; k < terms.size(); ++k) {
    Param bound;
    bound.name = param.names[k].text;
    bound.tensors = tensors;
    bound.pattern = stored.pattern;
    if (!stored.stacked.empty()) {
      bound.stacked = stored.stacked.front();
      bound.axes = {stored.stacked.front()};
      bound.strides = {0};
    }
    bound.axes.insert(bound.axes.end(), terms[k].axes.begin(), terms[k].axes.end());
    bound.strides.insert(bound.strides.end(), terms[k].strides.begin(), terms[k].strides.end());
    bound.offset = terms[k].offset;
    bound.storedShape = shape;
    bound.place = graph.here;
    out.push_back(Value::ofNode(graph.param(std::move(bound))));
  }
  return out;
}

//===--- Statements ---------------------------------------------------------------------------===//

void Checker::executeParam(const ast::Param &param, const Span &span) {
  if (!frames_.empty() && !frames_.back().function->node->block) {
    error(Diag::param_in_def, span,
          "`" + frames_.back().function->node->name.text +
              "` is a def, a pure function; a `block` has params");
  }
  Stored stored = resolveStored(*param.stored);
  std::vector<Value> values;
  switch (stored.what) {
  case Stored::tensor: // a missing one is told at the end, and is what it is declared to be until
                       // then
    values = bindTensor(param, stored, span);
    break;
  case Stored::absent:
    if (stored.tried.empty())
      errorNone(Value::none(), param.stored->span, "the name of the tensor");
    else
      missing_[spanKey(param.stored->span)] = {
          param.stored->span, {}, stored.tried, {stored.tried}};
    break;
  case Stored::value:
    values = takeValue(param, stored.other);
    break;
  }
  values.resize(param.names.size(), Value::poison());
  for (size_t k = 0; k < param.names.size(); ++k)
    bind(home(), param.names[k], values[k], Declared::param);
}

/// `?? 0`, `?? embedding`: a value in the place of a tensor.
std::vector<Value> Checker::takeValue(const ast::Param &param, const Value &value) {
  if (value.isPoison())
    return {};
  std::vector<Value> values(param.names.size(), value);
  if (value.is(Sort::tuple))
    values = *value.items;
  std::vector<AlgebraPtr> dims;
  for (const ast::ExprPtr &expr : param.dims)
    if (AlgebraPtr algebra = algebraOf(*expr))
      dims.push_back(std::move(algebra));
  std::vector<Term> terms = termsOf(dims);
  for (size_t k = 0; k < values.size() && k < terms.size(); ++k) {
    if (!values[k].isNode())
      continue;
    const std::vector<AxisId> &axes = graph.type(values[k].node).axes;
    for (AxisId axis : axes)
      if (!contains(terms[k].axes, axis)) {
        error(Diag::param_value_axes, param.stored->span,
              "`" + param.names[k].text + "` is declared over " + axesText(terms[k].axes) +
                  ", and `" + textOf(param.stored->span) + "` comes to a value over " +
                  axesText(axes));
        return {};
      }
  }
  return values;
}

void Checker::executeIgnore(const ast::Ignore &ignore, const Span &span) {
  std::string text = interpolate(ignore.name.text, span);
  read_.insert(storedName(text).name);
}

static void addExamples(std::string &text, const std::vector<std::string> &names, size_t from) {
  constexpr size_t most = 8;
  for (size_t i = from; i < names.size() && i < from + most; ++i)
    text += (i == from ? "`" : ", `") + names[i] + "`";
  if (names.size() > from + most)
    text += ", and " + std::to_string(names.size() - from - most) + " more";
}

/// The name in the checkpoint of what is called `text` here.
Names::Tensor Checker::storedName(const std::string &text) {
  Names::Tensor named = names_.tensor(fullName(text));
  for (const Rename &rename : options_.renames)
    if (named.name.starts_with(rename.text)) {
      named.name.replace(0, rename.text.size(), rename.checkpoint);
      break;
    }
  return named;
}

/// Many missing tensors that are there under other names are one mistake.
bool Checker::reportRenaming(const std::vector<std::string> &unread) {
  std::vector<std::vector<std::string>> wanted;
  for (const auto &[place, missing] : missing_)
    wanted.insert(wanted.end(), missing.all.begin(), missing.all.end());
  std::optional<Renaming> renaming = commonRenaming(wanted, unread);
  if (!renaming)
    return false;
  std::string where = renaming->from.empty() ? "without `" + renaming->to + "` in front"
                      : renaming->to.empty()
                          ? "with `" + renaming->from + "` in front"
                          : "with `" + renaming->from + "` in place of `" + renaming->to + "`";
  error(Diag::missing_tensor, modelSpan_,
        std::to_string(renaming->found) + " of " + std::to_string(wanted.size()) +
            " missing tensors are in the checkpoint " + where + ": `" + renaming->wanted +
            "` is `" + renaming->there + "` there",
        "`--rename " + renaming->to + "=" + renaming->from + "` reads them so");
  return true;
}

/// Missing tensors, and those that nothing reads.
void Checker::reportTensors() {
  if (!options_.tensors)
    return;
  bool othersFailed = failed_;
  std::vector<std::string> unread;
  for (auto &[name, shape] : *options_.tensors)
    if (!read_.count(name))
      unread.push_back(name);
  if (!missing_.empty() && reportRenaming(unread))
    return;
  std::set<std::string> proposed;
  for (auto &[place, missing] : missing_) {
    if (missing.names.empty())
      std::swap(missing.names, missing.tried);
    std::string near = nearest(missing.names.front(), unread);
    for (const std::string &name : missing.names)
      if (std::string other = nearest(name, unread); !other.empty())
        proposed.insert(other);
    std::vector<Note> notes;
    if (missing.names.size() > 1) {
      std::string text = "also missing: ";
      addExamples(text, missing.names, 1);
      notes.push_back({missing.span, text});
    }
    std::string name = "no tensor `" + missing.names.front() + "`";
    for (const std::string &tried : missing.tried)
      name += ", nor `" + tried + "`";
    error(Diag::missing_tensor, missing.span, "the checkpoint has " + name,
          near.empty() ? std::string() : "the checkpoint has `" + near + "`, which nothing reads",
          std::move(notes));
  }
  if (othersFailed) // what was not reached would be called unread
    return;
  std::erase_if(unread, [&](const std::string &name) { return proposed.count(name); });
  if (unread.empty())
    return;
  std::string text, where = unread.size() == 1 ? "it is" : "they are";
  std::vector<std::string> shown;
  for (const std::string &name : unread)
    shown.push_back(name + " " + shapeText(options_.tensors->at(name)));
  addExamples(text, shown, 0);
  error(Diag::unread_tensor, modelSpan_,
        (unread.size() == 1 ? "a tensor" : std::to_string(unread.size()) + " tensors") +
            " of the checkpoint " + (unread.size() == 1 ? "is" : "are") + " not read: " + text,
        "if " + where + " not needed, `ignore \"" + unread.front() + "\"` says so");
}
