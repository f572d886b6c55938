// random_program: programs that follow the grammar, with white space and comments wherever they may stand.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace sluice {

class RandomProgram {
 public:
  explicit RandomProgram(uint64_t seed) : random_(seed) {}

  // `is_wild`: comments and line ends between any two tokens; otherwise single spaces.
  std::string make(bool is_wild) {
    is_wild_ = is_wild;
    text_.clear();
    for (size_t n = 1 + pick(5); n > 0; --n) item();
    return text_ + "\n";
  }

 private:
  size_t pick(size_t count) { return random_() % count; }
  bool chance(size_t one_in) { return pick(one_in) == 0; }

  void put(const std::string& token) {
    gap();
    text_ += token;
  }
  void gap() {
    if (text_.empty() || text_.back() == '\n') return;
    if (is_wild_ && !in_row_) {
      switch (pick(10)) {
        case 0:
          text_ += "\n";
          return;
        case 1:
          text_ += "\n\n\n   ";
          return;
        case 2:
          text_ += " # c" + std::to_string(pick(100)) + "\n";
          return;
        case 3:
          text_ += "\n  # own line\n";
          return;
        default:
          break;
      }
    }
    text_ += ' ';
  }
  template <class Each>
  void list(size_t most, Each each) {
    for (size_t n = 1 + pick(most); n > 0; --n) {
      each();
      if (n > 1) put(",");
    }
  }

  void name() {
    static const std::vector<std::string> names = {"a",    "price", "time", "key", "state", "type",  "`odd name`", "on",
                                                   "rank", "x1",    "b",    "max", "table", "event", "`from`"};
    put(names[pick(names.size())]);
  }
  void plain_name() { put(std::string(1 + pick(12), static_cast<char>('p' + pick(8)))); }
  void literal() {
    static const std::vector<std::string> literals = {"1",           "1_000",
                                                      "0xff",        "2.5",
                                                      "1e-3",        "0.5dec",
                                                      "\"text\"",    "\"\\\"q\\\\\"",
                                                      "r\"raw\\\"",  "\"\"\"long \"one\" \"\"\"",
                                                      "true",        "false",
                                                      "null",        "5s",
                                                      "1h30min",     "64MiB",
                                                      "@2024-01-31", "f\"a{x}b{ {y = 1}.y }\"",
                                                      "f\"{{\"",     "\"\"",
                                                      "\"é日\""};
    put(literals[pick(literals.size())]);
  }
  void expr(size_t depth = 0) {
    if (depth > 4 || chance(3)) return chance(2) ? plain_name() : literal();
    switch (pick(17)) {
      case 0:
      case 1:
      case 2:
        return binary(depth);
      case 3:
        put("-");
        return postfix(depth);
      case 4:
        put("("), put("not"), postfix(depth), put(")");
        return;
      case 5:
        put("("), put("if"), expr(depth + 1), put("then"), expr(depth + 1), put("else"), expr(depth + 1), put(")");
        return;
      case 6:
        put("("), plain_name(), put("=>"), expr(depth + 1), put(")");
        return;
      case 7:
        put("["), list(5, [&] { expr(depth + 1); }), put(chance(4) ? "," : ""), put("]");
        return;
      case 8:
        put("["), put(":"), put("]");
        return;
      case 9:
        put("["), list(3, [&] { expr(depth + 1), put(":"), expr(depth + 1); }), put("]");
        return;
      case 10:
        return record(depth);
      case 11:
        put("match"), postfix(depth), put("{");
        list(3, [&] { expr(depth + 1), put("->"), expr(depth + 1); });
        put(","), put("else"), put("->"), expr(depth + 1), put("}");
        return;
      case 12:
        put("("), postfix(depth), put(chance(2) ? "is not" : "is"), put("null"), put(")");
        return;
      case 13:
        put("("), put("("), plain_name(), put(","), plain_name(), put(")"), put("=>"), expr(depth + 1), put(")");
        return;
      default:
        return postfix(depth);
    }
  }
  void binary(size_t depth) {
    static const std::vector<std::string> ops = {"??", "or", "and", "+",  "-",      "*",  "/",  "//",
                                                 "%",  "==", "<",   "in", "not in", "..", "..<"};
    const std::string& op = ops[pick(ops.size())];
    // Operators that do not chain stand in parentheses.
    const bool is_plain = op == "or" || op == "and" || op == "+" || op == "-" || op == "*";
    if (!is_plain) put("(");
    is_plain ? postfix(depth) : expr(depth + 1);
    put(op);
    is_plain ? postfix(depth) : postfix(depth);
    if (!is_plain) put(")");
  }
  void postfix(size_t depth) {
    plain_name();
    for (size_t n = pick(3); n > 0; --n) {
      switch (pick(4)) {
        case 0:
          put("."), name();
          break;
        case 1:
          put("?."), name();
          break;
        case 2:
          arguments(depth);
          break;
        default:
          put("["), expr(depth + 1), put("]");
      }
    }
  }
  void arguments(size_t depth) {
    put("(");
    if (!chance(3))
      list(4, [&] {
        if (chance(3)) name(), put("=");
        expr(depth + 1);
      });
    put(")");
  }
  void record(size_t depth) {
    put("{");
    if (!chance(6))
      list(4, [&] {
        switch (pick(3)) {
          case 0:
            name(), put("="), expr(depth + 1);
            break;
          case 1:
            plain_name(), put("."), name();
            break;
          default:
            put("..."), text_ += "spread";
        }
      });
    put("}");
  }
  void type(size_t depth = 0) {
    switch (depth > 2 ? 0 : pick(6)) {
      case 0:
        put("int");
        break;
      case 1:
        put("decimal"), put("("), put("12"), put(","), put("2"), put(")");
        break;
      case 2:
        put("["), type(depth + 1), put("]");
        break;
      case 3:
        put("["), type(depth + 1), put(":"), type(depth + 1), put("]");
        break;
      case 4:
        put("{"), list(4, [&] {
          name(), put(":"), type(depth + 1);
          if (chance(5)) put("="), expr(3);
          if (chance(6)) put("@hint");
        });
        if (chance(4)) put(","), put("...");
        put("}");
        break;
      default:
        plain_name(), put("."), put("Row");
    }
    if (chance(4)) put("?");
  }
  void clause() {
    switch (pick(9)) {
      case 0:
        put("per"), list(3, [&] {
          if (chance(3)) name(), put("=");
          expr(2);
        });
        break;
      case 1:
        put("by"), list(3, [&] {
          expr(2);
          if (chance(2)) put(chance(2) ? "asc" : "desc");
        });
        break;
      case 2:
        put("over"), put("tumble"), put("("), put("1h"), put(")");
        break;
      case 3:
        put("on"), expr(2);
        break;
      case 4:
        put("within"), put("5min");
        break;
      case 5:
        put("as"), name();
        break;
      case 6:
        put("with"), put("ties");
        break;
      case 7:
        put("emit"), put("final");
        break;
      default:
        put("keep"), expr(3);
    }
  }
  void clauses() {
    for (size_t n = pick(3); n > 0; --n) clause();
    for (size_t n = pick(8) / 6; n > 0; --n) {
      put("@parallel");
      if (chance(2)) arguments(4);
    }
  }
  void column() {
    if (chance(8)) return put("...");
    if (chance(8)) return put("..."), void(text_ += "part");
    if (chance(2)) name(), put("=");
    expr(1);
  }
  void input(size_t depth) {
    switch (pick(depth > 1 ? 2 : 4)) {
      case 0:
        plain_name();
        break;
      case 1:
        plain_name(), put("."), put("late");
        break;
      case 2:
        put("("), pipeline(depth + 1), put(")");
        break;
      default:
        plain_name(), arguments(3);
    }
  }
  void pattern(size_t depth = 0) {
    for (size_t n = 1 + pick(3); n > 0; --n) {
      if (depth < 2 && chance(4))
        put("("), pattern(depth + 1), put("or"), pattern(depth + 1), put(")");
      else {
        plain_name();
        if (chance(2)) put("("), expr(2), put(")");
      }
      static const std::vector<std::string> quantifiers = {"+", "*", "?", "{2}", "{2,}", "{ 2 , 5 }", "", "", ""};
      const std::string& q = quantifiers[pick(quantifiers.size())];
      if (!q.empty()) put(q);
      if (n > 1) put(chance(3) ? "next" : "then");
    }
  }
  void step(size_t depth) {
    put("|>");
    switch (pick(14)) {
      case 0:
        put("where"), expr();
        return;
      case 1:
        put("select"), list(5, [&] { column(); });
        break;
      case 2:
        put("aggregate"), list(4, [&] {
          name(), put("="), expr(1);
          if (chance(4)) put("where"), expr(3);
        });
        break;
      case 3:
        put("drop"), list(3, [&] { name(); });
        return;
      case 4:
        put("expand"), name(), put("in"), expr(2);
        break;
      case 5:
        put("sort");
        break;
      case 6:
        put("top"), expr(3);
        break;
      case 7:
        put("left"), text_ += " join", input(depth);
        break;
      case 8:
        put("union"), list(2, [&] { input(depth); });
        return;
      case 9:
        put("match"), pattern();
        put("within"), put("1h");
        break;
      case 10:
        put("process"), plain_name();
        if (chance(2)) arguments(3);
        break;
      case 11:
        if (depth > 1) return put("distinct");
        put("iterate"), name(), put("max"), put("5"), put("{"), pipeline(depth + 1), put("}");
        return;
      case 12:
        put("to"), plain_name(), arguments(3);
        return;
      default:
        plain_name();
        if (chance(2)) arguments(3);
    }
    clauses();
  }
  void pipeline(size_t depth = 0) {
    put("from");
    list(2, [&] {
      input(depth);
      if (chance(5)) put("as"), name();
    });
    for (size_t n = pick(4); n > 0; --n) step(depth);
  }
  void statement(size_t depth) {
    switch (pick(depth > 2 ? 5 : 8)) {
      case 0:
        put("let"), plain_name(), put("="), expr(2);
        break;
      case 1:
        put("set"), plain_name(), put("."), name(), put("+="), expr(2);
        break;
      case 2:
        put("return"), expr(2);
        break;
      case 3:
        put("emit"), record(2);
        if (chance(3)) put("to"), name();
        break;
      case 4:
        put("start"), plain_name(), put("at"), expr(3);
        break;
      case 5:
        put("for"), plain_name(), put("in"), plain_name(), block(depth + 1);
        break;
      default:
        put("if"), plain_name(), block(depth + 1);
        while (chance(3)) put("else"), put("if"), plain_name(), block(depth + 1);
        if (chance(2)) put("else"), block(depth + 1);
    }
  }
  void block(size_t depth = 0) {
    put("{");
    for (size_t n = pick(4); n > 0; --n) statement(depth);
    put("}");
  }
  void rows() {
    for (size_t n = 1 + pick(3); n > 0; --n) {
      text_ += "\n  |";
      in_row_ = true;
      for (size_t cells = 1 + pick(3); cells > 0; --cells) {
        if (!chance(4)) chance(2) ? literal() : plain_name();
        put("|");
      }
      in_row_ = false;
      text_ += chance(3) ? " # row\n" : "\n";
    }
  }
  void signature() {
    plain_name(), put("(");
    if (chance(2))
      list(3, [&] {
        name(), put(":"), type();
        if (chance(3)) put("="), expr(3);
      });
    put(")");
    if (chance(2)) put("->"), type();
  }
  void item() {
    switch (pick(11)) {
      case 0:
        put("use"), plain_name(), put("."), put("{"), list(3, [&] { name(); }), put("}");
        break;
      case 1:
        put("param"), plain_name(), put(":"), type(), put("="), expr(2);
        break;
      case 2:
        put("type"), plain_name(), put("="), type();
        break;
      case 3:
        put("enum"), plain_name(), put("{"),
            list(3,
                 [&] {
                   plain_name();
                   if (chance(3)) put("{"), name(), put(":"), type(), put("}");
                 }),
            put("}");
        break;
      case 4:
        put("source"), plain_name(), put(":"), type(), put("="), plain_name(), arguments(3);
        if (chance(2)) put("time"), plain_name(), put("delay"), put("5s");
        if (chance(3)) put("key"), list(2, [&] { name(); });
        if (chance(4)) put("@parallel"), arguments(4);
        break;
      case 5:
        put("let"), plain_name(), put("="), expr();
        break;
      case 6:
        put("let"), plain_name(), put("="), pipeline();
        break;
      case 7:
        put("fn"), signature(), chance(2) ? block() : (put("="), expr());
        break;
      case 8:
        put("agg"), signature(), put("{");
        put("state"), plain_name(), put(":"), type(), put("="), expr(3);
        put("step"), block(), put("merge"), plain_name(), block(), put("}");
        break;
      case 9:
        put("test"), put("\"t\""), put("{"), put("given"), plain_name(), rows();
        put("advance"), put("@10:00:05"), put("expect"), plain_name();
        chance(2) ? put("none") : rows();
        put("}");
        break;
      default:
        pipeline();
    }
    text_ += chance(2) ? "\n" : "\n\n\n";
  }

  std::mt19937_64 random_;
  std::string text_;
  bool is_wild_ = false;
  bool in_row_ = false;
};

}  // namespace sluice
