"""Random texts of the language, causal by construction, for tiny checkpoints.

A program is a list of statements, each defining one value from earlier ones, so that any part of it that is closed under
reading is a program too: that is how run.py makes a failing one small.
"""
import random

SIZES = [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 20, 32]
LARGEST = 1200  # elements of a value, a position


class Value:
    """A real value over time: its static axes (names), and whether it may have holes."""

    def __init__(self, name, axes, holes=False):
        self.name, self.axes, self.holes = name, tuple(axes), holes


class Statement:
    def __init__(self, text, value, reads, params):
        self.text, self.value, self.reads, self.params = text, value, reads, params


class Program:
    """Axes (name -> size), statements in order, and the values that are outputs."""

    def __init__(self, axes, statements, outputs, vocabulary):
        self.axes, self.statements, self.outputs, self.vocabulary = axes, statements, outputs, vocabulary

    def only(self, names):
        """What the values `names` need, with these as outputs."""
        need, kept = set(names), []
        for s in reversed(self.statements):
            if s.value.name in need:
                kept.append(s)
                need |= set(s.reads)
        return Program(self.axes, kept[::-1], list(names), self.vocabulary)

    def text(self):
        lines = ["model random is causal", f"axis vocab = {self.vocabulary}"]
        lines += [f"axis {name} = {size}" for name, size in self.axes.items()]
        lines += ["axis past = time", "axis seen = time", "input token[time] in vocab", ""]
        lines += [s.text for s in self.statements]
        axes = {s.value.name: s.value.axes for s in self.statements}
        for i, name in enumerate(self.outputs):
            lines.append(f"output out{i}[{', '.join(['time', *axes[name]])}] = {name}")
        return "\n".join(lines) + "\n"

    def tensors(self):
        return {name: entry for s in self.statements for name, entry in s.params.items()}


class Generator:
    KINDS = {"unary": 5, "binary": 6, "where": 3, "choose": 2, "fill": 3, "reduce": 4, "contraction": 5, "elementwise_weight": 2, "shift": 3,
             "read": 3, "rearrange": 4, "top": 2, "softmax": 3, "recurrence": 2, "along_past": 2, "attention": 3, "layers": 1}
    UNARY = ["tanh({x})", "exp(tanh({x}))", "sin({x} * 3)", "cos({x})", "erf({x})", "abs({x})", "sigmoid({x})", "softplus({x})", "gelu({x})",
             "gelu_tanh({x})", "silu({x})", "-{x}", "sqrt(abs({x}) + 0.1)", "log(abs({x}) + 0.5)", "tanh({x}) ^ 2", "tanh({x}) ^ 3",
             "(abs({x}) + 0.2) ^ 0.7", "2 ^ tanh({x})", "relu({x})", "clamp({x}, -0.5, 0.7)", "softcap({x}, 0.8)",
             "floor({x} * 3 + 0.123) * 0.2", "round({x} * 2 + 0.017) * 0.3", "ceil({x} * 2 + 0.017) * 0.3"]
    BINARY = ["{x} + {y}", "{x} - {y}", "{x} * {y}", "max({x}, {y})", "min({x}, {y})", "{x} / (abs({y}) + 0.5)"]

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.axes, self.values, self.statements = {}, [], []
        self.reads, self.params, self.lines = set(), {}, []
        self.count, self.in_block = 0, False

    # -- choosing -----------------------------------------------------------------------------------------------------
    def chance(self, p):
        return self.random.random() < p

    def size(self, axes):
        n = 1
        for a in axes:
            n *= self.axes[a]
        return n

    def pick(self, test=lambda v: True):
        """An earlier value, rather a recent one."""
        found = [v for v in self.values if test(v)]
        if not found:
            return None
        v = found[max(self.random.randrange(len(found)), self.random.randrange(len(found)))]
        self.reads.add(v.name)
        return v

    def with_axes(self):
        return self.pick(lambda v: v.axes)

    def full(self, largest=LARGEST):
        return self.pick(lambda v: v.axes and not v.holes and self.size(v.axes) <= largest)

    def constant(self):
        return self.random.choice(["0.5", "1.25", "2", "-0.75", "0.1", "3"])

    def new_name(self):
        self.count += 1
        return f"v{self.count}"

    def union(self, *values):
        return list(dict.fromkeys(a for v in values for a in v.axes))

    # -- pieces -------------------------------------------------------------------------------------------------------
    def axis(self, size):
        """An axis of this size, perhaps a new one."""
        same = [a for a, n in self.axes.items() if n == size]
        if same and self.chance(0.6):
            return self.random.choice(same)
        name = f"a{len(self.axes)}"
        self.axes[name] = size
        return name

    def weight(self, axes):
        """A param over these axes, stored in a random order, some of them merged to one dimension."""
        axes = list(axes)
        self.random.shuffle(axes)
        dims, shape = [], []
        for a in axes:
            if dims and self.chance(0.3):
                dims[-1] += "*" + a
                shape[-1] *= self.axes[a]
            else:
                dims.append(a)
                shape.append(self.axes[a])
        name = "p" + self.new_name()
        self.params[name] = (shape, self.random.choice(["F32"] * 6 + ["F16", "BF16"]))
        self.lines.append(f'param {name}[{", ".join(dims)}] = "{name}"')
        return name

    def predicate(self, axes):
        """A truth value over some of these axes, and over time."""
        terms = [a for a in axes if self.chance(0.6)] or list(axes)[:1]
        if self.chance(0.5) or not terms:
            terms.append("time")
        a, total = self.random.choice(terms), " + ".join(terms)
        kind = self.random.randrange(5)
        if kind == 0:
            return f"({total}) % {self.random.randint(2, 4)} {self.random.choice(['==', '!='])} {self.random.randint(0, 2)}"
        if kind == 1:
            return f"{a} {self.random.choice(['<', '<=', '>', '>='])} {self.random.randint(0, 4)}"
        if kind == 2:
            return f"({total} + token) % 3 > 0"
        if kind == 3:
            v = self.pick(lambda v: not v.holes and set(v.axes) <= set(axes))
            if v:
                return f"{v.name} > {self.random.choice(['0.013', '-0.217', '0.331'])}"
        return f"{'not ' if self.chance(0.3) else ''}({total}) % 2 == 0 {self.random.choice(['and', 'or'])} {a} > 1"

    # -- kinds of statement: each gives (expression, axes, holes), or None where it finds nothing to work on ---------
    def unary(self):
        v = self.pick()
        return self.random.choice(self.UNARY).format(x=v.name), v.axes, v.holes

    def binary(self):
        x, y = self.pick(), self.pick()
        text = self.random.choice(self.BINARY).format(x=x.name, y=y.name)
        return f"tanh({text})" if self.chance(0.5) else f"({text}) * 0.5", self.union(x, y), x.holes or y.holes

    def where(self):
        x = self.with_axes()
        return x and (f"{x.name} where {self.predicate(x.axes)}", x.axes, True)

    def choose(self):
        x, y = self.pick(), self.pick()
        axes = self.union(x, y)
        return f"{x.name} where {self.predicate(x.axes)} else {y.name}", axes, y.holes

    def fill(self):
        x = self.pick(lambda v: v.holes)
        return x and (f"{x.name} else {self.constant()}", x.axes, False)

    def reduce(self):
        x = self.with_axes()
        if not x:
            return None
        axes = self.random.sample(x.axes, self.random.randint(1, len(x.axes)))
        left, listed = [a for a in x.axes if a not in axes], ", ".join(axes)
        kind = self.random.choice(["sum", "mean", "max", "min", "any", "all", "count"])
        if kind in ("any", "all"):
            return f"1 where {kind}[{listed}]({x.name} > 0.05) else -0.5", left, False
        if kind == "count":
            return f"count[{listed}]({x.name} > 0.05) * 0.125", left, False
        inner = f"{x.name} * 0.3" if kind == "sum" else x.name
        if self.chance(0.2):  # nothing to reduce at some positions
            return f"{kind}[{listed}]({inner} where {self.predicate(x.axes)})", left, kind != "sum"
        return f"{kind}[{listed}]({inner})", left, x.holes and kind != "sum"

    def contraction(self):
        x = self.with_axes()
        if not x:
            return None
        summed = self.random.sample(x.axes, self.random.randint(1, min(2, len(x.axes))))
        new = [self.axis(self.random.choice(SIZES)) for _ in range(self.random.randint(1, 2))]
        new = [a for a in dict.fromkeys(new) if a not in x.axes]
        kept = [a for a in x.axes if a not in summed]
        shared = [a for a in kept if self.chance(0.2)]
        if not new or self.size(new + summed + shared) > 4000:
            return None
        factors = [x.name, self.weight(summed + new + shared)]
        scale = self.pick(lambda v: not v.holes and set(v.axes) <= set(kept)) if self.chance(0.2) else None
        if scale:
            factors.append(scale.name)
        self.random.shuffle(factors)
        return f"sum[{', '.join(summed)}]({' * '.join(factors)})", kept + new, False

    def elementwise_weight(self):
        x = self.with_axes()
        if not x:
            return None
        w = self.weight(self.random.sample(x.axes, self.random.randint(1, len(x.axes))))
        return f"{x.name} {self.random.choice('+*')} {w}", x.axes, x.holes

    def shift(self):
        x, k = self.pick(), self.random.choice([1, 1, 2, 3, 5, 17])
        if x.axes and self.chance(0.2):
            return f"{x.name}[time = time - {self.random.choice(x.axes)} - {k}] else {self.constant()}", x.axes, False
        if self.chance(0.3):
            return f"{x.name}[time - {k}]", x.axes, True
        return f"{x.name}[time = time - {k}] else {self.constant()}", x.axes, False

    def read(self):
        x = self.with_axes()
        if not x:
            return None
        a = self.random.choice(x.axes)
        n, rest = self.axes[a], [b for b in x.axes if b != a]
        kind = self.random.randrange(6)
        if kind == 0:
            return f"{x.name}[{a} = {self.random.randrange(n)}]", rest, x.holes
        if kind == 1:
            return f"{x.name}[{a} = |{a}| - 1 - {a}] else 0.25", x.axes, False
        if kind == 2:
            return f"{x.name}[{a} = token % {n}] else 0.25", rest, False
        if kind == 3:
            return f"{x.name}[{a} = {a} + {self.random.choice([-2, -1, 1, 2])}]", x.axes, True
        if kind == 4:
            return f"{x.name}[{a} = ({a} * 2 + time) % {n}] else 0.25", x.axes, False
        b = self.axis(self.random.choice(SIZES))
        return None if b in x.axes else (f"{x.name}[{a} = {b}] else 0.25", rest + [b], False)

    def rearrange(self):
        x = self.with_axes()
        if not x:
            return None
        a = self.random.choice(x.axes)
        n, rest = self.axes[a], [b for b in x.axes if b != a]
        kind = self.random.choice(["split", "merge", "stack", "join"])
        if kind == "split":
            d = self.random.choice([d for d in range(1, n + 1) if n % d == 0])
            b, c = self.axis(d), self.axis(n // d)
            if len({a, b, c, *rest}) != 3 + len(rest):
                return None
            return f"split[{a} -> {b}*{c}]({x.name})", rest + [b, c], x.holes
        if kind == "merge":
            if not rest:
                return None
            b = self.random.choice(rest)
            c = self.axis(n * self.axes[b])
            return None if c in x.axes else (f"merge[{a}*{b} -> {c}]({x.name})", [r for r in rest if r != b] + [c], x.holes)
        if kind == "stack":
            y, two = self.pick(), self.axis(2)
            axes = self.union(x, y)
            return None if two in axes else (f"stack[{two}]({x.name}, {y.name})", axes + [two], x.holes or y.holes)
        y = self.pick(lambda v: a not in v.axes and len(v.axes) == len(x.axes) and set(v.axes) > set(rest))
        if not y:
            return None
        (own,) = set(y.axes) - set(rest)
        c = self.axis(n + self.axes[own])
        return None if c in self.union(x, y) else (f"join[{c}]({x.name}, {y.name})", rest + [c], x.holes or y.holes)

    def top(self):
        x = self.with_axes()
        if not x:
            return None
        a = self.random.choice(x.axes)
        k = self.axis(self.random.randint(1, min(4, self.axes[a])))
        if k in x.axes:
            return None
        rest, name = [b for b in x.axes if b != a], self.new_name()
        self.lines.append(f"{name}, {name}i = top[{a} -> {k}]({x.name})")
        y = self.pick(lambda v: a in v.axes and k not in v.axes) if self.chance(0.5) else None
        if not y:
            return f"{name} * 1", rest + [k], x.holes
        others = [b for b in y.axes if b != a and b not in rest]
        return f"{y.name}[{a} = {name}i] else 0.1", rest + [k] + others, False

    def softmax(self):
        x = self.with_axes()
        if not x:
            return None
        axes, mask = self.random.sample(x.axes, self.random.randint(1, len(x.axes))), self.chance(0.4)
        inner = f"{x.name} * 2" + (f" where {self.predicate(x.axes)}" if mask else "")
        if len(axes) == 1 and self.chance(0.2):
            return f"softmax_with_sink[{axes[0]}]({inner}, 0.3) else 0", x.axes, False
        return f"softmax[{', '.join(axes)}]({inner})", x.axes, x.holes or mask

    def recurrence(self):
        u = self.full()
        if not u:
            return None
        decay = self.pick(lambda v: not v.holes and set(v.axes) <= set(u.axes))
        d, lag, h = self.random.choice(["0.5", f"sigmoid({decay.name})"]), self.random.choice([1, 1, 2]), self.new_name()
        listed = f"[{', '.join(u.axes)}]"
        self.lines.append(self.random.choice([
            f"rec {h}{listed} = {d} * ({h}[time - {lag}] else 0) + {u.name}",
            f"rec {h}{listed} = tanh(0.6 * ({h}[time - 1] else 0.5) - 0.3 * ({h}[time - 2] else {u.name}) + {u.name})",
            f"rec {{\n  {h}b{listed} = {d} * ({h}[time - {lag}] else 0) + {u.name}\n  {h}{listed} = {h}b - 0.2 * ({h}b[time - 1] else 1)\n}}",
            f"rec {h}{listed} = tanh(0.5 * sum[{self.random.choice(u.axes)}]({h}[time - 1] else 0) * 0.3 + {u.name})"]))
        return f"{h} * 0.5", u.axes, False

    def along_past(self):
        """Reductions over earlier positions that are no attention."""
        x, past = self.full(200), self.random.choice(["past", "past", "seen"])
        if not x:
            return None
        mask = self.random.choice(["{p} <= time", "{p} < time", "{p} <= time and time - {p} < 4", "{p} <= time and ({p} + time) % 3 != 1",
                                   "{p} <= time and token[{p}] != token", "{p} <= time - 2", "{p} <= time and {p} < 5"]).format(p=past)
        key, kind = f"{x.name}[{past}]", self.random.choice(["sum", "mean", "max", "min", "count", "any", "softmax", "square"])
        return {"sum": f"sum[{past}]({key} * 0.2 where {mask})",
                "count": f"count[{past}]({key} > 0.1 and {mask}) * 0.125",
                "any": f"1 where any[{past}]({key} > 0.4 and {mask}) else 0",
                "softmax": f"sum[{past}](softmax[{past}]({key} * {x.name} where {mask}) * {key})",
                "square": f"sum[{past}](softmax[{past}]({key} - 0.1 * (time - {past}) where {mask}) ^ 2 * {key})",
                }.get(kind, f"{kind}[{past}]({key} where {mask}) else -0.2"), x.axes, False

    def attention(self):
        x, past, n = self.full(300), self.random.choice(["past", "past", "seen"]), self.new_name()
        if not x:
            return None
        group = [self.axis(self.random.choice([1, 2, 3, 4])) for _ in range(self.random.randint(0, 1))]
        member = [self.axis(self.random.choice([1, 2, 3])) for _ in range(self.random.randint(0, 1))]
        feature = [self.axis(self.random.choice([2, 4, 5, 8, 16, 20, 32])) for _ in range(self.random.randint(1, 2))]
        value = [self.axis(self.random.choice([1, 3, 4, 8, 16, 17]))] if self.chance(0.5) else feature
        every = [*group, *member, *feature, *x.axes, *(value if value != feature else [])]
        if len(set(every)) != len(every) or self.size(group + member + feature) > 400:
            return None
        for part, axes in (("q", group + member + feature), ("k", group + feature), ("v", group + value)):
            self.lines.append(f"{n}{part} = sum[{', '.join(x.axes)}]({x.name} * {self.weight([*axes, *x.axes])})")
        score = f"sum[{', '.join(feature)}]({n}q * {n}k[{past}])"
        if self.chance(0.3):
            score = f"softcap({score}, 1.5)"
        if self.chance(0.3):
            score += f" - {self.weight(member) if member and self.chance(0.5) else '0.07'} * (time - {past})"
        mask = self.random.choice(["{p} <= time"] * 3 + ["{p} <= time and time - {p} < 1", "{p} <= time and time - {p} < 16", "{p} <= time and time - {p} < 20",
                                   "{p} < time", "{p} <= time and ({p} < 2 or time - {p} < 5)", "{p} <= time and floor({p} / 4) == floor(time / 4)",
                                   "{p} <= time and token[{p}] != token", "time >= {p} and time < {p} + 6"]).format(p=past)
        self.lines.append(f"{n}s = {score} where {mask}")
        soft = f"softmax_with_sink[{past}]({n}s, 0.2)" if self.chance(0.15) else f"softmax[{past}]({n}s)"
        self.lines.append(f"{n}w = {soft}")
        scale = ""
        if self.chance(0.15):  # another reader of the weights
            self.lines.append(f"{n}u = sum[{past}]({n}w ^ 2)")
            scale = f" * {n}u"
        return f"sum[{past}]({n}w * {n}v[{past}]){scale}", group + member + list(value), False

    def layers(self):
        """A loop over layers of a block with a body of its own."""
        x, n, layer = self.full(300), self.new_name(), self.axis(self.random.choice([1, 2, 3]))
        if self.in_block or not x or layer in x.axes:
            return None
        inner = Generator(self.random.random())
        inner.axes, inner.in_block, inner.count = self.axes, True, self.count * 100
        inner.values = [Value("x", x.axes)]
        for _ in range(self.random.randint(1, 6)):
            inner.statement()
        y = inner.values[-1]
        body, params = [s.text for s in inner.statements], dict(p for s in inner.statements for p in s.params.items())
        result = f"({y.name} else 0)" if y.holes else y.name
        dropped = [a for a in y.axes if a not in x.axes]
        if dropped:  # back to the axes of x
            inner.params, inner.lines = {}, []
            result = f"sum[{', '.join(dropped)}]({result} * {inner.weight(dropped + [a for a in x.axes if a not in y.axes])})"
            body += inner.lines
            params.update(inner.params)
        listed, text = ", ".join(x.axes), "\n".join("  " + line for part in body for line in part.split("\n"))
        scale = self.random.choice(["0.5", f"({layer} + 1) * 0.25", f"if {layer} % 2 == 0 {{ 0.5 }} else {{ 0.25 }}"])
        self.lines += [f"block {n}b(x[{listed}], scale) -> [{listed}] {{\n{text}\n  return 0 * x + tanh({result}) * scale\n}}", f"{n}c = {x.name}",
                       f'for {layer} @ "{n}.{{{layer}}}" {{\n  {n}c = {n}c + {n}b({n}c, {scale})\n}}']
        for i in range(self.axes[layer]):
            self.params.update({f"{n}.{i}.{name}": entry for name, entry in params.items()})
        return f"{n}c * 0.5", x.axes, False

    # -- whole programs -----------------------------------------------------------------------------------------------
    def statement(self):
        self.reads, self.params, self.lines = set(), {}, []
        kind = self.random.choices(list(self.KINDS), list(self.KINDS.values()))[0]
        made = getattr(self, kind)()
        if not made or self.size(made[1]) > LARGEST or len(made[1]) > 5:
            return
        expression, axes, holes = made
        value = Value(self.new_name(), axes, holes)
        self.values.append(value)
        self.statements.append(Statement("\n".join([*self.lines, f"{value.name} = {expression}"]), value, sorted(self.reads), self.params))

    def program(self, length):
        axes = list(dict.fromkeys(self.axis(self.random.choice(SIZES)) for _ in range(self.random.randint(1, 2))))
        vocabulary = self.random.choice([5, 11, 16])
        self.values.append(Value("v0", axes))
        self.statements.append(Statement(f'param embedding[vocab, {", ".join(axes)}] = "embedding"\nv0 = embedding[vocab = token]', self.values[0], [],
                                         {"embedding": ([vocabulary] + [self.axes[a] for a in axes], "F32")}))
        for _ in range(length):
            self.statement()
        read = {name for s in self.statements for name in s.reads}
        outputs = [s.value.name for s in self.statements if s.value.name not in read or self.chance(0.1)]
        self.random.shuffle(outputs)
        return Program(self.axes, self.statements, [], vocabulary).only(outputs[:6])


def generate(seed, index):
    generator = Generator(f"{seed}.{index}")
    return generator.program(generator.random.randint(3, 24))
