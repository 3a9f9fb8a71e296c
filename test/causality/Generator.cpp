//===- Generator.cpp - random texts that may read the future
//-----------------------------------------===//
#include "Generator.h"

using tril::test::Generator;

static std::string str(int n) { return std::to_string(n); }
/// ` + 2`, ` - 1`
static std::string plus(int n) { return n == 0 ? "" : n < 0 ? " - " + str(-n) : " + " + str(n); }

// A comparison of the position `then` with the position `now`.
std::string Generator::atom(const std::string &now, const std::string &then) {
  int k = number(-2, 2), m = number(1, 4);
  switch (number(0, 27)) {
  case 20:
    return "(token[time = " + then + " - 1] >= 0)"; // a hole at the start
  case 21:
    return "((token[time = " + then + plus(k) + "] else 9) > " + str(number(0, 255)) + ")";
  case 22:
    return "((token[time = " + str(m) + "] else 9) > " + str(number(0, 255)) + ")";
  case 23:
    return now + pick({" >= ", " < ", " == "}) + str(m);
  case 0:
    return then + " <= " + now + plus(k);
  case 1:
    return now + " - " + then + " < " + str(m);
  case 2:
    return then + " < " + str(m);
  case 3:
    return then + " % " + str(m) + " == " + str(number(0, m - 1));
  case 4:
    return "floor(" + then + " / " + str(m) + ") == floor(" + now + " / " + str(m) + ")";
  case 5:
    return then + " == " + now + plus(k);
  case 6:
    return then + " <= floor(" + now + " / " + str(m) + ") * " + str(m) + plus(number(-1, m));
  case 7:
    return "token[" + then + "] <= token[" + now + "]" + plus(number(-50, 50));
  case 8:
    return "abs(" + now + " - " + then + ") < " + str(m);
  case 9:
    return "floor((" + then + plus(k) + ") / " + str(m) + ") < floor(" + now + " / " + str(m) + ")";
  case 10:
    return str(m) + " * " + then + " <= " + now + plus(k);
  case 11:
    return "(" + now + " - " + then + ") % " + str(m) + " == 0";
  case 12:
    return "(token[time = " + then + plus(k) + "] > " + str(number(0, 255)) + ")";
  case 13:
    return "min(" + then + ", " + str(m) + ") < " + now;
  case 14:
    return "max(" + then + ", " + now + plus(k) + ") == " + now;
  case 15:
    return then + " * 0.5 <= " + now + " - " + str(m);
  case 16:
    return "ceil(" + then + " / " + str(m) + ") <= " + now + " / " + str(m);
  case 17:
    return "(" + then + " <= " + now + " where " + now + " % 2 == 0 else " + then + " < " + str(m) +
           ")";
  case 18:
    return "(word[source = " + then + "] > " + str(number(0, 255)) + ")";
  case 19:
    return "[0, 1, " + str(number(-1, 3)) + "][slot][slot = min(" + then + ", 2)] <= " + now;
  default:
    return then + (chance(40) ? " < " : " <= ") + now;
  }
}

std::string Generator::mask(const std::string &now, const std::string &then, int depth) {
  int kind = number(1, 100);
  if (depth > 2 || kind <= 40)
    return atom(now, then);
  std::string a = mask(now, then, depth + 1);
  if (kind > 90)
    return "(not " + a + ")";
  return "(" + a + (kind <= 72 ? " and " : " or ") + mask(now, then, depth + 1) + ")";
}

// Of which often only whether it is a hole is known, or whether a position is there at all.
std::string Generator::condition(const std::string &now, const std::string &then) {
  const std::string &at = chance(60) ? then : now;
  std::string there = "token[time = " + at + plus(number(-1, 2)) + "]";
  switch (number(0, 8)) {
  case 0:
  case 1:
    return "(" + there + " >= 0)"; // true, or a hole where there is no such position
  case 2:
    return "(" + there + " > " + str(number(0, 255)) + ")";
  case 3:
    return "((" + atom(now, then) + " where " + condition(now, then) + ") else " +
           pick({atom(now, then), "true", "false"}) + ")";
  case 4:
    return "(" + whole(now, then) + pick({" < ", " >= ", " == "}) +
           pick({str(number(-1, 3)), now, then}) + ")";
  case 5:
    return "(" + condition(now, then) + pick({" and ", " or "}) + atom(now, then) + ")";
  case 6:
    return "(" + atom(now, then) + pick({" and ", " or "}) + condition(now, then) + ")";
  default:
    return atom(now, then);
  }
}

// A whole number that may be one of two, or a hole.
std::string Generator::whole(const std::string &now, const std::string &then) {
  auto one = [&] {
    return pick({now, then, str(number(-1, 2)), "token[time = " + then + "]", then + " - 1",
                 "min(" + then + ", 2)", "abs(" + now + " - " + then + ")"});
  };
  std::string where = one() + " where " + condition(now, then);
  switch (number(0, 3)) {
  case 0:
    return "(" + where + " else " + one() + ")";
  case 1:
    return "(" + where + ")";
  case 2:
    return "((token[time = " + then + plus(number(-1, 2)) + "] where " + atom(now, then) +
           ") else " + one() + ")";
  default:
    return "((" + where + ") else " + one() + ")";
  }
}

// A real number at `then` that may be a hole.
std::string Generator::holed(const std::string &now, const std::string &then) {
  std::string x = value();
  std::string there = x + "[time = " + then + (chance(30) ? plus(number(-1, 1)) : "") + "]";
  switch (number(0, 6)) {
  case 0:
    return there;
  case 1:
    return "(0 * " + there + " where " + condition(now, then) + ")";
  case 2:
    return "((" + holed(now, then) + " where " + condition(now, then) + ") else " +
           pick({"0", "0.5", x + "[time = " + then + "]",
                 "(0 * time where " + condition(now, then) + ")"}) +
           ")";
  case 3:
    return "(" + holed(now, then) + " else " + holed(now, then) + ")";
  case 4:
    return "(" + whole(now, then) + " * " + there + ")";
  default:
    return "(" + there + " where " + condition(now, then) + ")";
  }
}

// Of one number: often all that is asked of it is settled by one threshold, so that what one part
// lets through another leaves out.
std::string Generator::conditionOf(const std::string &n, int depth) {
  switch (depth > 2 ? number(0, 3) : number(0, 9)) {
  case 0:
    return n + " <= 99";
  case 1:
    return "2 * " + n + " > 198";
  case 2:
  case 3:
    return n + " > 99";
  case 4:
    return "(" + conditionOf(n, depth + 1) + " and " + conditionOf(n, depth + 1) + ")";
  case 5:
    return "(" + conditionOf(n, depth + 1) + " or " + conditionOf(n, depth + 1) + ")";
  case 6:
    return "(not " + conditionOf(n, depth + 1) + ")";
  case 7:
    return "((" + conditionOf(n, depth + 1) + " where " + conditionOf(n, depth + 1) + ") else " +
           pick({"true", "false", "time > 2"}) + ")";
  default:
    return wholeOf(n, depth + 1) + pick({" < 0", " >= 0", " < 1", " == time", " != 0"});
  }
}

std::string Generator::wholeOf(const std::string &n, int depth) {
  std::string p = conditionOf(n, depth + 1);
  switch (number(0, 7)) {
  case 0:
    return "((time where " + p + ") else -1)";
  case 1:
    return "(time where " + p + ")";
  case 2:
    return "(1 where " + p + " else 0)";
  case 3:
    return "(" + pick({"max", "min"}) + "[past](past where past == time and " + n +
           "[past] > 99) else -1)";
  case 4:
    return "(token[time = time where " + p + "] else -1)";
  case 5:
    return "(n0[time = (1 where " + p + ") else -1] else -1)";
  case 6:
    return "count[past](past == time and " + n + "[past] > 99)";
  default:
    return "((0 where " + p + ") else (0 where token[time - 1] > 99))";
  }
}

// What is a hole for one reason is left out for another.
std::string Generator::dropped(const std::string &name) {
  std::string u = value(), last = pick({"0", "0", "1", u, "(0 * time where time > 1)"});
  auto bind = [&](const std::string &expression) { return name + " = " + expression; };
  std::string x = holed("time", "past");
  switch (number(0, 15)) {
  case 0:
    return bind(u + " + sum[past](" + x + " where " + mask("time", "past") + ")");
  case 1:
    return bind(u + " + (" + pick({"mean", "max", "min"}) + "[past](" + x + " where " +
                mask("time", "past") + ") else " + last + ")");
  case 2:
    return bind("(" + u + " where " + pick({"any", "all"}) + "[past](" + condition("time", "past") +
                pick({" and ", " or "}) + mask("time", "past") + ")) else " + last);
  case 3:
    return bind(u + " + count[past](" + condition("time", "past") + " and " + mask("time", "past") +
                ")");
  case 4:
    return "h" + name + " = " + holed("time", "time") + "\n" +
           bind("((h" + name + " where " + condition("time", "time") + ") else " + last + ") + " +
                "(" + u + " where " + condition("time", "time") + " else 0)");
  case 5:
    return "n" + name + " = " + whole("time", "time") + "\n" +
           bind("((" + u + " where n" + name + pick({" < ", " >= ", " == ", " != "}) +
                pick({str(number(-1, 2)), "time"}) + ") else " + last + ")");
  case 6:
    return "n" + name + " = " + whole("time", "time") + "\n" +
           bind(u + " + (" + value() +
                "[time = " + pick({"n" + name, "min(n" + name + ", time)", "time + 0 * n" + name}) +
                "] else " + last + ")");
  case 7:
    return "h" + name + " = " + holed("time", "time") + "\n" +
           bind(u + " + sum[past]((h" + name + "[past] else " + last + ") where " +
                mask("time", "past") + ")");
  case 8:
    return "rec " + name + " = ((" + name + "[time - 1] where " + condition("time", "time") +
           ") else " + u + ") * 0.5 + (" + value() + "[time - 1] else 0)";
  case 12:
  case 13:
  case 14: {
    std::string n = "n" + name;
    std::string given = n + " = token[time" + plus(number(-1, 1)) + "] else 0\n";
    std::string then = u + " where " + conditionOf(n);
    return given +
           bind(chance(50) ? then : "((" + then + ") where " + conditionOf(n) + ") else " + last);
  }
  case 9:
    return "p" + name + " = " + condition("time", "time") + "\n" +
           bind("(" + u + " where p" + name + ") else " + last);
  case 10:
    return name + " = " + u + "\nfor layer {\n  " + name + " = " + name + " * 0.5 + (sum[past]((" +
           name + "[past] where " + condition("time", "past") + ") else 0.5 where " +
           mask("time", "past") + "))\n}";
  default:
    return "_, at" + name + " = top[past -> kept](" + x + " where " + mask("time", "past") + ")\n" +
           bind(u + " + (sum[kept](" + value() + "[time = at" + name + "]) else " + last + ")");
  }
}

std::string Generator::attention(const std::string &x, const std::string &then) {
  return "sum[" + then + "](softmax[" + then + "](" + x + " * " + x + "[" + then + "] where " +
         mask("time", then) + ") * " + x + "[" + then + "])";
}

std::string Generator::statement(const std::string &name) {
  std::string u = value(), w = value();
  int k = number(-3, 1), m = number(1, 4);
  auto bind = [&](const std::string &expression) { return name + " = " + expression; };
  static const std::vector<std::string> reductions = {"sum", "mean", "max", "min"};
  if (chance(40))
    return dropped(name);
  switch (number(0, 29)) {
  case 0:
    return bind(u + " + (" + w + "[time" + plus(k) + "] else " +
                pick({"0", "1", u, w + "[time" + plus(number(-2, 1)) + "] else 2"}) + ")");
  case 1:
    return bind(u + " + 2 * (" + w + "[time = " + str(m) + " * floor((time" + plus(number(-2, 1)) +
                ") / " + str(m) + ")" + plus(number(-1, 1)) + "] else 0)");
  case 2:
  case 3:
    return bind(u + " + (" + pick(reductions) + "[past](" + w + "[past] where " +
                mask("time", "past") + ") else " + pick({"0", w, w + "[time - 1] else 3"}) + ")");
  case 4:
  case 5:
    return bind(u + " + " + attention(w, "past"));
  case 6:
    return bind(u + " + sum[past](softmax[past](" + u + " * (" + w + "[time = past" +
                plus(number(-1, 1)) + "] else 0) where " + mask("time", "past") + ") * " + u +
                "[past])");
  case 7:
    return bind(u + " + sum[slot](" + w + "[time" + plus(number(-2, 1)) + " - " +
                str(number(1, 2)) + " * slot] * 0.7 ^ slot)");
  case 8:
    return bind(u + " + (" + w + "[time = " +
                pick({"min(floor(token / 30), time)", "floor(token / 30)",
                      "min(floor(token / 30) + 1, time - 1)", "time - floor(token / 30)",
                      "min(count[past](token[past] > 99 and past <= time), time)",
                      "count[past](token[past] > 99 and past < time)",
                      "max(time - floor(token / 60), 0)", "abs(time - floor(token / 90))"}) +
                "] else 0)");
  case 9:
    return "_, at" + name + " = top[past -> kept](" + u + "[past] where " + mask("time", "past") +
           ")\n" +
           bind(u + " + sum[kept](" + w + "[time = at" + name + plus(number(-1, 0)) + "] else 0)");
  case 10:
    return "rec " + name + " = 0.5 * (" + name + "[time - " + str(number(1, 2)) + "] else " +
           pick({"0", w}) + ") + " + u;
  case 11:
    return "rec " + name + " = 0.5 * (" + name + "[time - 1] else 0) + (" + u + "[time" +
           plus(number(-1, 1)) + "] else 0)";
  case 12:
    return bind(u + " * " + w + " + 1");
  case 13:
    return bind("sum[past]((((" + u + "[past] where " + mask("time", "past") + ") else " +
                pick({"0", w, w + "[past]"}) + ") where " + mask("time", "past") + "))");
  case 14:
    return bind(u + " + count[past](" + mask("time", "past") + ")");
  case 15:
    return bind(u + " + (" + w + " where " + pick({"any", "all"}) + "[past](" +
                mask("time", "past") + ") else 0)");
  case 16: // two names of time at once
    return bind(u + " + sum[past](max[seen](" + w + "[seen] + " + u + "[past] where " +
                mask("past", "seen") + " and " + mask("time", "seen") + ") where " +
                mask("time", "past") + ")");
  case 17: // laid side by side
    return bind("sum[two](stack[two](" + u + ", " + w + "[time" + plus(k) +
                "] else 0) where two == " + str(number(0, 1)) + ")");
  case 18: {
    std::string t = "s" + name;
    return t + " = " + w + "[time - slot" + plus(number(-1, 1)) + "]\n" +
           bind(u + " + (" + pick(reductions) + "[slot](" + t + " where slot" +
                pick({" > 0", " < 2", " % 2 == 0", " <= time"}) + ") else 0)");
  }
  case 19:
    return name + " = " + u + "\nfor layer {\n  " + name + " = " + name + " * 0.5 + " +
           attention(name, "past") + "\n}";
  case 20:
    return name + " = " + u + "\nfor layer {\n  " + name + " = " + name + " * 0.5 + (mean[past](" +
           name + "[past] where past <= time" + plus(number(-2, 0)) + " + layer) else 0)\n}";
  case 21:
    return name + " = " + u + "\nfor layer {\n  if layer == " + str(number(0, 1)) + " { " + name +
           " = " + name + " + (" + w + "[time" + plus(k) + "] else 0) } else { " + name + " = " +
           name + " + " + attention(name, "past") + " }\n}";
  case 22:
    return bind(u + " + (word[source = time" + plus(number(-1, 1)) + "] / 99 else " +
                pick({"0", w, w + "[time" + plus(number(-1, 1)) + "] else 0"}) + ")");
  case 23:
    return bind(u + " + " +
                pick({"sum[source](word where source <= time)", "mean[source](word)",
                      "(max[source](word where source < time) else " + w + ")"}) +
                " / 50");
  case 24:
    return chance(20) ? bind(u + " + |time|")
                      : bind("(" + u + " where " + mask("time", "time") + ") else " +
                             pick({w, "1", w + "[time - 1] else 4"}));
  case 26:
  case 27: // predicates that may be holes, and what is read instead
    return "m" + name + " = " + u + " where " + mask("time", "time") + "\n" +
           bind("m" + name + " else (" + w + "[time" + plus(number(-2, 1)) + "] else 3)");
  case 28:
    return bind(u + " where " + mask("time", "time") + " else (" + w + "[time" +
                plus(number(-2, 1)) + "] else 3)");
  case 25: // split and merged again
    return "r" + name + " = (" + w + "[time - row" + plus(number(-1, 1)) + "] else 0) + row\n" +
           bind("sum[two](split[row -> two*slot](r" + name + ")[slot = " + str(number(0, 2)) +
                "] where two == " + str(number(0, 1)) +
                ") + sum[row](merge[slot*two -> row](split" + "[row -> slot*two](r" + name +
                ")) where row > " + str(number(0, 5)) + ") + " + u);
  default:
    return "rec {\n  a" + name + "[time] = (b" + name + "[time - 1] else 1) * 0.5 + " + u +
           "\n  b" + name + "[time] = a" + name + " + (" + w + "[time" + plus(number(-2, 1)) +
           "] else 0)\n}\n" + bind("b" + name + "[time" + plus(number(-2, 0)) + "] else 0");
  }
}

std::string Generator::text() {
  std::string text =
      "model random is causal\naxis vocab = 256\naxis past = time\naxis seen = time\n"
      "axis slot = 3\naxis two = 2\naxis row = 6\naxis kept = 2\naxis layer = 2\n"
      "axis source = input\ninput token[time] in vocab\ninput word[source] in vocab\n"
      "v0 = token / 97 + 0.3\nc0 = time * 0.3 + 1\nn0 = time + 0\n";
  values = {"v0", "v0", "c0"}; // that c0 is there at a position says that the position is
  int count = number(1, 4);
  for (int i = 1; i <= count; ++i) {
    std::string name = "v" + str(i);
    text += statement(name) + "\n";
    values.push_back(name);
  }
  return text + "output result[time] = " + values.back() +
         " + 0 * token\n"; // so that the length is known
}
